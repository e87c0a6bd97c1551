"""Contradictions between institutions, and what only looks like one: a corrected result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random

from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.patient import (
    Patient,
    blood,
    medicine,
    no_allergy,
    number_of,
    of_concept,
    result,
    sided,
)
from tests.evaluation.generator.story import Story, code, is_coded, put
from tests.evaluation.generator.vocabulary import Concept, table

_ACCEPTED = {"allergy": ["allergy", "assertion"], "diagnosis": ["diagnosis", "assertion"],
             "assertion": ["assertion", "diagnosis"]}  # fmt: skip
_STAGES = {
    "高血压3级": ("高血压1级", "I10"),
    "慢性肾脏病4期": ("慢性肾脏病2期", "N18.2"),
    "慢性肾脏病5期": ("慢性肾脏病3期", "N18.3"),
}
_MOST = 3


def contradict(story: Story, chance: Random) -> None:
    """Two or three contradictions of different kinds."""
    kinds = list(_MAKERS)
    chance.shuffle(kinds)
    made = 0
    for kind in kinds:
        if made >= _MOST:
            break
        pair = _MAKERS[kind](story, chance)
        if not pair:
            continue
        made += 1
        for fact in pair:
            fact.tag(f"{kind}-conflict" if kind != "medication-status" else kind)
        story.patient.conflicts.append({"kind": kind, "kinds_accepted": _ACCEPTED.get(kind, [kind]), "facts": pair})


def _free(patient: Patient, *wordings: str) -> list[Fact]:
    taken = {id(f) for c in patient.conflicts for f in c["facts"]}
    return [f for f in patient.of(*wordings) if id(f) not in taken]


def _say(story: Story, fact: Fact, keys: Sequence[str], chance: Random, against: Fact | None = None) -> bool:
    """State the fact in a document that does not state what it contradicts."""
    avoided = story.told_in(against) if against else set()
    for key in chance.sample(keys, len(keys)):
        document = story.documents.get(key)
        since = max(fact.known, against.known if against else fact.known)
        if document and key not in avoided and document.written >= since:
            if against and any(f is against for f in document.coded):
                continue
            if put(story, [fact], document, chance):
                story.patient.add(fact)
                return True
    return False


def _dose(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "med_current"):
        if fact.more.get("dose0") or not fact.concept or fact.medication is None:
            continue
        other = medicine("med_current", fact.concept, float(fact.concept.row["other_dose"]))
        other.status_ok = ["active", "unknown"]
        if not is_coded(story, fact):
            code(story, fact, ("prescription",), chance)
        if is_coded(story, fact) and _say(story, other, ("note_2", "phone"), chance, fact):
            return [fact, other]
    return None


def _medication_status(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "med_stopped"):
        if fact.more.get("only_changed") or not fact.concept:
            continue
        still = medicine("med_current", fact.concept, float(fact.concept.row["dose"]))
        story.prescription.append(story.patient.add(still))
        return [fact, still]
    return None


def _allergy(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "allergy"):
        denied = no_allergy()
        if _say(story, denied, ("discharge", "note_1", "tertiary"), chance, fact):
            return [fact, denied]
    return None


def _assertion(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "problem"):
        if fact.concept and fact.name not in _STAGES and not fact.main:
            denied = of_concept("negated_problem", fact.concept, tags=["negation"])
            if _say(story, denied, ("phone", "note_1", "discharge", "tertiary"), chance, fact):
                return [fact, denied]
    return None


def _diagnosis(story: Story, chance: Random) -> list[Fact] | None:
    main = _free(story.patient, "problem")[:1]
    other = story.patient.rules.get("other_diagnosis")
    if not main or not main[0].main:
        return None
    if other and any(f.name == other for f in story.patient.facts):
        return None
    if other:
        concept = table("problems")[other]
    elif main[0].name in _STAGES:
        name, standard = _STAGES[main[0].name]
        concept = Concept(name, standard, (name,), (name,), (), {})
    else:
        return None
    said = of_concept("problem", concept)
    # A stage told years ago may have been true then: only what is told at about the same time contradicts.
    return [main[0], said] if _say(story, said, ("tertiary", "phone", "note_2"), chance, main[0]) else None


def _result(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "lab"):
        if not (is_coded(story, fact) and fact.concept and fact.start and not fact.tags):
            continue
        number = float(fact.more["written"])
        other = result(fact.concept, fact.start, number * chance.choice([0.6, 1.7]), False)
        if other.more["written"] != fact.more["written"]:
            other.more["laboratory"] = "second"
            story.laboratory.append(story.patient.add(other))
            return [fact, other]
    return None


def _date(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "procedure"):
        if fact.concept and fact.start and story.told_in(fact):
            other = of_concept(
                "procedure", fact.concept, start=fact.start - timedelta(days=365 * 2), safety=fact.safety
            )
            sided(other, fact.laterality)
            other.more["dated"] = True
            if _say(story, other, ("tertiary", "note_1", "discharge"), chance, fact):
                return (
                    [fact, other]
                    if other.start_ok and fact.start_ok and not _overlap(fact, other)
                    else _undo(story, other)
                )
    return None


def _undo(story: Story, fact: Fact) -> None:
    """A contradiction that does not show (no date was said) is taken out again."""
    story.patient.facts.remove(fact)
    for document in story.documents.values():
        document.sentences = [s for s in document.sentences if all(f is not fact for f, _, _ in s.told)]


def _overlap(one: Fact, two: Fact) -> bool:
    return any(a.startswith(b) or b.startswith(a) for a in one.start_ok for b in two.start_ok)


def _laterality(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "procedure"):
        if fact.concept and fact.laterality and story.told_in(fact):
            other = of_concept("procedure", fact.concept, start=fact.start)
            sided(other, {"左": "右", "右": "左"}[fact.laterality])
            if _say(story, other, ("tertiary", "note_1", "discharge"), chance, fact):
                return [fact, other]
    return None


def _blood_group(story: Story, chance: Random) -> list[Fact] | None:
    for fact in _free(story.patient, "blood"):
        other = blood(chance.choice([g for g in ("A型", "B型", "O型", "AB型") if g != fact.name]))
        if _say(story, other, ("note_1", "discharge", "tertiary"), chance, fact):
            return [fact, other]
    return None


_MAKERS: dict[str, Callable[[Story, Random], list[Fact] | None]] = {
    "dose": _dose, "medication-status": _medication_status, "allergy": _allergy, "assertion": _assertion,
    "diagnosis": _diagnosis, "result": _result, "date": _date, "laterality": _laterality, "blood-group": _blood_group,
}  # fmt: skip


def correct(story: Story, chance: Random) -> Fact | None:
    """A measurement whose laboratory first sent another number: the corrected one is so, the first is superseded."""
    for fact in _free(story.patient, "lab"):
        if is_coded(story, fact) and fact.concept and not fact.more.get("laboratory") and fact.start:
            first = result(fact.concept, fact.start, number_of(fact.concept, chance), False)
            fact.more["first"] = first.more["written"]
            fact.more["first_unit"] = (first.value or {})["unit"]
            fact.tag("corrected-result")
            return fact
    return None
