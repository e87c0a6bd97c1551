"""A told story as files and truth: folder INPUTS/NAME and TRUTH/NAME.json, as in the reassembly sample."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.evaluation.generator import fhir, hl7v2
from tests.evaluation.generator.contradictions import contradict, correct
from tests.evaluation.generator.documents import Document, Placed, note
from tests.evaluation.generator.facts import TRAPS, Fact
from tests.evaluation.generator.patient import Patient, patient
from tests.evaluation.generator.story import Story, tell
from tests.evaluation.generator.vocabulary import archetypes

Json = dict[str, Any]
_MUST_INCLUDE = 8
_SECONDARY = ("discharge", "tertiary", "referral")


@dataclass(slots=True)
class _Writer:
    """Files of one patient, and what the truth says of places in them."""

    story: Story
    folder: Path
    chance: Random
    manifest: list[Json] = field(default_factory=list)
    units: list[Json] = field(default_factory=list)
    passages: list[Json] = field(default_factory=list)
    injections: list[Json] = field(default_factory=list)
    strangers: list[Json] = field(default_factory=list)
    number: int = 30000

    @property
    def person(self) -> Json:
        return self.story.patient.person

    def control(self) -> str:
        self.number += 7
        return f"G{self.number}"

    def file(self, name: str, data: bytes, organization: str, moment: datetime) -> None:
        (self.folder / name).write_bytes(data)
        received = (moment + timedelta(minutes=self.chance.randrange(2, 40))).isoformat()
        self.manifest.append({"path": name, "organization": organization, "received_at": received})

    def coded(self, made: hl7v2.Message | fhir.Bundle, origin: Json) -> None:
        for fact, path, text, scope in made.coded:
            place = origin | {"path": path, "start": 0, "end": len(text), "text": text, "surface": text,
                              "scope": scope, "mode": "coded"}  # fmt: skip
            fact.statements.append(place)
            if fact.start:
                fact.start_ok.add(fact.start.isoformat())
            self.unit(origin, scope, None, None, text)

    def texts(self, texts: Sequence[tuple[str, str, list[Placed]]], origin: Json, document: Document) -> None:
        for path, text, placed in texts:
            for one in placed:
                self._place(path, text, one, origin, document)

    def _place(self, path: str, text: str, one: Placed, origin: Json, document: Document) -> None:
        said = text[one.start : one.end]
        place = origin | {"path": path, "start": one.start, "end": one.end, "text": said}
        for fact, surface, _ in one.sentence.told:
            fact.statements.append(place | {"surface": document.spelt(surface), "scope": path, "mode": "text",
                                            "register": _register(document)})  # fmt: skip
        grade = 2 if one.sentence.wording == "relevant" else max((f.grade for f, _, _ in one.sentence.told), default=0)
        if one.sentence.told and one.sentence.told[0][0].assertion == "absent":
            grade = 0
        self.passages.append({k: place[k] for k in ("file", "message_id", "kind", "path", "start", "end", "text")} | {"grade": grade})
        if one.sentence.wording != "filler":
            self.unit(origin, path, one.start, one.end, said)

    def unit(self, origin: Json, scope: str, start: int | None, end: int | None, text: str) -> None:
        self.units.append({
            "id": f"u{len(self.units) + 1:03}", "file": origin["file"], "message_id": origin["message_id"],
            "kind": origin["kind"], "scope": scope, "start": start, "end": end, "text": text,
            "what": "coded" if start is None else "text", "wrong_patient": False,
        })  # fmt: skip


def generate(root: Path, count: int, seed: int) -> None:
    """`count` patients under root/inputs and root/truth, the archetypes in turn. The same seed gives the same files."""
    kinds = sorted(archetypes())
    (root / "truth").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name = f"g{seed:02}{number:03}"
        write(root, name, kinds[number % len(kinds)], Random(f"{seed}-{number}"))


def write(root: Path, name: str, archetype: str, chance: Random) -> None:
    """One patient."""
    made = patient(name, archetype, chance)
    story = tell(made, chance)
    contradict(story, chance)
    corrected = correct(story, chance) if chance.random() < 0.5 else None
    folder = root / "inputs" / name
    folder.mkdir(parents=True, exist_ok=True)
    writer = _Writer(story, folder, chance)
    _identity(writer)
    for document in story.documents.values():
        _WRITERS[document.medium](writer, document)
    _laboratory(writer, corrected)
    _prescription(writer)
    if chance.random() < 0.4:
        _stranger(writer)
    made.facts = [f for f in made.facts if f.statements]
    made.conflicts = [c for c in made.conflicts if all(f.statements for f in c["facts"])]
    writer.manifest.sort(key=lambda line: str(line["received_at"]))
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in writer.manifest)
    (folder / "manifest.jsonl").write_text(lines, "utf-8")
    (folder / "question.txt").write_text(made.rules["question"] + "\n", "utf-8")
    truth = _truth(writer)
    (root / "truth" / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")


def _identity(writer: _Writer) -> None:
    """One message in eight patients tells another sex or birth date."""
    if writer.chance.random() < 0.12:
        writer.person["odd"] = writer.chance.choice(["sex", "birth_date"])


def _origin(document: Document, kind: str, control: str | None) -> Json:
    return {"file": document.file, "message_id": control, "organization": document.organization,
            "received_at": document.moment.isoformat(), "kind": kind}  # fmt: skip


def _register(document: Document) -> str:
    return "traditional" if document.script == "traditional" else document.register


def _words(document: Document, person: Json) -> dict[str, str]:
    birth: date = person["birth"]
    had = (document.written.month, document.written.day) >= (birth.month, birth.day)
    age = document.written.year - birth.year - (not had)
    return {"name": document.spelt(person["name"]), "sex": person["sex"], "age": str(age)}


def _doctor(writer: _Writer) -> str:
    return writer.chance.choice(["韩立新", "褚玉兰", "沈建平", "杨桂英"])


def _note(writer: _Writer, document: Document) -> None:
    whole = note(document, _words(document, writer.person), _doctor(writer), writer.chance)
    writer.file(document.file, whole.text.encode(), document.organization, document.moment)
    writer.texts([("", whole.text, whole.placed)], _origin(document, "text", None) | {"scope": ""}, document)
    for fact in writer.story.patient.facts:
        for statement in fact.statements:
            if statement["file"] == document.file:
                statement["scope"] = ""


def _sender(writer: _Writer, organization: str) -> str:
    names = writer.person["organizations"]
    return str(writer.person["codes"][next(k for k, v in names.items() if v == organization)])


def _charset(writer: _Writer) -> str:
    return writer.chance.choice(["gb18030", "gb18030", "utf-8"])


def _surface(fact: Fact, chance: Random) -> str:
    """A name as an institution's system has it."""
    if not fact.concept:
        return fact.name
    name = chance.choice(fact.concept.formal)
    if fact.laterality and fact.laterality not in name:
        name = f"{fact.laterality}{fact.more.get('side', '')}{name}"
    return name


