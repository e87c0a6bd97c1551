"""Facts as sentences of a register: a pattern is filled; what it tells of dates goes to the fact.

Slots: {n} the name, {n2} a second fact's name (the pattern then states two), {sn} name with side, {when} {years} {dur}
dates, {dose} {dose0} {freq} {route} {reason} of a medicine, {v} {vu} a value, {s} {d} blood pressure, {react} {kin}
{place} {per}; {up} whether a dose was raised; {v} {u} a value apart from its unit, {flag} its arrow; in patterns
`x_list`, {items} are patterns `x_item`, joined as `x_join` says (`、|及`: and the last one by 及).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from tests.evaluation.generator import dates
from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.vocabulary import patterns, phrases

_SHARED_DATE = "when"
_NOT = "不{n}"
_AS_LIST = 0.5
"""How often what two patterns could say together is said by a list."""
_MOST_IN_PATTERN = 2
_BY_MOUTH = ("口服", "by mouth", "吃", "食", "服")


@dataclass(frozen=True, slots=True)
class Sentence:
    """text; told: each fact of it with its name as written and the dates that it then may have.

    section: where a formal document has it, if not where its wording usually stands.
    """

    wording: str
    text: str
    told: list[tuple[Fact, str, list[str]]]
    section: str | None = None


class _Unfit(Exception):
    """A pattern needs what the fact does not have."""


def sentence(facts: Sequence[Fact], register: str, written: date, place: str, chance: Random) -> Sentence | None:
    """One or two facts (the second for {n2}), or a list of one wording; None where no pattern fits."""
    wording = facts[0].more.get("wording") or facts[0].wording
    known = patterns(register)
    options = [p for p in known.get(wording, ()) if ("{n2}" in p) == (len(facts) > 1)]
    listed = len(facts) > 1 and f"{_family(wording)}_item" in known
    if listed and (not options or len(facts) > _MOST_IN_PATTERN or chance.random() < _AS_LIST):
        together = _fitting(_listed, facts, register, written, chance)
        if together:
            return together
    chance.shuffle(options)
    filled = (_fitting(_fill, pattern, facts, register, written, place, chance) for pattern in options)
    return next((made for made in filled if made), None)


def _fitting(make: Callable[..., Sentence], *given: Any) -> Sentence | None:
    """None where the pattern does not fit."""
    try:
        return make(*given)
    except _Unfit:
        return None


def _family(wording: str) -> str:
    return "med" if wording == "med_current" else wording


def _fill(pattern: str, facts: Sequence[Fact], register: str, written: date, place: str, chance: Random) -> Sentence:
    filler = _Filler(facts[0], register, written, place, chance)
    names = [slot for _, slot, _, _ in string.Formatter().parse(pattern) if slot]
    slots = {slot: filler.slot(slot) for slot in names if slot != "n2"}
    told = [(facts[0], slots.get("n") or slots.get("sn") or facts[0].name, filler.prefixes)]
    if len(facts) > 1:
        second = _name(facts[1], register, chance)
        slots["n2"] = second
        told.append((facts[1], second, []))
    if facts[0].medication and facts[0].medication["route"] != "口服" and any(w in pattern for w in _BY_MOUTH):
        raise _Unfit
    if _NOT in pattern and slots["n"] not in phrases()["said_with_not"]:
        raise _Unfit
    text = pattern.format(**slots)
    if register == "english":
        text = text[0].upper() + text[1:]
    return Sentence(facts[0].wording, text, told)


def _listed(facts: Sequence[Fact], register: str, written: date, chance: Random) -> Sentence:
    family = _family(facts[0].wording)
    known = patterns(register)
    outer, inner = chance.choice(known[f"{family}_list"]), chance.choice(known[f"{family}_item"])
    if any(f.medication and f.medication["route"] != "口服" for f in facts) and any(w in outer for w in _BY_MOUTH):
        outer = next((p for p in known[f"{family}_list"] if not any(w in p for w in _BY_MOUTH)), outer)
    fillers = [_Filler(f, register, written, "", chance) for f in facts]
    words, told = [], []
    for fact, filler in zip(facts, fillers, strict=True):
        slots = {slot: filler.slot(slot) for _, slot, _, _ in string.Formatter().parse(inner) if slot}
        words.append(inner.format(**slots))
        told.append((fact, slots.get("n") or slots.get("sn") or fact.name, filler.prefixes))
    shared = fillers[0].slot(_SHARED_DATE) if "{when}" in outer else ""
    if shared:
        told = [(fact, name, fillers[0].prefixes) for fact, name, _ in told]
    joints = known.get(f"{family}_join") or ([", ", "; "] if register == "english" else ["、", "，", "；"])
    joint, _, last = chance.choice(joints).partition("|")
    joined = (last or joint).join([joint.join(words[:-1]), words[-1]])
    text = outer.format(items=joined, when=shared)
    return Sentence(facts[0].wording, text[0].upper() + text[1:] if register == "english" else text, told)


def _name(fact: Fact, register: str, chance: Random) -> str:
    if fact.more.get("surfaces"):
        found: str = chance.choice(fact.more["surfaces"][register if register == "english" else "other"])
        return found
    return fact.concept.surface(register, chance) if fact.concept else fact.name


class _Filler:
    """Slots of one fact in one sentence, remembering which dates were told."""

    def __init__(self, fact: Fact, register: str, written: date, place: str, chance: Random) -> None:
        self._fact, self._register, self._written, self._hospital, self._chance = fact, register, written, place, chance
        self._words = "village" if register == "dialogue" else register
        self.prefixes: list[str] = []

    def slot(self, name: str) -> str:
        made: str = getattr(self, f"_{name}")()
        return made

    def _n(self) -> str:
        return _name(self._fact, self._register, self._chance)

    def _sn(self) -> str:
        name = self._n()
        side = self._fact.laterality
        if not side or side in name or "side" not in self._fact.more:
            return name
        if self._register == "english":
            return f"{'left' if side == '左' else 'right'} {name}"
        return f"{side}{self._fact.more['side']}{name}"

    def _day(self) -> date:
        day = self._fact.end if self._fact.wording == "med_stopped" else self._fact.start
        if day is None or day > self._written:
            raise _Unfit
        return day

    def _told(self, said: dates.Said | None) -> str:
        if said is None:
            raise _Unfit
        if self._fact.wording != "med_stopped":
            self.prefixes = said[1]
        return said[0]

    def _when(self) -> str:
        return self._told(dates.when(self._day(), self._written, self._register, self._chance))

    def _years(self) -> str:
        if "years" in self._fact.more:
            return str(self._fact.more["years"])
        return self._told(dates.years(self._day(), self._written, self._register, self._chance))

    def _dur(self) -> str:
        return self._told(dates.duration(self._day(), self._written, self._register, self._chance))

    def _dose(self) -> str:
        return self._amount(self._medication()["dose"])

    def _dose0(self) -> str:
        return self._amount(self._fact.more["dose0"])

    def _amount(self, dose: float) -> str:
        unit = self._medication()["unit"]
        return f"{dose:g}{self._chance.choice(phrases()['dose_unit'][self._words][unit])}"

    def _medication(self) -> dict[str, Any]:
        if not self._fact.medication:
            raise _Unfit
        return self._fact.medication

    def _freq(self) -> str:
        found: str = self._chance.choice(phrases()["frequency"][self._words][self._medication()["frequency"]])
        return found

    def _route(self) -> str:
        return str(self._medication()["route"])

    def _up(self) -> str:
        """The dose became more, or less."""
        more = self._medication()["dose"] > self._fact.more["dose0"]
        if self._register == "english":
            return "increased" if more else "reduced"
        return "加" if more else "减"

    def _reason(self) -> str:
        found: str = self._chance.choice(phrases()["reasons"][self._words])
        return found

    def _react(self) -> str:
        reaction = str(self._fact.more["reaction"])
        if self._register == "english":
            return str(phrases()["reactions"]["english"][reaction])
        return reaction

    def _kin(self) -> str:
        found: str = self._chance.choice(phrases()["kin"][self._words][self._fact.kin])
        return found

    def _place(self) -> str:
        return self._hospital

    def _per(self) -> str:
        return str(self._fact.more["per"])

    def _vu(self) -> str:
        value = self._fact.value or {}
        unit = str(value["unit"])
        spellings = phrases()["lab_unit"].get(self._words, {}).get(unit, [unit])
        gap = " " if self._register == "english" and unit != "%" else ""
        return f"{self._fact.more['written']}{gap}{self._chance.choice(spellings)}"

    def _v(self) -> str:
        return str(self._fact.more["written"])

    def _u(self) -> str:
        unit = str((self._fact.value or {}).get("unit") or "")
        if not unit:
            raise _Unfit
        return unit

    def _flag(self) -> str:
        """The arrow of a laboratory's sheet for what lies outside the reference range, else nothing."""
        row = self._fact.concept.row if self._fact.concept else {}
        number = float((self._fact.value or {})["canonical"])
        if row.get("ref_high") and number > float(row["ref_high"]):
            return "↑"
        return "↓" if row.get("ref_low") and number < float(row["ref_low"]) else ""

    def _s(self) -> str:
        return str(self._fact.more["systolic"])

    def _d(self) -> str:
        return str(self._fact.more["diastolic"])
