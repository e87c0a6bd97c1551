"""What nobody sent although it belongs to a record, or to this question: the table `missing.tsv`, and only facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from hub.summarizer import groups, situations
from hub.summarizer.items import Item
from hub.summarizer.passages import Passage
from hub.summarizer.rows import rows
from hub.summarizer.sought import Sentences, Sought, last, sought
from hub.summarizer.weights import days_between

MOST = 10

Told = Sequence[tuple[Item, frozenset[str]]]
"""Items that are not only planned, with their groups."""


@dataclass(frozen=True, slots=True)
class _Essential:
    section: str
    asked: frozenset[str]
    has: frozenset[str]
    without: frozenset[str]
    sex: str
    ages: tuple[int, int] | None
    sought: Sought
    text: str


def find(items: Sequence[Item], passages: Sequence[Passage], question: str | None,
         patient: Mapping[str, Any] | None = None, as_of: date | None = None) -> list[dict[str, str]]:  # fmt: skip
    """`missing` of the record: essentials that no item and no sentence tells, or only an old one.

    patient: with `gender` and `birth_date`, for what is expected of women or children alone; as_of: the day for which
    the record holds, without which nothing is called old.
    """
    asked = situations.asked(question, () if question else items).situations
    told = [(i, groups.of(i)) for i in items if i.head.status != "planned" and i.head.section != "plans"]
    has = frozenset[str]().union(*(g for i, g in told if situations.present(i)))
    age, sex = _age(patient, as_of), str((patient or {}).get("gender") or "")
    said = Sentences(p.text for p in passages)
    found: dict[str, dict[str, str]] = {}
    for one in _essentials():
        if _expected(one, asked, has) and _meant(one, sex, age) and one.text not in found:
            text = _lacking(one, told, said, as_of)
            if text:
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


def _lacking(one: _Essential, told: Told, said: Sentences, as_of: date | None) -> str | None:
    """What is to be said: that it is missing or how old it is; None where it is told."""
    answers = [item for item, belongs in told if _answers(one, item, belongs)]
    if not answers:
        return None if one.sought.told(said) else one.text
    moment = last(answers) if one.sought.months and as_of else None
    if moment is None or as_of is None or not one.sought.old(moment, as_of):
        return None
    return f"最近一次{one.sought.name}为 {moment[:10]}，距今已超过{one.sought.months}个月"


def _answers(one: _Essential, item: Item, belongs: frozenset[str]) -> bool:
    if not one.sought.groups:
        return item.head.section == one.section
    return bool(one.sought.groups & belongs) and (item.head.assertion != "absent" or item.head.section == "problems")


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
    first, _, final = ages.partition("-")
    return _Essential(
        section, frozenset(groups.split(asked)), held - without, frozenset(w.removeprefix("!") for w in without), sex,
        (int(first), int(final)) if who else None, sought(name, belongs, words, months), text,
    )  # fmt: skip