def _discharge(writer: _Writer, document: Document) -> None:
    chance, person, sender = writer.chance, writer.person, _sender(writer, document.organization)
    charset, version = _charset(writer), chance.choice(["2.4", "2.5.1"])
    odd = _odd(person)
    admission = hl7v2.message("ADT^A03^ADT_A03", writer.control(), document.moment, person, sender, charset, version)
    admission.add("EVN", "A03", hl7v2.stamp(document.moment))
    hl7v2.person_segment(admission, odd, sender)
    arrived = document.written - timedelta(days=chance.randrange(4, 12))
    admission.add("PV1", "1", "I", f"{writer.story.patient.rules['department']}^^{chance.randrange(1, 40)}", *[""] * 40,
                  hl7v2.day(arrived), hl7v2.day(document.written))  # fmt: skip
    stay = writer.story.patient.add(Fact("encounter", "住院", ["住院", "入院"], [], start=arrived))
    admission.coded.append((stay, "PV1[1]-44[1]", hl7v2.day(arrived), "PV1[1]"))
    for fact in sorted(document.coded, key=lambda f: ["blood", "problem", "allergy", "procedure"].index(f.wording)):
        _segment(admission, fact, chance)
    summary = hl7v2.message("MDM^T02^MDM_T02", writer.control(), document.moment, person, sender, charset, version)
    summary.add("EVN", "T02", hl7v2.stamp(document.moment))
    hl7v2.person_segment(summary, person, sender)
    summary.add("PV1", "1", "I", writer.story.patient.rules["department"])
    summary.add("TXA", "1", "DS^出院记录^99HIS", "TX", hl7v2.stamp(document.moment), *[""] * 7, f"{summary.control}D",
                *[""] * 4, "AU")  # fmt: skip
    hl7v2.prose(summary, document, "出院记录", chance)
    writer.file(document.file, admission.bytes(charset) + summary.bytes(charset), document.organization, document.moment)
    writer.coded(admission, _origin(document, "hl7v2", admission.control))
    writer.texts(summary.texts, _origin(document, "hl7v2", summary.control), document)


