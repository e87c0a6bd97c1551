"""FHIR Bundles of a generated patient, and where each statement then stands."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.evaluation.generator.documents import Document, Placed, Text, headed, sections
from tests.evaluation.generator.facts import Fact

Json = dict[str, Any]
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>'
_SYSTEMS = {
    "problem": "http://hl7.org/fhir/sid/icd-10", "lab": "http://loinc.org", "medication": "http://www.whocc.no/atc",
    "procedure": "http://hl7.org/fhir/sid/icd-9-cm", "vaccine": "http://www.whocc.no/atc",
}  # fmt: skip
_FREQUENCIES = {"qd": "每日1次", "bid": "每日2次", "tid": "每日3次", "qn": "每晚1次", "prn": "必要时", "qw": "每周1次"}


@dataclass(slots=True)
class Bundle:
    """Entries, and the statements as `hl7v2.Message` has them."""

    kind: str
    identity: str
    sender: str
    timestamp: str
    entries: list[Json] = field(default_factory=list)
    coded: list[tuple[Fact, str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str, list[Placed]]] = field(default_factory=list)

    def add(self, resource: Json) -> str:
        """The JSON pointer of the resource."""
        self.entries.append({"fullUrl": self.url(len(self.entries)), "resource": resource})
        return f"/entry/{len(self.entries) - 1}/resource"

    def url(self, number: int) -> str:
        """The fullUrl of an entry."""
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, self.identity + str(number))}"

    def subject(self) -> Json:
        """A reference to the Patient."""
        urls = [e["fullUrl"] for e in self.entries if e["resource"]["resourceType"] == "Patient"]
        return {"reference": urls[0]}

    def bytes(self, chance: Random) -> bytes:
        whole = {"resourceType": "Bundle", "id": self.identity.lower(),
                 "identifier": {"system": f"urn:org:{self.sender}", "value": self.identity},
                 "type": self.kind, "timestamp": self.timestamp, "entry": self.entries}  # fmt: skip
        return json.dumps(whole, ensure_ascii=False, indent=chance.choice([None, 1, 2])).encode()


def patient(made: Bundle, person: dict[str, Any]) -> None:
    name = person["name"]
    made.add({
        "resourceType": "Patient", "id": "p1",
        "identifier": [{"use": "usual", "system": f"urn:org:{made.sender}:mrn", "value": person["mrn"][made.sender]},
                       {"use": "official", "system": "urn:oid:2.16.156.10011.1.3", "value": person["national"]}],
        "name": [{"text": name, "family": name[0], "given": [name[1:]]}],
        "gender": {"M": "male", "F": "female"}[person["hl7_sex"]], "birthDate": person["birth"].isoformat(),
    })  # fmt: skip


def _concept(fact: Fact, kind: str, name: str, local: bool, sender: str) -> Json:
    if local or not fact.codes:
        coding = {"system": f"urn:org:{sender}:codes", "code": f"K{sum(map(ord, fact.name)) % 9000}", "display": name}
    else:
        coding = {"system": _SYSTEMS[kind], "code": fact.codes[0], "display": name}
    return {"coding": [coding]}


def condition(made: Bundle, fact: Fact, name: str, local: bool, recorded: str) -> None:
    resource: Json = {
        "resourceType": "Condition",
        "clinicalStatus": _status("condition-clinical", "active"),
        "verificationStatus": _status("condition-ver-status", "confirmed"),
        "code": _concept(fact, "problem", name, local, made.sender),
        "subject": made.subject(),
        "recordedDate": recorded,
    }
    if fact.start:
        resource["onsetDateTime"] = fact.start.isoformat()
    _coded(made, fact, resource, "code/coding/0/display", name)


def allergy(made: Bundle, fact: Fact, name: str) -> None:
    resource: Json = {
        "resourceType": "AllergyIntolerance", "clinicalStatus": _status("allergyintolerance-clinical", "active"),
        "verificationStatus": _status("allergyintolerance-verification", "confirmed"),
        "code": _concept(fact, "problem", name, True, made.sender), "patient": made.subject(),
    }  # fmt: skip
    if "reaction" in fact.more:
        resource["reaction"] = [{"manifestation": [{"text": fact.more["reaction"]}]}]
    _coded(made, fact, resource, "code/coding/0/display", name)


def procedure(made: Bundle, fact: Fact, name: str, local: bool) -> None:
    resource: Json = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": _concept(fact, "procedure", name, local, made.sender),
        "subject": made.subject(),
    }
    if fact.start:
        resource["performedDateTime"] = fact.start.isoformat()
    if fact.laterality:
        side = {"左": "左侧", "右": "右侧"}[fact.laterality]
        resource["bodySite"] = [{"text": side}]
    _coded(made, fact, resource, "code/coding/0/display", name)


def observation(made: Bundle, fact: Fact, name: str, local: bool) -> None:
    value = fact.value or {}
    day = fact.start.isoformat() if fact.start else ""
    quantity = {"value": float(fact.more["written"]), "unit": value["unit"] or "1"}
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": _concept(fact, "lab", name, local, made.sender),
        "subject": made.subject(),
        "effectiveDateTime": f"{day}T07:30:00+08:00",
        "valueQuantity": quantity,
    }
    _coded(made, fact, resource, "valueQuantity/value", str(quantity["value"]))


def medication(made: Bundle, fact: Fact, name: str, local: bool, written: str) -> None:
    said = fact.medication or {}
    dosage: Json = {"timing": {"code": {"text": _FREQUENCIES[said["frequency"]]}}, "route": {"text": said["route"]},
                    "doseAndRate": [{"doseQuantity": {"value": said["dose"], "unit": said["unit"]}}]}  # fmt: skip
    resource: Json = {
        "resourceType": "MedicationStatement", "status": "active",
        "medicationCodeableConcept": _concept(fact, "medication", name, local, made.sender), "subject": made.subject(),
        "dateAsserted": written, "dosage": [dosage],
    }  # fmt: skip
    if fact.start:
        resource["effectivePeriod"] = {"start": fact.start.isoformat()}
    _coded(made, fact, resource, "medicationCodeableConcept/coding/0/display", name)


def immunization(made: Bundle, fact: Fact, name: str) -> None:
    day = fact.start.isoformat() if fact.start else ""
    resource = {
        "resourceType": "Immunization",
        "status": "completed",
        "occurrenceDateTime": day,
        "vaccineCode": _concept(fact, "vaccine", name, False, made.sender),
        "patient": made.subject(),
    }
    _coded(made, fact, resource, "vaccineCode/coding/0/display", name)


def composition(made: Bundle, document: Document, title: str, chance: Random) -> None:
    """A Composition whose sections are narratives: the first entry, the Patient follows it."""
    parts = sections(document, chance)
    listed = []
    for number, (heading, part) in enumerate(parts):
        text = part.text.strip()
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        listed.append({"title": heading, "text": {"status": "generated", "div": f"{_DIV}{escaped}</p></div>"}})
        if escaped != text:
            raise ValueError("offsets behind an escaped character are not worked out")
        placed = [Placed(p.sentence, p.start + len(_DIV), p.end + len(_DIV)) for p in part.placed]
        made.texts.append((f"/entry/0/resource/section/{number}/text/div", f"{_DIV}{text}</p></div>", placed))
    made.add({
        "resourceType": "Composition", "status": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": "18842-5"}], "text": title},
        "subject": {"reference": made.url(1)}, "date": document.moment.isoformat(),
        "author": [{"display": person_name(chance)}], "title": title, "section": listed,
    })  # fmt: skip


def attached(made: Bundle, document: Document, title: str, whole: Text) -> None:
    """A DocumentReference with the text as base64."""
    data = base64.b64encode(whole.text.encode()).decode()
    pointer = made.add({
        "resourceType": "DocumentReference", "status": "current", "type": {"text": title}, "subject": made.subject(),
        "date": document.moment.isoformat(),
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data, "title": title}}],
    })  # fmt: skip
    made.texts.append((f"{pointer}/content/0/attachment/data", whole.text, whole.placed))


def prose(document: Document, chance: Random) -> Text:
    """A formal document as one text of headed sections."""
    return headed(sections(document, chance), "{}\n" if document.register == "english" else "{}：", "\n")


def person_name(chance: Random) -> str:
    return chance.choice("赵钱孙李周吴") + chance.choice(["立新", "明月", "卫东"])


def _status(name: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code}]}


def _coded(made: Bundle, fact: Fact, resource: Json, path: str, name: str) -> None:
    pointer = made.add(resource)
    made.coded.append((fact, f"{pointer}/{path}", name, pointer))
