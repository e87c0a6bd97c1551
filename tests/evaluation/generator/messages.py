"""The documents of a story as messages and files of its institutions."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.evaluation.generator import fhir, hl7v2
from tests.evaluation.generator.documents import Document, note
from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.writer import Json, Writer, origin_of


def write_document(writer: Writer, document: Document) -> None:
    """In the way of its medium."""
    _WRITERS[document.medium](writer, document)


def _words(document: Document, person: Json) -> dict[str, str]:
    birth: date = person["birth"]
    had = (document.written.month, document.written.day) >= (birth.month, birth.day)
    age = document.written.year - birth.year - (not had)
    return {"name": document.spelt(person["name"]), "sex": person["sex"], "age": str(age)}


def _doctor(writer: Writer) -> str:
    return writer.chance.choice(["韩立新", "褚玉兰", "沈建平", "杨桂英"])


def _note(writer: Writer, document: Document) -> None:
    whole = note(document, _words(document, writer.person), _doctor(writer), writer.chance)
    writer.file(document.file, whole.text.encode(), document.organization, document.moment)
    writer.texts([("", whole.text, whole.placed)], origin_of(document, "text", None) | {"scope": ""}, document)
    for fact in writer.story.patient.facts:
        for statement in fact.statements:
            if statement["file"] == document.file:
                statement["scope"] = ""


def sender_of(writer: Writer, organization: str) -> str:
    names = writer.person["organizations"]
    return str(writer.person["codes"][next(k for k, v in names.items() if v == organization)])


def charset_of(writer: Writer) -> str:
    return writer.chance.choice(["gb18030", "gb18030", "utf-8"])


def surface_of(fact: Fact, chance: Random) -> str:
    """A name as an institution's system has it."""
    if not fact.concept:
        return fact.name
    name = chance.choice(fact.concept.formal)
    if fact.laterality and fact.laterality not in name:
        name = f"{fact.laterality}{fact.more.get('side', '')}{name}"
    return name


def _discharge(writer: Writer, document: Document) -> None:
    chance, person, sender = writer.chance, writer.person, sender_of(writer, document.organization)
    charset, version = charset_of(writer), chance.choice(["2.4", "2.5.1"])
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
    writer.file(
        document.file, admission.bytes(charset) + summary.bytes(charset), document.organization, document.moment
    )
    writer.coded(admission, origin_of(document, "hl7v2", admission.control))
    writer.texts(summary.texts, origin_of(document, "hl7v2", summary.control), document)


def _odd(person: Json) -> Json:
    """The person as the one message has it that contradicts the others."""
    if person.get("odd") == "sex":
        return person | {"hl7_sex": {"M": "F", "F": "M"}[person["hl7_sex"]]}
    if person.get("odd") == "birth_date":
        return person | {"birth": person["birth"] + timedelta(days=31)}
    return person


def _segment(made: hl7v2.Message, fact: Fact, chance: Random) -> None:
    local, name = chance.random() < 0.3, surface_of(fact, chance)
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


def _imaging(writer: Writer, document: Document) -> None:
    if not document.sentences:
        return
    sender, charset = sender_of(writer, document.organization), charset_of(writer)
    made = hl7v2.message("ORU^R01^ORU_R01", writer.control(), document.moment, writer.person, sender, charset, "2.5.1")
    hl7v2.person_segment(made, writer.person, sender)
    stamp = hl7v2.stamp(document.moment)
    made.add("OBR", "1", "", made.control, "YX01^影像检查^99HIS", "", "", stamp)
    hl7v2.prose(made, document, "影像报告", writer.chance)
    writer.file(document.file, made.bytes(charset), document.organization, document.moment)
    writer.texts(made.texts, origin_of(document, "hl7v2", made.control), document)


def _referral(writer: Writer, document: Document) -> None:
    sender, charset = sender_of(writer, document.organization), charset_of(writer)
    document.sentences = [s for s in document.sentences if s.wording != "filler"] or document.sentences
    moment = document.moment
    made = hl7v2.message("REF^I12^REF_I12", writer.control(), moment, writer.person, sender, charset, "2.5.1")
    made.add(
        "RF1",
        "P^待处理^HL70283",
        "R^常规^HL70280",
        "MED^医疗^HL70281",
        "",
        "",
        f"{made.control}R^{sender}",
        hl7v2.day(document.written),
        "",
        "",
        f"O^{hl7v2.escape(writer.story.patient.rules['question'])}^99HIS",
    )
    made.add("PRD", "RP^转出^HL70286", "沈^建平", "", document.organization)
    made.add("PRD", "RT^转入^HL70286", "", "", writer.person["organizations"]["SHI"])
    hl7v2.person_segment(made, writer.person, sender)
    for fact in sorted(document.coded, key=lambda f: ["problem", "allergy"].index(f.wording)):
        _segment(made, fact, writer.chance)
    hl7v2.remarks(made, document)
    writer.file(document.file, made.bytes(charset), document.organization, moment)
    origin = origin_of(document, "hl7v2", made.control)
    writer.coded(made, origin)
    writer.texts(made.texts, origin, document)


def _sections(writer: Writer, document: Document) -> None:
    chance, sender = writer.chance, sender_of(writer, document.organization)
    made = fhir.Bundle("document", writer.control(), sender, document.moment.isoformat())
    fhir.composition(made, document, "门诊病历", chance)
    fhir.patient(made, writer.person)
    for fact in document.coded:
        local, name = chance.random() < 0.3, surface_of(fact, chance)
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
    origin = origin_of(document, "fhir", None)
    writer.coded(made, origin)
    writer.texts(made.texts, origin, document)


def _base64(writer: Writer, document: Document) -> None:
    made = fhir.Bundle(
        "collection", writer.control(), sender_of(writer, document.organization), document.moment.isoformat()
    )
    fhir.patient(made, writer.person)
    formal = document.register in ("formal", "english")
    whole = fhir.prose(document, writer.chance) if formal else note(
        document, _words(document, writer.person), _doctor(writer), writer.chance)  # fmt: skip
    fhir.attached(made, document, "门诊记录", whole)
    writer.file(document.file, made.bytes(writer.chance), document.organization, document.moment)
    writer.texts(made.texts, origin_of(document, "fhir", None), document)


_WRITERS = {
    "txt": _note,
    "mdm": _discharge,
    "imaging": _imaging,
    "nte": _referral,
    "sections": _sections,
    "base64": _base64,
}