def _odd(person: Json) -> Json:
    """The person as the one message has it that contradicts the others."""
    if person.get("odd") == "sex":
        return person | {"hl7_sex": {"M": "F", "F": "M"}[person["hl7_sex"]]}
    if person.get("odd") == "birth_date":
        return person | {"birth": person["birth"] + timedelta(days=31)}
    return person


def _segment(made: hl7v2.Message, fact: Fact, chance: Random) -> None:
    local, name = chance.random() < 0.3, _surface(fact, chance)
    if local:
        fact.tag("local-code")
    if fact.wording == "problem":
        hl7v2.diagnosis(made, fact, name, local)
    elif fact.wording == "allergy":
        hl7v2.allergy(made, fact, name)
    elif fact.wording == "procedure":
        hl7v2.procedure(made, fact, name, local)
    else:
        hl7v2.blood_group(made, fact)


def _imaging(writer: _Writer, document: Document) -> None:
    if not document.sentences:
        return
    sender, charset = _sender(writer, document.organization), _charset(writer)
    made = hl7v2.message("ORU^R01^ORU_R01", writer.control(), document.moment, writer.person, sender, charset, "2.5.1")
    hl7v2.person_segment(made, writer.person, sender)
    stamp = hl7v2.stamp(document.moment)
    made.add("OBR", "1", "", made.control, "YX01^影像检查^99HIS", "", "", stamp)
    hl7v2.prose(made, document, "影像报告", writer.chance)
    writer.file(document.file, made.bytes(charset), document.organization, document.moment)
    writer.texts(made.texts, _origin(document, "hl7v2", made.control), document)


def _referral(writer: _Writer, document: Document) -> None:
    sender, charset = _sender(writer, document.organization), _charset(writer)
    document.sentences = [s for s in document.sentences if s.wording != "filler"] or document.sentences
    moment = document.moment
    made = hl7v2.message("REF^I12^REF_I12", writer.control(), moment, writer.person, sender, charset, "2.5.1")
    made.add("RF1", "P^待处理^HL70283", "R^常规^HL70280", "MED^医疗^HL70281", "", "", f"{made.control}R^{sender}",
             hl7v2.day(document.written), "", "", f"O^{hl7v2.escape(writer.story.patient.rules['question'])}^99HIS")  # fmt: skip
    made.add("PRD", "RP^转出^HL70286", "沈^建平", "", document.organization)
    made.add("PRD", "RT^转入^HL70286", "", "", writer.person["organizations"]["SHI"])
    hl7v2.person_segment(made, writer.person, sender)
    for fact in sorted(document.coded, key=lambda f: ["problem", "allergy"].index(f.wording)):
        _segment(made, fact, writer.chance)
    hl7v2.remarks(made, document)
    writer.file(document.file, made.bytes(charset), document.organization, moment)
    origin = _origin(document, "hl7v2", made.control)
    writer.coded(made, origin)
    writer.texts(made.texts, origin, document)


def _sections(writer: _Writer, document: Document) -> None:
    chance, sender = writer.chance, _sender(writer, document.organization)
    made = fhir.Bundle("document", writer.control(), sender, document.moment.isoformat())
    fhir.composition(made, document, "门诊病历", chance)
    fhir.patient(made, writer.person)
    for fact in document.coded:
        local, name = chance.random() < 0.3, _surface(fact, chance)
        if local and fact.wording != "vaccine":
            fact.tag("local-code")
        if fact.wording == "problem":
            fhir.condition(made, fact, name, local, document.written.isoformat())
        elif fact.wording == "allergy":
            fhir.allergy(made, fact, name)
        elif fact.wording == "procedure":
            fhir.procedure(made, fact, name, local)
        elif fact.wording == "vaccine":
            fhir.immunization(made, fact, name)
        else:
            fhir.medication(made, fact, name, local, document.written.isoformat())
    writer.file(document.file, made.bytes(chance), document.organization, document.moment)
    origin = _origin(document, "fhir", None)
    writer.coded(made, origin)
    writer.texts(made.texts, origin, document)


def _base64(writer: _Writer, document: Document) -> None:
    made = fhir.Bundle("collection", writer.control(), _sender(writer, document.organization), document.moment.isoformat())
    fhir.patient(made, writer.person)
    formal = document.register in ("formal", "english")
    whole = fhir.prose(document, writer.chance) if formal else note(
        document, _words(document, writer.person), _doctor(writer), writer.chance)  # fmt: skip
    fhir.attached(made, document, "门诊记录", whole)
    writer.file(document.file, made.bytes(writer.chance), document.organization, document.moment)
    writer.texts(made.texts, _origin(document, "fhir", None), document)


_WRITERS = {"txt": _note, "mdm": _discharge, "imaging": _imaging, "nte": _referral, "sections": _sections, "base64": _base64}


