"""What nobody sent although it belongs to a record, or to this question: the table `missing.tsv`, and only facts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from hub.summarizer import groups, situations
from hub.summarizer.items import Item
from hub.summarizer.passages import Passage
from hub.summarizer.reading.characters import plain
from hub.summarizer.relevance import rows
from hub.summarizer.weights import days_between

MOST = 10
_MONTH = 30.44
_SAID = "said:"
_FINDING = (
    r"[^。；;！!？?\n，,]{0,16}?(?:[，,]\s*(?=\d))?(?:\d|正常|异常|[升增偏]高|[偏降]低|下降|减退|[阴阳]性|未见|不全|良好|尚可|[+±]|normal|elevated|"
    r"raised|reduced|low\b|high\b|negative|positive|stable|impaired)"
)
"""What stands behind a name where a sentence tells a finding rather than a wish (`建议查肾功能`)."""

_TARGET = re.compile(r"(?:目标|控制在|维持在?|达标|保持在?|低于|target|goal|keep)[^。；;，,]{0,10}$", re.IGNORECASE)
_WISHED = re.compile(
    r"(?:建议|拟|计划|待|请|需|应|择期|准备|完善|未查|没查|没有?做|未做|未行|定期|后复查|周复查|月复查|下次|to check|repeat|"
    r"should|recheck|plan)[^。；;，,]{0,8}$",
    re.IGNORECASE,
)
_NOT_SAID = re.compile(
    r"[^。；;，,]{0,6}(?:未查|没查|未做|没做|不详|未知|待(?:查|回报|报)|not done|unknown|pending)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Essential:
    section: str
    asked: frozenset[str]
    has: frozenset[str]
    without: frozenset[str]
    sex: str
    ages: tuple[int, int] | None
    groups: frozenset[str]
    words: re.Pattern[str]
    finding: bool
    months: int
    name: str
    text: str


def find(items: Sequence[Item], passages: Sequence[Passage], question: str | None,
         patient: Mapping[str, Any] | None = None, as_of: date | None = None) -> list[dict[str, str]]:  # fmt: skip
    """`missing` of the record: essentials that no item and no sentence tells, or only an old one.

    patient: with `gender` and `birth_date`, for what is expected of women or children alone; as_of: the day for which
    the record holds, without which nothing is called old.
    """
    asked = situations.asked(question, items).situations
    told = [(i, groups.of(i)) for i in items if i.head.status != "planned" and i.head.section != "plans"]
    has = frozenset().union(*(g for i, g in told if situations.present(i)))
    age, sex = _age(patient, as_of), str((patient or {}).get("gender") or "")
    said = [plain(p.text) for p in passages]
    found: dict[str, dict[str, str]] = {}
    for one in _essentials():
        if not _expected(one, asked, has) or not _meant(one, sex, age):
            continue
        if one.text not in found and (text := _lacking(one, told, said, as_of)):
            found[text] = {"section": one.section, "text": text}
    return list(found.values())[:MOST]


def _expected(one: _Essential, asked: frozenset[str], has: frozenset[str]) -> bool:
    if one.without & has or (one.asked and not one.asked & asked):
        return False
    return not one.has or bool(one.has & has)


def _meant(one: _Essential, sex: str, age: int | None) -> bool:
    if one.ages is None:
        return True
    return one.sex in ("any", sex) and age is not None and one.ages[0] <= age <= one.ages[1]


def _lacking(one: _Essential, told: Sequence[tuple[Item, frozenset[str]]], said: Sequence[str],
             as_of: date | None) -> str | None:  # fmt: skip
    """What is to be said: that it is missing or how old it is; None where it is told."""
    answers = [item for item, belongs in told if _answers(one, item, belongs)]
    if answers:
        return _old(one, answers, as_of)
    return None if any(_told(one, text) for text in said) else one.text


def _answers(one: _Essential, item: Item, belongs: frozenset[str]) -> bool:
    if not one.groups:
        return item.head.section == one.section
    return bool(one.groups & belongs) and (item.head.assertion != "absent" or item.head.section == "problems")


def _old(one: _Essential, answers: Sequence[Item], as_of: date | None) -> str | None:
    """Where each answer is dated and the newest is older than the receiver expects."""
    dates = [moment for item in answers for moment in [_newest(item)]]
    if not one.months or as_of is None or None in dates:
        return None
    last = max(moment for moment in dates if moment)
    if days_between(last, as_of) <= one.months * _MONTH + _precision(last):
        return None
    return f"最近一次{one.name}为 {last[:10]}，距今已超过{one.months}个月"


def _newest(item: Item) -> str | None:
    dates = [p.draft.start for p in item.points] or [item.head.start]
    return None if None in dates else max(d for d in dates if d)


def _precision(moment: str) -> int:
    """Days by which a date may be later than its first day."""
    return {4: 365, 7: 30}.get(len(moment), 0)


def _told(one: _Essential, text: str) -> bool:
    """Whether a sentence tells it: not that it is wished for, aimed at, or was not looked at."""
    for match in one.words.finditer(text):
        if not one.finding:
            return True
        before = text[max(0, match.start() - 20) : match.start()]
        wished = _WISHED.search(before) and not re.search(r"\d", text[match.start() : match.end()])
        if not (_TARGET.search(before) or wished or _NOT_SAID.match(text, match.start() + 1)):
            return True
    return False


def _age(patient: Mapping[str, Any] | None, as_of: date | None) -> int | None:
    born = str((patient or {}).get("birth_date") or "")
    return days_between(born, as_of) // 365 if as_of and born[:4].isdigit() else None


@lru_cache(maxsize=1)
def _essentials() -> tuple[_Essential, ...]:
    return tuple(_essential(row) for row in rows("missing.tsv", 9))


def _essential(row: Sequence[str]) -> _Essential:
    section, asked, has, who, belongs, words, months, name, text = row
    held = frozenset(groups.split(has))
    without = frozenset(w for w in held if w.startswith("!"))
    sex, _, ages = who.partition(" ")
    first, _, last = ages.partition("-")
    finding = not words.startswith(_SAID)
    pattern = f"(?:{words}){_FINDING}" if finding else words.removeprefix(_SAID)
    return _Essential(
        section, frozenset(groups.split(asked)), held - without, frozenset(w.removeprefix("!") for w in without), sex,
        (int(first), int(last)) if who else None, frozenset(groups.split(belongs)), re.compile(pattern, re.IGNORECASE),
        finding, int(months or 0), name, text,
    )  # fmt: skip
