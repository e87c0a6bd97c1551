"""The course of each chronic disease (`course.tsv`): control, medication, complications, and the last of what is due.

Made of values of items and fixed words alone; what nobody sent is said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from hub.summarizer import groups, situations
from hub.summarizer.items import Item, Point
from hub.summarizer.passages import Passage
from hub.summarizer.reconcile import concepts
from hub.summarizer.reconcile.dates import day
from hub.summarizer.rows import rows
from hub.summarizer.sought import Sentences, Sought, last, newest, sought
from hub.summarizer.wording import medicine, number

_TREND = {"rising": "↑", "falling": "↓", "stable": "→"}
_EARLIER = 3
"""Measurements before the newest that are told."""
_FEW = {"control": 4, "medication": 10, "complication": 8}

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Disease:
    name: str
    group: str
    control: tuple[str, ...]
    medicines: frozenset[str]
    complications: frozenset[str]
    checks: tuple[Sought, ...]


def courses(items: Sequence[Item], passages: Sequence[Passage], as_of: date) -> list[dict[str, Any]]:
    """`course` of the record: for each chronic disease that the patient has its lines, in the order of the table."""
    told = groups.Index(item for item in items if item.head.section != "plans")
    said = Sentences(p.text for p in passages)
    found = []
    for disease in _diseases():
        own = [i for i in told.of([disease.group]) if i.head.section == "problems" and _has(i)]
        if not own:
            continue
        lines = [_control(disease, told), _medication(disease, told), _complications(disease, told, own),
                 _checks(disease, told, said, as_of)]  # fmt: skip
        found.append(
            {"item_id": _main(own).id, "disease": disease.name, "lines": [line for line in lines if line is not None]}
        )
    return found


def _has(item: Item) -> bool:
    return item.head.kind == "problem" and situations.present(item)


def _main(own: Sequence[Item]) -> Item:
    """The statement that most institutions make, of these the most exact."""
    return max(own, key=lambda i: (len(i.organizations), _exactness(i), len(i.sources)))


def _exactness(item: Item) -> int:
    return max((len(concepts.broader(key)) for key in item.head.keys), default=0)


def _line(aspect: str, parts: Sequence[tuple[str, Item | None]]) -> Line | None:
    if not parts:
        return None
    ids = dict.fromkeys(item.id for _, item in parts if item is not None)
    return {"aspect": aspect, "text": "；".join(text for text, _ in parts), "item_ids": list(ids)}


def _control(disease: _Disease, told: groups.Index) -> Line | None:
    """The last values of what shows control, with their trend and the values before."""
    shown: dict[str, tuple[str, Item]] = {}
    for group in disease.control:
        series = [i for i in told.of([group]) if i.head.kind == "result" and i.points]
        for item in sorted(series, key=lambda i: newest(i) or "", reverse=True)[:2]:
            shown.setdefault(item.id, (_values(item), item))
    return _line("control", list(shown.values())[: _FEW["control"]])


def _values(item: Item) -> str:
    """`糖化血红蛋白 9.1 % 2024-09-14 ↓，此前 10.4 % 2023-04-15`."""
    newest_first = list(reversed([p for p in item.points if p.draft.value]))
    arrow = _TREND.get(item.trend or "", "")
    text = " ".join(part for part in (item.head.name, _value(newest_first[0]), arrow) if part) if newest_first else ""
    earlier = "、".join(_value(p) for p in newest_first[1 : 1 + _EARLIER])
    return f"{text}，此前 {earlier}" if earlier else text or item.text


def _value(point: Point) -> str:
    value = point.draft.value or {}
    amount = f"{value['text'] or number(value['number'])} {value['unit'] or ''}".strip()
    return f"{amount} {day(point.draft.start)}".strip()


def _medication(disease: _Disease, told: groups.Index) -> Line | None:
    parts: list[tuple[str, Item | None]] = [
        (_taken(item), item)
        for item in told.of(disease.medicines)
        if item.head.section == "medications" and situations.present(item)
    ]
    return _line("medication", parts[: _FEW["medication"]] or [("各机构发来的资料中没有相关在用药物", None)])


def _taken(item: Item) -> str:
    """A medicine with dose and frequency, and since when."""
    head, given = item.head, item.head.medication or {}
    dose = f"{number(given.get('dose'))}{given.get('unit') or ''}" if given.get("dose") is not None else ""
    since = f"{day(head.start)} 起" if head.start else ""
    return " ".join(part for part in (medicine(head), dose, given.get("frequency") or "", since) if part)


def _complications(disease: _Disease, told: groups.Index, own: Sequence[Item]) -> Line | None:
    """Those present; that there are none is said by nobody. What is the disease itself is none of its complications."""
    itself = {i.id for i in own if not _special(i, disease)}
    parts: list[tuple[str, Item | None]] = [
        (item.text, item)
        for item in told.of(disease.complications)
        if item.head.section == "problems" and item.head.assertion == "present" and item.head.status != "resolved"
        and item.id not in itself
    ]  # fmt: skip
    return _line("complication", parts[: _FEW["complication"]])


def _special(item: Item, disease: _Disease) -> bool:
    """Whether a statement of the disease is one of its complications as well (`糖尿病肾病`)."""
    return bool(disease.complications & groups.of(item))


def _checks(disease: _Disease, told: groups.Index, said: Sentences, as_of: date) -> Line | None:
    return _line("check", [part for one in disease.checks for part in _check(one, told, said, as_of)])


def _check(one: Sought, told: groups.Index, said: Sentences, as_of: date) -> list[tuple[str, Item | None]]:
    """When it was last done, as far as items say; that it stands in a sentence only; or that nobody sent it."""
    answers = [i for i in told.of(one.groups) if _done(i)]
    if not answers:
        known = one.told(said)
        return [(f"{one.name}：{'见原文' if known else '未发来'}", None)]
    newest_one = max(answers, key=lambda i: newest(i) or "")
    moment = last(answers) or newest(newest_one)
    if moment is None:
        return [(f"{one.name}：有结果，无日期", newest_one)]
    old = f"（超过{one.months}个月）" if one.old(moment, as_of) else ""
    return [(f"{one.name}：{day(moment)}{old}", newest_one)]


def _done(item: Item) -> bool:
    return item.head.status != "planned" and item.head.assertion != "absent"


@lru_cache(maxsize=1)
def _diseases() -> tuple[_Disease, ...]:
    checks: dict[str, list[Sought]] = {}
    for key, name, belongs, words, months in rows("course_checks.tsv", 5):
        checks.setdefault(key, []).append(sought(name, belongs, words, months))
    return tuple(
        _Disease(name, group, tuple(groups.split(control)), frozenset(groups.split(medicines)),
                 frozenset(groups.split(complications)), tuple(checks.get(key, ())))
        for key, name, group, control, medicines, complications in rows("course.tsv", 6)
    )  # fmt: skip