def _laboratory(writer: _Writer, corrected: Fact | None) -> None:
    """An ORU a day and laboratory, one of them FHIR; a corrected result is sent twice."""
    chance = writer.chance
    groups: dict[tuple[date, str], list[Fact]] = {}
    for fact in writer.story.laboratory:
        place = "XIAN" if fact.more.get("laboratory") else chance.choice(["LAB", "LAB", "SHI"])
        groups.setdefault((fact.start or date.min, place), []).append(fact)
    for number, ((day, place), facts) in enumerate(sorted(groups.items(), key=lambda g: g[0]), 1):
        document = Document(f"lab{number}", f"lab_{number}.hl7", "formal", day + timedelta(days=1),
                            writer.person["organizations"][place], "oru")  # fmt: skip
        document.written = min(document.written, writer.story.patient.as_of)
        if place == "SHI" and corrected not in facts:
            _fhir_laboratory(writer, document, facts)
            continue
        if corrected in facts:
            _oru(writer, document, [f for f in facts if f is corrected], "F", first=True)
            document.file, document.written = f"lab_{number}_c.hl7", document.written + timedelta(days=1)
            document.written = min(document.written, writer.story.patient.as_of)
        _oru(writer, document, facts, "C" if corrected in facts else "F")


def _oru(writer: _Writer, document: Document, facts: Sequence[Fact], status: str, first: bool = False) -> None:
    sender, charset = _sender(writer, document.organization), _charset(writer)
    made = hl7v2.message("ORU^R01^ORU_R01", writer.control(), document.moment, writer.person, sender, charset, "2.4")
    hl7v2.person_segment(made, writer.person, sender)
    filler = f"F{facts[-1 if status == 'C' else 0].start:%Y%m%d}{sender}"
    made.add("OBR", "1", "", filler, "HY02^检验^99HIS", "", "", f"{facts[0].start:%Y%m%d}0730")
    for fact in facts:
        local = writer.chance.random() < 0.35 and not fact.more.get("first")
        if local:
            fact.tag("local-code")
        if first:
            written = fact.more["written"]
            fact.more["written"] = fact.more["first"]
            hl7v2.result(made, fact, fact.name, False)
            fact.more["written"] = written
        else:
            of = "C" if status == "C" and fact.more.get("first") else "F"
            name = fact.name if fact.more.get("first") else _surface(fact, writer.chance)
            hl7v2.result(made, fact, name, local, of)
    writer.file(document.file, made.bytes(charset), document.organization, document.moment)
    origin = _origin(document, "hl7v2", made.control)
    if first:
        for _, _, text, scope in made.coded:
            writer.unit(origin, scope, None, None, text)
    else:
        writer.coded(made, origin)


def _fhir_laboratory(writer: _Writer, document: Document, facts: Sequence[Fact]) -> None:
    document.file = document.file.replace(".hl7", ".json")
    made = fhir.Bundle("collection", writer.control(), _sender(writer, document.organization), document.moment.isoformat())
    fhir.patient(made, writer.person)
    for fact in facts:
        fhir.observation(made, fact, _surface(fact, writer.chance), writer.chance.random() < 0.3)
    writer.file(document.file, made.bytes(writer.chance), document.organization, document.moment)
    writer.coded(made, _origin(document, "fhir", None))


def _prescription(writer: _Writer) -> None:
    facts = writer.story.prescription
    if not facts:
        return
    document = Document("prescription", "prescription.hl7", "formal", writer.story.prescribed,
                        writer.person["organizations"]["XIAN"], "rde")  # fmt: skip
    sender, charset = _sender(writer, document.organization), _charset(writer)
    made = hl7v2.message("RDE^O11^RDE_O11", writer.control(), document.moment, writer.person, sender, charset, "2.4")
    hl7v2.person_segment(made, writer.person, sender)
    made.add("PV1", "1", "O", writer.story.patient.rules["department"])
    for fact in facts:
        local = writer.chance.random() < 0.3
        if local:
            fact.tag("local-code")
        hl7v2.prescription(made, fact, _surface(fact, writer.chance), local)
    writer.file(document.file, made.bytes(charset), document.organization, document.moment)
    writer.coded(made, _origin(document, "hl7v2", made.control))


