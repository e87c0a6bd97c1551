"""How much an item matters to a question: named by it, a matter of safety, bearing on it, or changed recently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from hub.summarizer import groups, terms, units
from hub.summarizer.items import Item
from hub.summarizer.reconcile import concepts, dates
from hub.summarizer.rows import rows
from hub.summarizer.situations import Asked, present

ABNORMAL = frozenset({"H", "L", "HH", "LL", "HU", "LU", "A", "AA", "POS"})
_POSITIVE = re.compile(r"阳性|弱阳|\(\+|（\+|^\+|检出(?!限|下限)|positive|reactive", re.IGNORECASE)
_NEGATIVE = re.compile(r"阴性|未检出|non-?reactive|negative", re.IGNORECASE)

_NAMED = {"problem": 1.2, "symptom": 0.5, "medicine": 0.6, "analyte": 0.5, "procedure": 0.6, "allergen": 0.6,
          "vaccine": 0.3}  # fmt: skip
"""What naming it in the question adds, by the kind of what is named."""
_FIRST, _LATER = 0.3, 0.1
"""What being named first adds, and how much less each later one."""
_WIDER = 0.75
"""Of the weight of a concept for an item that is only a wider one (`糖尿病` where `2型糖尿病` is asked about)."""

_NAME = 4
"""Characters of a name that is told within a longer one."""

_SECTION = {"problems": 0.2, "allergies": 0.2, "medications": 0.1, "results": 0.05, "procedures": 0.1, "plans": -0.3,
            "history": -0.5, "immunizations": -0.4, "encounters": -0.4}  # fmt: skip
_STATUS = {"stopped": -0.45, "resolved": -0.35, "planned": -0.25}
_ASSERTION = {"absent": -0.9, "uncertain": -0.15}
_CHANGED = {"medications": 0.25, "problems": 0.25, "results": 0.2, "encounters": 0.15, "procedures": 0.15}
_ALLERGY = 0.5
"""Safety of an allergy that no row names."""
_RECENT, _YEAR, _LONG = 120, 365, 730
"""Days: what changed within the first is new; a result older than the others counts for less."""


@dataclass(frozen=True, slots=True)
class Weight:
    """named: 0 where the question does not name it; safety, bearing: of the tables, in [0, 1]; rest: section, status,
    age and change."""

    named: float
    safety: float
    bearing: float
    rest: float

    @property
    def total(self) -> float:
        high, low = max(self.safety, self.bearing), min(self.safety, self.bearing)
        return self.named + high + 0.3 * low + self.rest


def weigh(item: Item, asked: Asked, as_of: date) -> Weight:
    """The weight of one item for this question on this day."""
    belongs = groups.of(item)
    dated = bool(item.head.start or item.head.end)
    changed = dated and abs(_age(item, as_of)) <= _RECENT and _news(item)
    rest = _SECTION[item.head.section] + _STATUS.get(item.head.status, 0.0) + _ASSERTION.get(item.head.assertion, 0.0)
    rest += _CHANGED.get(item.head.section, 0.0) if changed else 0.0
    if item.head.section == "results":
        age = _age(item, as_of)
        rest -= 0.25 if age > _LONG else 0.12 if age > _YEAR else 0.0
        rest += 0.15 if abnormal(item) else 0.0
    return Weight(_named(item, asked), _safety(item, belongs, asked, as_of), _bearing(belongs, asked.situations), rest)


def _named(item: Item, asked: Asked) -> float:
    """A relative's illness is not what the question names."""
    head = item.head
    if head.kind in ("family", "social") or not asked.folded:
        return 0.0
    best = _told(item.keys, asked.keys)
    if not best and len(head.name) > 1 and terms.fold(head.name) in asked.folded:
        best = _NAMED["symptom"]
    return best


@lru_cache(maxsize=16384)
def _told(own: frozenset[str], named: tuple[tuple[str, str], ...]) -> float:
    """What it adds that the question names these concepts, with their kinds and in this order."""
    narrower, best = _with_wider(own), 0.0
    for place, (key, kind) in enumerate(named):
        share = 1.0 if key in narrower else _WIDER if own & concepts.broader(key) or _holds(own, key) else 0.0
        if share:
            best = max(best, share * (_NAMED.get(kind, 0.3) + max(0.0, _FIRST - _LATER * place)))
    return best


@lru_cache(maxsize=16384)
def _holds(own: frozenset[str], key: str) -> bool:
    """Whether the name of the item holds the name that the question says (`糖尿病周围神经病变`, `周围神经病`)."""
    kind, _, name = key.removeprefix("term|").partition(":")
    return len(name) >= _NAME and any(k.startswith(f"term|{kind}:") and name in k for k in own)


