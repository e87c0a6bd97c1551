"""How the facts of a patient come into documents: who writes what, when, in which words, coded or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from tests.evaluation.generator.documents import Document, fillers
from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.patient import Patient
from tests.evaluation.generator.places import CODED, DOCUMENTS, WHERE
from tests.evaluation.generator.vocabulary import patterns
from tests.evaluation.generator.wording import Sentence, sentence

NOTES = ("note_1", "note_2", "phone")
_DIAGNOSES_LEAST = 2

_ASIDE = 0.35
_ONLY_SINCE = "med_adjusted"
"""A change of dose where only the new dose is told."""
_OFTEN_ONLY_SINCE = 0.3
_IN_SHORT_LISTS = ("problem", "symptom", "negated_problem", "negated_symptom", "negated_finding", "family")
_OFTEN_LISTED, _MOST_LISTED = 0.4, 4
_PAIRED = ("negated_problem", "negated_symptom", "negated_finding")


@dataclass(slots=True)
class Story:
    """documents: by key; laboratory, prescription: facts coded there."""

    patient: Patient
    documents: dict[str, Document]
    prescribed: date
    prescription: list[Fact] = field(default_factory=list)
    laboratory: list[Fact] = field(default_factory=list)

    def told_in(self, fact: Fact) -> set[str]:
        """Keys of the documents whose text states the fact."""
        return {k for k, d in self.documents.items() for s in d.sentences for f, _, _ in s.told if f is fact}


def tell(patient: Patient, chance: Random) -> Story:
    """Every fact is stated at least once."""
    made = Story(patient, _documents(patient, chance), patient.as_of - timedelta(days=chance.randrange(3, 40)))
    _code(made, chance)
    _tell_lists(made, chance)
    _tell_short_lists(made, chance)
    # A change of dose is told before the former dose: unless somebody says that it changed, nobody can know.
    for fact in sorted(patient.facts, key=lambda f: "dose0" not in f.more):
        _tell(made, fact, chance)
    _measure_pressure(made, chance)
    for document in made.documents.values():
        if document.medium != "imaging":
            document.sentences += fillers(document, chance, chance.choice([0, 1, 2]))
    _tell_relevant(made, chance)
    return made


def _documents(patient: Patient, chance: Random) -> dict[str, Document]:
    found = {}
    for key, file, medium, organization, least, most, often in DOCUMENTS:
        if chance.random() >= often:
            continue
        register = "formal"
        if key in NOTES:
            register = "dialogue" if key == "phone" and chance.random() < 0.35 else "village"
        elif key == "letter":
            register = "english"
        elif key == "township":
            register = chance.choice(["village", "formal"])
        written = patient.as_of - timedelta(days=chance.randrange(least, most))
        made = Document(key, file, register, written, patient.person["organizations"][organization], medium)
        made.script = "traditional" if register != "english" and chance.random() < 0.15 else "simplified"
        made.wide = register == "village" and chance.random() < 0.2
        found[key] = made
    return found


def _code(story: Story, chance: Random) -> None:
    for fact in story.patient.facts:
        often, carriers = CODED.get(fact.wording, (0.0, ()))
        if chance.random() >= often or (fact.wording == "lab" and not fact.codes):
            continue
        code(story, fact, carriers, chance)


def code(story: Story, fact: Fact, carriers: Sequence[str], chance: Random) -> bool:
    """State a fact in segments or resources of one of the carriers, where its day allows."""
    for carrier in chance.sample(carriers, len(carriers)):
        if carrier == "laboratory":
            story.laboratory.append(fact)
            return True
        if carrier == "prescription":
            if fact.known <= story.prescribed:
                story.prescription.append(fact)
                return True
        elif story.documents[carrier].written >= fact.known:
            story.documents[carrier].coded.append(fact)
            return True
    return False


def is_coded(story: Story, fact: Fact) -> bool:
    everywhere = [*story.prescription, *story.laboratory, *(f for d in story.documents.values() for f in d.coded)]
    return any(fact is f for f in everywhere)


def _tell_lists(story: Story, chance: Random) -> None:
    """Medicines, measurements of one day and diagnoses as lists of a formal document or a letter."""
    for document in story.documents.values():
        if document.medium in ("imaging",) or document.register not in ("formal", "english"):
            continue
        medicines = [
            f for f in story.patient.of("med_current") if f.known <= document.written and not f.more.get("dose0")
        ]
        if len(medicines) > 1 and chance.random() < 0.35 and document.key not in ("discharge",):
            put(story, medicines[:3], document, chance)
        labs = [f for f in story.patient.of("lab") if f.known <= document.written and not is_coded(story, f)]
        same = [f for f in labs if f.start == labs[0].start] if labs else []
        if len(same) > 1 and chance.random() < 0.5:
            put(story, same[:3], document, chance)
    for key in ("discharge", "tertiary"):
        document = story.documents[key]
        diagnosed = [f for f in story.patient.of("problem") if f.known <= document.written]
        if len(diagnosed) >= _DIAGNOSES_LEAST and chance.random() < 0.5:
            document.sentences.append(_diagnoses(diagnosed, document, chance))


def _tell_short_lists(story: Story, chance: Random) -> None:
    """Several facts of a kind in one sentence, where the wordings in use have lists for them."""
    for document in story.documents.values():
        for wording in _IN_SHORT_LISTS:
            if f"{wording}_item" not in patterns(document.register) or document.key not in WHERE[wording][0]:
                continue
            left = [f for f in story.patient.of(wording) if f.known <= document.written]
            if wording in _PAIRED:
                left = [f for f in left if not story.told_in(f)]
            if len(left) > 1 and chance.random() < _OFTEN_LISTED:
                put(story, chance.sample(left, min(_MOST_LISTED, len(left))), document, chance)


def _diagnoses(facts: Sequence[Fact], document: Document, chance: Random) -> Sentence:
    told = [(f, f.concept.surface(document.register, chance) if f.concept else f.name, []) for f in facts]
    mark, gap = chance.choice([("{}.", " "), ("{}、", "；"), ("({})", " "), ("{}. ", "；")])
    text = gap.join(mark.format(n) + name for n, (_, name, _) in enumerate(told, 1))
    return Sentence("diagnosis", text + "。", list(told))


def _tell(story: Story, fact: Fact, chance: Random) -> None:
    where, least, most = WHERE[fact.wording]
    told = story.told_in(fact)
    wanted = chance.randint(least, most)
    if is_coded(story, fact) and chance.random() < 0.4:
        wanted -= 1
    if fact.more.get("only_changed"):
        _tell_former_dose(story, fact, chance)
        return
    if fact.more.get("dose0"):
        _tell_change(story, fact, chance)
    keys = [k for k in where if k in story.documents and k not in told]
    chance.shuffle(keys)
    for key in keys:
        if len(story.told_in(fact)) >= wanted:
            break
        document = story.documents[key]
        if document.written >= fact.known:
            put(story, _company(story, fact, chance), document, chance)
    if not story.told_in(fact) and not is_coded(story, fact):
        _tell_somewhere(story, fact, chance)


def _tell_somewhere(story: Story, fact: Fact, chance: Random) -> None:
    """A fact that found no place stands in the newest note; one that still has no sentence is left out."""
    for key in ("note_2", "referral", "tertiary"):
        if put(story, [fact], story.documents[key], chance):
            return
    if fact in story.patient.facts:
        story.patient.facts.remove(fact)


def _company(story: Story, fact: Fact, chance: Random) -> list[Fact]:
    """The fact, for a negation half of the time with another that is not told yet."""
    if fact.wording not in _PAIRED or chance.random() < 0.5:
        return [fact]
    others = [f for f in story.patient.of(fact.wording) if f is not fact and not story.told_in(f)]
    return [fact, others[0]] if others else [fact]


def put(story: Story, facts: Sequence[Fact], document: Document, chance: Random, wording: str | None = None) -> bool:
    """Add a sentence on the facts to the document; False where its register has no words for them."""
    fact = facts[0]
    if wording:
        fact.more["wording"] = wording
    place = story.patient.person["organizations"][chance.choice(["XIAN", "SHI"])]
    made = sentence(facts, document.register, document.written, place, chance)
    if made is None and len(facts) > 1:
        made = sentence(facts[:1], document.register, document.written, place, chance)
    fact.more.pop("wording", None)
    if made is None:
        return False
    kind = wording or made.wording
    # What somebody takes often stands right behind what it is taken for.
    aside = "既往史" if kind == "med_current" and chance.random() < _ASIDE else None
    document.sentences.append(Sentence(kind, made.text, made.told, aside))
    for told, _, prefixes in made.told:
        told.start_ok.update(prefixes)
    return True


def _tell_change(story: Story, fact: Fact, chance: Random) -> None:
    """The sentence of a changed dose states both doses: the one before and the one since."""
    keys = [k for k in ("note_2", "tertiary", "phone", "referral", "letter") if k in story.documents]
    chance.shuffle(keys)
    for key in keys:
        document = story.documents[key]
        if "med_changed" not in patterns(document.register) or document.written < fact.known:
            continue
        if _ONLY_SINCE in patterns(document.register) and chance.random() < _OFTEN_ONLY_SINCE:
            if put(story, [fact], document, chance, _ONLY_SINCE):
                document.sentences[-1] = replace(document.sentences[-1], wording="med_changed")
                return
        elif put(story, [fact], document, chance, "med_changed"):
            last = document.sentences[-1]
            before: Fact = fact.more["before"]
            document.sentences[-1] = replace(last, told=[*last.told, (before, last.told[0][1], [])])
            return


def _tell_former_dose(story: Story, fact: Fact, chance: Random) -> None:
    """The old dose, as an older document had it."""
    if not story.told_in(fact):
        return
    for key in ("discharge", "note_1", "tertiary"):
        document = story.documents[key]
        if fact.end and document.written < fact.end and chance.random() < 0.6:
            put(story, [fact], document, chance, "med_current")
            return


def _measure_pressure(story: Story, chance: Random) -> None:
    """Blood pressure of the day in two documents: two facts each, of that day."""
    for key in chance.sample([k for k in ("note_2", "discharge", "note_1", "letter") if k in story.documents], 2):
        document = story.documents[key]
        systolic, diastolic = chance.randrange(104, 188), chance.randrange(58, 104)
        told = []
        for name, code_, number, words in (
            ("收缩压", "8480-6", systolic, ["高压"]),
            ("舒张压", "8462-4", diastolic, ["低压"]),
        ):
            fact = Fact("bp", name, [name, "血压", "BP", "blood pressure", *words], [code_], start=document.written)
            fact.value = {"number": number, "unit": "mm[Hg]", "canonical": number, "canonical_unit": "mm[Hg]",
                          "unit_optional": True}  # fmt: skip
            fact.start_ok = {document.written.isoformat()[:7]}
            told.append(story.patient.add(fact))
        told[0].more |= {
            "systolic": systolic,
            "diastolic": diastolic,
            "surfaces": {"english": ["BP"], "other": ["血压"]},
        }
        if put(story, told[:1], document, chance):
            last = document.sentences[-1]
            document.sentences[-1] = replace(last, told=[(f, last.told[0][1], []) for f in told])
        else:
            story.patient.facts = [f for f in story.patient.facts if f not in told]


def _tell_relevant(story: Story, chance: Random) -> None:
    """Sentences that answer the question without being a fact of the truth."""
    pick: Callable[[Sequence[str]], str] = chance.choice
    for text in story.patient.rules["relevant"]:
        plain = not any(c.isdigit() for c in text)
        key = pick(["note_2", "note_1"]) if plain else pick(["tertiary", "referral"])
        story.documents[key].sentences.append(Sentence("relevant", text, []))
