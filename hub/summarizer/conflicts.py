"""Items that contradict each other: found by codes, numbers and dates, told in neutral words, never resolved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from hub.summarizer.coded.problems import GENERAL_ALLERGY
from hub.summarizer.drafts import Draft, compatible
from hub.summarizer.items import Item

_CURRENT = ("active", "unknown")
_EXCLUSIVE = (
    ("term|problem:1型糖尿病", "term|problem:2型糖尿病"),
    ("term|problem:慢性阻塞性肺疾病", "term|problem:支气管哮喘"),
    ("term|problem:脑梗死", "term|problem:脑出血"),
    ("term|problem:甲状腺功能减退症", "term|problem:甲状腺功能亢进症"),
)
"""Diagnoses that are commonly given for one another: two institutions that differ in them should be read together."""

_OF_MEDICINES = re.compile(r"药|drug|medic|nkda", re.IGNORECASE)
_ALLERGENS = (
    ("food", re.compile(r"海鲜|虾|蟹|贝类|花生|坚果|牛奶|鸡蛋|芒果|食物|peanut|shellfish|seafood|milk|egg\b|food",
                        re.IGNORECASE)),
    ("environment", re.compile(r"花粉|尘螨|粉尘|动物毛|蜂毒|乳胶|pollen|dust|mite|dander|latex|venom", re.IGNORECASE)),
)  # fmt: skip
"""Allergens by name that are no medicines."""

_BLOOD_GROUPS = ("term|analyte:ABO血型", "term|analyte:Rh血型")


@dataclass(frozen=True, slots=True)
class Conflict:
    kind: str
    items: tuple[Item, ...]
    text: str


def find(items: Sequence[Item]) -> list[Conflict]:
    """All conflicts of coded items, each pair once."""
    by_section: dict[str, list[Item]] = {}
    for item in items:
        by_section.setdefault(item.head.section, []).append(item)
    found: list[Conflict] = []
    for section, rules in _RULES.items():
        for rule in rules:
            found += rule(by_section.get(section, []))
    return found


def _pairs(items: Iterable[Item]) -> Iterator[tuple[Item, Item]]:
    """Pairs of items that share a key, each once."""
    index: dict[str, list[Item]] = {}
    for item in items:
        for key in {k for d in item.drafts for k in d.keys}:
            index.setdefault(key, []).append(item)
    seen: set[tuple[str, str]] = set()
    for group in index.values():
        for a, b in combinations(group, 2):
            if (a.id, b.id) not in seen:
                seen.add((a.id, b.id))
                yield a, b


def _conflict(kind: str, what: str, *items: Item) -> Conflict:
    return Conflict(kind, items, f"{what}：" + "；".join(f"“{i.text}”（{_said_by(i)}）" for i in items))


def _said_by(item: Item) -> str:
    said = {d.evidence.organization: d.evidence.at.date().isoformat() for d in item.drafts}
    return "、".join(f"{organization} {day}" for organization, day in said.items())


def _doses(items: list[Item]) -> list[Conflict]:
    """Two doses now: of two organisations' newest orders. A later order of the same organisation is a change."""
    found = []
    medications = [i for i in items if i.head.kind == "medication" and i.head.medication]
    current = _newest_of_each(medications)
    for a, b in _pairs(medications):
        if a.head.status not in _CURRENT or b.head.status not in _CURRENT or not _overlap(a, b):
            continue
        if not (current[a.id] and current[b.id]) or not (
            current[a.id] - current[b.id] and current[b.id] - current[a.id]
        ):
            continue
        (dose, often), (other, other_often) = a.head.group, b.head.group
        if (dose[0] and other[0] and dose != other) or (often and other_often and often != other_often):
            found.append(_conflict("dose", "同一药物剂量不一致", a, b))
    return found


def _newest_of_each(medications: list[Item]) -> dict[str, set[str]]:
    """For each item the organisations whose newest statement on its medicine it is."""
    newest: dict[tuple[str, str], Any] = {}
    for item in medications:
        for draft in item.drafts:
            for key in draft.keys:
                mark = (draft.evidence.organization, key)
                newest[mark] = max(newest.get(mark, draft.evidence.at), draft.evidence.at)
    return {
        item.id: {
            d.evidence.organization
            for d in item.drafts
            if all(newest[d.evidence.organization, k] == d.evidence.at for k in d.keys)
        }
        for item in medications
    }


def _overlap(a: Item, b: Item) -> bool:
    for one, other in ((a.head, b.head), (b.head, a.head)):
        if one.end and other.start and one.end[:10] < other.start[:10]:
            return False
    return True


def _medication_status(items: list[Item]) -> list[Conflict]:
    """One organisation says that it was stopped, another that it is taken."""
    return [
        _conflict("medication-status", "同一药物在用与已停不一致", a, b)
        for a, b in _pairs(i for i in items if i.head.kind == "medication")
        if {a.head.status, b.head.status} == {"active", "stopped"} and not a.organizations & b.organizations
        and a.head.group == b.head.group
    ]  # fmt: skip