def _stranger(writer: _Writer) -> None:
    """A result of somebody else with the same name: another number, another birth date."""
    person = dict(writer.person)
    person["birth"] = person["birth"] - timedelta(days=writer.chance.randrange(900, 5000))
    person["national"] = f"99{writer.chance.randrange(1000, 9999)}{person['birth']:%Y%m%d}001X"
    person["mrn"] = {k: str(int(v) + 111) for k, v in person["mrn"].items()}
    written = writer.story.patient.as_of - timedelta(days=writer.chance.randrange(10, 200))
    document = Document("stranger", "lab_x.hl7", "formal", written, person["organizations"]["LAB"], "oru")
    sender = _sender(writer, document.organization)
    made = hl7v2.message("ORU^R01^ORU_R01", writer.control(), document.moment, person, sender, "utf-8", "2.4")
    hl7v2.person_segment(made, person, sender)
    made.add("OBR", "1", "", "X1", "HY02^检验^99HIS", "", "", f"{written:%Y%m%d}0730")
    made.add("OBX", "1", "NM", "2823-3^钾^LN", "", "6.8", "mmol/L", "3.5-5.3", "H", "", "", "F")
    made.add("OBX", "2", "NM", "718-7^血红蛋白^LN", "", "61", "g/L", "115-150", "L", "", "", "F")
    writer.file(document.file, made.bytes("utf-8"), document.organization, document.moment)
    writer.strangers.append({"file": document.file, "message_id": made.control})


def _truth(writer: _Writer) -> Json:
    made = writer.story.patient
    for number, fact in enumerate(made.facts, 1):
        fact.id = f"{made.name}-f{number:03}"
        if len({(s["file"], s["message_id"]) for s in fact.statements}) > 1:
            fact.tag("rephrased-duplicate")
    person = made.person
    return {
        "schema": "reassembly-truth/1", "patient_id": made.name, "archetype": made.archetype,
        "as_of": made.as_of.isoformat(), "question": made.rules["question"],
        "patient": {"name": person["name"], "gender": {"M": "male", "F": "female"}[person["hl7_sex"]],
                    "birth_date": person["birth"].isoformat(),
                    "identifiers": [person["national"], *person["mrn"].values()]},
        "facts": [f.truth() for f in made.facts], "conflicts": _conflicts(made), "missing": _missing(made),
        "must_not_assert": _traps(made), "wrong_patient": writer.strangers, "passages": writer.passages,
        "units": writer.units, "brief": _brief(made),
        "injections": [{"kind": t, "fact_ids": [f.id for f in made.facts if t in f.tags]}
                       for t in sorted({t for f in made.facts for t in f.tags})],
        "files": sorted(line["path"] for line in writer.manifest),
    }  # fmt: skip


def _conflicts(made: Patient) -> list[Json]:
    found: list[Json] = [
        {"id": f"{made.name}-c{n:02}", "kind": c["kind"], "kinds_accepted": c["kinds_accepted"],
         "fact_ids": [f.id for f in c["facts"]]}
        for n, c in enumerate(made.conflicts, 1)
    ]  # fmt: skip
    if made.person.get("odd"):
        found.append({"id": f"{made.name}-c99", "kind": "identity", "kinds_accepted": ["identity"], "fact_ids": [],
                      "field": made.person["odd"], "values": []})  # fmt: skip
    return found


def _missing(made: Patient) -> list[Json]:
    found = []
    if not made.of("allergy", "allergy_absent"):
        found.append({"id": f"{made.name}-m1", "section": "allergies", "sections_ok": ["allergies"],
                      "keywords": ["过敏", "allerg"], "topic": "no allergy information"})  # fmt: skip
    renal = {"肌酐", "估算肾小球滤过率", "尿素氮"}
    if made.rules.get("contrast") and not any(f.name in renal for f in made.of("lab")):
        found.append({"id": f"{made.name}-m2", "section": "results", "sections_ok": ["results", "plans", "procedures"],
                      "keywords": ["肌酐", "肾功", "egfr", "creatinin", "肾小球"],
                      "topic": "no renal function before contrast"})  # fmt: skip
    return found


def _traps(made: Patient) -> list[Json]:
    found = []
    contradicted = {id(f) for c in made.conflicts for f in c["facts"]}
    for fact in made.facts:
        rule = TRAPS.get(fact.wording)
        if rule is None or id(fact) in contradicted or "family" in fact.tags:
            continue
        kind, assertions, statuses, sections = rule
        found.append({"id": f"{made.name}-t{len(found) + 1:02}", "kind": kind, "fact_id": fact.id,
                      "concept": fact.name, "assertions": assertions, "statuses": statuses, "sections": sections})  # fmt: skip
    return found


def _brief(made: Patient) -> Json:
    mains = [f.id for f in made.facts if f.main]
    wanted = [f.id for f in made.facts if f.safety and f.wording not in ("blood",)]
    ordered = list(dict.fromkeys([*mains, *wanted]))
    return {"must_include": ordered[:_MUST_INCLUDE], "top3": [mains] if mains else []}
