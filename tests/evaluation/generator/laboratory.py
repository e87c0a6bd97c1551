"""Results, prescriptions, and what a laboratory sent of somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tests.evaluation.generator import fhir, hl7v2
from tests.evaluation.generator.documents import Document
from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.messages import charset_of, sender_of, surface_of
from tests.evaluation.generator.writer import Writer, origin_of

_COPIED = 0.33
_LOCAL = 0.3


def write_laboratory(writer: Writer, corrected: Fact | None) -> None:
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


def _oru(writer: Writer, document: Document, facts: Sequence[Fact], status: str, first: bool = False) -> None:
    sender, charset = sender_of(writer, document.organization), charset_of(writer)
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
            name = fact.name if fact.more.get("first") else surface_of(fact, writer.chance)
            hl7v2.result(made, fact, name, local, of)
    writer.file(document.file, made.bytes(charset), document.organization, document.moment)
    origin = origin_of(document, "hl7v2", made.control)
    if first:
        for _, _, text, scope in made.coded:
            writer.unit(origin, scope, None, None, text)
    else:
        writer.coded(made, origin)


def _fhir_laboratory(writer: Writer, document: Document, facts: Sequence[Fact]) -> None:
    document.file = document.file.replace(".hl7", ".json")
    made = fhir.Bundle(
        "collection", writer.control(), sender_of(writer, document.organization), document.moment.isoformat()
    )
    fhir.patient(made, writer.person)
    for fact in facts:
        fhir.observation(made, fact, surface_of(fact, writer.chance), writer.chance.random() < 0.3)
    writer.file(document.file, made.bytes(writer.chance), document.organization, document.moment)
    writer.coded(made, origin_of(document, "fhir", None))


def write_prescription(writer: Writer) -> None:
    """An RDE; in a third of patients sent once more, as it is, by another hospital."""
    facts = writer.story.prescription
    if not facts:
        return
    origins = [("prescription.hl7", "XIAN", 0)]
    if writer.chance.random() < _COPIED:
        origins.append(("prescription_b.hl7", "SHI", 2))
    names = [(fact, surface_of(fact, writer.chance), writer.chance.random() < _LOCAL) for fact in facts]
    for file, place, later in origins:
        written = min(writer.story.prescribed + timedelta(days=later), writer.story.patient.as_of)
        document = Document(file, file, "formal", written, writer.person["organizations"][place], "rde")
        sender, charset = sender_of(writer, document.organization), charset_of(writer)
        made = hl7v2.message(
            "RDE^O11^RDE_O11", writer.control(), document.moment, writer.person, sender, charset, "2.4"
        )
        hl7v2.person_segment(made, writer.person, sender)
        made.add("PV1", "1", "O", writer.story.patient.rules["department"])
        for fact, name, local in names:
            if local:
                fact.tag("local-code")
            if later:
                fact.tag("exact-duplicate")
            hl7v2.prescription(made, fact, name, local)
        writer.file(document.file, made.bytes(charset), document.organization, document.moment)
        writer.coded(made, origin_of(document, "hl7v2", made.control))


def write_stranger(writer: Writer) -> None:
    """A result of somebody else with the same name: another number, another birth date."""
    person = dict(writer.person)
    person["birth"] = person["birth"] - timedelta(days=writer.chance.randrange(900, 5000))
    person["national"] = f"99{writer.chance.randrange(1000, 9999)}{person['birth']:%Y%m%d}001X"
    person["mrn"] = {k: str(int(v) + 111) for k, v in person["mrn"].items()}
    written = writer.story.patient.as_of - timedelta(days=writer.chance.randrange(10, 200))
    document = Document("stranger", "lab_x.hl7", "formal", written, person["organizations"]["LAB"], "oru")
    sender = sender_of(writer, document.organization)
    made = hl7v2.message("ORU^R01^ORU_R01", writer.control(), document.moment, person, sender, "utf-8", "2.4")
    hl7v2.person_segment(made, person, sender)
    made.add("OBR", "1", "", "X1", "HY02^检验^99HIS", "", "", f"{written:%Y%m%d}0730")
    made.add("OBX", "1", "NM", "2823-3^钾^LN", "", "6.8", "mmol/L", "3.5-5.3", "H", "", "", "F")
    made.add("OBX", "2", "NM", "718-7^血红蛋白^LN", "", "61", "g/L", "115-150", "L", "", "", "F")
    writer.file(document.file, made.bytes("utf-8"), document.organization, document.moment)
    writer.strangers.append({"file": document.file, "message_id": made.control})