@lru_cache(maxsize=16384)
def _with_wider(keys: frozenset[str]) -> frozenset[str]:
    return keys.union(*(concepts.broader(key) for key in keys))


def _safety(item: Item, belongs: frozenset[str], asked: Asked, as_of: date) -> float:
    for weight, which in _applying(belongs, asked.situations):
        if _is(item, which, as_of):
            return weight
    return _ALLERGY if item.head.section == "allergies" and item.head.assertion == "present" else 0.0


@lru_cache(maxsize=4096)
def _applying(belongs: frozenset[str], about: frozenset[str]) -> tuple[tuple[float, str], ...]:
    """Weight and condition of the rules for these groups in these situations, the weightiest first."""
    return tuple(
        (rule.weight, rule.which)
        for rule in _safeties()
        if rule.groups & belongs and (not rule.situations or rule.situations & about)
    )


def _is(item: Item, which: str, as_of: date) -> bool:
    """Whether the item is so: `which` of safety.tsv."""
    said = item.head.assertion == "present" and item.head.status != "planned"
    match which:
        case "current":
            return present(item) and item.head.section != "plans"
        case "ever":
            return said
        case "recent":
            return said and item.head.status != "resolved" and _age(item, as_of) <= _YEAR
        case "abnormal":
            return said and abnormal(item)
        case "positive":
            return said and positive(item)
        case _:
            return said


@lru_cache(maxsize=4096)
def _bearing(belongs: frozenset[str], about: frozenset[str]) -> float:
    return max((weight for weight, when, found in _bearings() if found & belongs and when & about), default=0.0)


def abnormal(item: Item) -> bool:
    """By the laboratory's flag, else its range, else what `limits.tsv` says; a qualitative result where positive."""
    value = item.head.value
    if not value or item.head.kind != "result":
        return False
    if value["interpretation"] and value["interpretation"] not in ("N", "NEG"):
        return value["interpretation"] in ABNORMAL
    number = value["number"]
    if number is None:
        return positive(item)
    if value["low"] is not None or value["high"] is not None:
        return _outside(number, value["low"], value["high"])
    return any(_beyond(number, value["unit"], key) for key in item.head.keys)


def positive(item: Item) -> bool:
    """Whether a qualitative result found what it looked for."""
    value = item.head.value
    if not value:
        return False
    text = value["text"] or ""
    return value["interpretation"] == "POS" or bool(_POSITIVE.search(text) and not _NEGATIVE.search(text))


def _beyond(number: Decimal | int, unit: str | None, key: str) -> bool:
    limits = _limits().get(key)
    found = units.canonical(number, unit, key) if limits else None
    return bool(limits and found and _outside(found[0], *limits))


def _outside(number: Decimal | int, low: Decimal | int | None, high: Decimal | int | None) -> bool:
    return (low is not None and number < low) or (high is not None and number > high)


def _news(item: Item) -> bool:
    """Whether what happened is worth telling: a changed or new medicine, an abnormal result, a new illness."""
    if item.head.section == "results":
        return abnormal(item)
    return item.head.assertion == "present" and item.head.status != "planned"


def _age(item: Item, as_of: date) -> int:
    """Days since its date (its end where it is over), 0 where it has none."""
    over = item.head.status in ("stopped", "resolved")
    moment = (item.head.end if over else None) or item.head.start
    return days_between(moment, as_of) if moment else 0


def days_between(moment: str, as_of: date) -> int:
    """From a FHIR date, of any precision its first day, to a day; 0 for what is no date."""
    try:
        return (as_of - dates.first(moment)).days
    except ValueError:
        return 0


@dataclass(frozen=True, slots=True)
class _Safety:
    weight: float
    groups: frozenset[str]
    which: str
    situations: frozenset[str]


@lru_cache(maxsize=1)
def _safeties() -> tuple[_Safety, ...]:
    """The weightiest first."""
    found = (
        _Safety(float(weight), _set(names), which, _set(when)) for weight, names, which, when in rows("safety.tsv", 4)
    )
    return tuple(sorted(found, key=lambda rule: -rule.weight))


@lru_cache(maxsize=1)
def _bearings() -> tuple[tuple[float, frozenset[str], frozenset[str]], ...]:
    return tuple((float(weight), _set(situations), _set(found)) for weight, situations, found in rows("bearing.tsv", 3))


@lru_cache(maxsize=1)
def _limits() -> dict[str, tuple[Decimal | None, Decimal | None]]:
    return {
        terms.key("analyte", name): (Decimal(low) if low else None, Decimal(high) if high else None)
        for name, low, high in rows("limits.tsv", 3)
    }


def _set(cell: str) -> frozenset[str]:
    return frozenset(groups.split(cell))