def _allergies(items: list[Item]) -> list[Conflict]:
    general = [
        i for i in items if i.head.assertion == "absent" and any(k.startswith(GENERAL_ALLERGY) for k in i.head.keys)
    ]
    present = [i for i in items if i.head.assertion == "present"]
    found = [_conflict("allergy", "过敏史不一致", p, g) for p in present for g in general if _denies(g, p)]
    found += [
        _conflict("allergy", "过敏史不一致", *sorted((a, b), key=lambda i: i.head.assertion, reverse=True))
        for a, b in _pairs(items)
        if {a.head.assertion, b.head.assertion} == {"present", "absent"}
    ]
    return found


def _denies(general: Item, allergy: Item) -> bool:
    """Whether `no known allergy` is also of this one: `no food allergy` says nothing of penicillin, nor
    `no drug allergy` of pollen.
    """
    kind = _allergy_kind(allergy)
    denied = next((k.removeprefix(GENERAL_ALLERGY) for k in general.head.keys if k.startswith(GENERAL_ALLERGY)), "")
    if denied:
        return denied == f"-{kind}"
    return kind in ("", "medication") or not all(_OF_MEDICINES.search(d.name) for d in general.drafts)


def _allergy_kind(item: Item) -> str:
    """`food`, `environment`, `medication` as its category says, else as the allergen's name does; "" where neither."""
    given = {str(c) for d in item.drafts for c in d.evidence.value("/category") or ()}
    if given:
        return next(iter(given)) if len(given) == 1 else ""
    return next((kind for kind, words in _ALLERGENS if words.search(item.head.name)), "")


def _assertions(items: list[Item]) -> list[Conflict]:
    return [
        _conflict("assertion", "有与无不一致", a, b)
        for a, b in _pairs(items)
        if {a.head.assertion, b.head.assertion} == {"present", "absent"}
    ]


def _diagnoses(items: list[Item]) -> list[Conflict]:
    present = [i for i in items if i.head.assertion == "present"]
    found = []
    for one, other in _EXCLUSIVE:
        left = [i for i in present if one in i.head.keys]
        right = [i for i in present if other in i.head.keys]
        found += [_conflict("diagnosis", "诊断不一致", a, b) for a in left for b in right]
    return found


def _dates(items: list[Item]) -> list[Conflict]:
    """The same problem or procedure with two dates, at two organisations."""
    return [
        _conflict("date", "日期不一致", a, b)
        for a, b in _pairs(items)
        if a.head.assertion == b.head.assertion == "present"
        and not compatible(a.head.start, b.head.start)
        and not a.organizations & b.organizations
        and "resolved" not in (a.head.status, b.head.status)
    ]


def _sides(items: list[Item]) -> list[Conflict]:
    return [
        _conflict("laterality", "侧别不一致", a, b)
        for a, b in _pairs(items)
        if a.head.laterality and b.head.laterality and a.head.laterality != b.head.laterality
        and "B" not in (a.head.laterality, b.head.laterality) and compatible(a.head.start, b.head.start)
        and a.head.assertion == b.head.assertion and not _messages(a) & _messages(b)
    ]  # fmt: skip


def _messages(item: Item) -> set[tuple[str, str]]:
    """Who names both sides in one message means both."""
    return {(d.evidence.organization, d.evidence.fragment.message_id) for d in item.drafts}


def _results(items: list[Item]) -> list[Conflict]:
    """Each disputed measurement beside the one of the series that it contradicts."""
    by_id = {i.id: i for i in items}
    found = []
    for item in items:
        if item.disputes:
            series = by_id[item.disputes]
            day = (item.head.start or "")[:10]
            rival = next((p.draft for p in series.points if (p.draft.start or "")[:10] == day), series.head)
            pair = (replace(series, text=_measured(rival), drafts=(rival,)), replace(item, text=_measured(item.head)))
            found.append(_conflict("result", "同一时间检验结果不一致", *pair))
    return found


def _measured(draft: Draft) -> str:
    value = draft.value or {}
    return " ".join(str(part) for part in (draft.name, value.get("text"), value.get("unit"), draft.start) if part)


def _blood_groups(items: list[Item]) -> list[Conflict]:
    groups = [i for i in items if any(k in i.head.keys for k in _BLOOD_GROUPS)]
    return [
        _conflict("blood-group", "血型不一致", a, b)
        for a, b in _pairs(groups)
        if a.head.value and b.head.value and _group(a) != _group(b)
    ]


def _group(item: Item) -> str:
    text = str((item.head.value or {}).get("text", "")).upper()
    return text.replace("型", "").replace("血", "").replace("TYPE", "").replace(" ", "")


_RULES: dict[str, tuple[Callable[[list[Item]], list[Conflict]], ...]] = {
    "medications": (_doses, _medication_status),
    "allergies": (_allergies,),
    "problems": (_assertions, _diagnoses, _dates, _sides),
    "procedures": (_assertions, _dates, _sides),
    "results": (_results, _blood_groups),
}
