"""Items of a record as resources of the summary. What the record does not say, they do not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapters.fhir.ips.allergies import allergy
from adapters.fhir.ips.elements import (
    CATEGORY,
    LOINC,
    PROFILE,
    Item,
    code_of,
    coding,
    concept,
    dated,
    moment,
    name,
    none_known,
    plain,
    quantity,
)
from adapters.fhir.ips.observations import observations
from hub.domain.fragments import Resource

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_CERTAIN = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"

_RELATIONS = (("外祖母", "MGRMTH"), ("外婆", "MGRMTH"), ("姥姥", "MGRMTH"), ("外祖父", "MGRFTH"), ("外公", "MGRFTH"),
              ("姥爷", "MGRFTH"), ("祖母", "PGRMTH"), ("奶奶", "PGRMTH"), ("祖父", "PGRFTH"), ("爷爷", "PGRFTH"),
              ("母", "MTH"), ("妈", "MTH"), ("娘", "MTH"), ("父", "FTH"), ("爸", "FTH"), ("爹", "FTH"),
              ("哥", "BRO"), ("弟", "BRO"), ("兄", "BRO"), ("姐", "SIS"), ("妹", "SIS"), ("儿子", "SONC"),
              ("女儿", "DAUC"), ("mother", "MTH"), ("father", "FTH"), ("brother", "BRO"),
              ("sister", "SIS"))  # fmt: skip

_VISITED = {"completed": "finished", "active": "in-progress", "planned": "planned"}
_CLASSES = (("急诊", "EMER"), ("门诊", "AMB"), ("住院", "IMP"), ("入院", "IMP"), ("inpatient", "IMP"),
            ("outpatient", "AMB"), ("emergency", "EMER"))  # fmt: skip


def condition(item: Item, patient: Resource) -> Iterator[Resource]:
    start, end, status = moment(item["start"]), moment(item["end"]), item["status"]
    clinical = "resolved" if status == "resolved" else "inactive" if end else "active" if status == "active" else None
    certain = {"absent": "refuted", "uncertain": "unconfirmed"}.get(item["assertion"])
    made: Resource = {"resourceType": "Condition", "meta": {"profile": [f"{PROFILE}Condition-uv-ips"]}}
    if none_known(item):
        clinical, certain = "active", None
    if clinical and certain != "refuted":
        made["clinicalStatus"] = concept(coding(_CLINICAL, clinical))
        category = "http://terminology.hl7.org/CodeSystem/condition-category"
        made["category"] = [concept(coding(category, "problem-list-item"))]
    if certain:
        made["verificationStatus"] = concept(coding(_CERTAIN, certain))
    made |= {"code": code_of(item), "subject": patient}
    if start:
        made["onsetDateTime"] = start
    if end and clinical in ("resolved", "inactive") and (not start or start <= end):
        made["abatementDateTime"] = end
    yield made


_TAKEN = {"active": "active", "stopped": "stopped", "completed": "completed", "resolved": "completed",
          "planned": "intended", "unknown": "unknown"}  # fmt: skip


def medication(item: Item, patient: Resource) -> Iterator[Resource]:
    given = item["medication"] or {}
    status = "not-taken" if item["assertion"] == "absent" and not none_known(item) else _TAKEN[item["status"]]
    made: Resource = {
        "resourceType": "MedicationStatement",
        "meta": {"profile": [f"{PROFILE}MedicationStatement-uv-ips"]},
        "status": "unknown" if item["assertion"] == "uncertain" else status,
        "medicationCodeableConcept": code_of(item),
        "subject": patient,
        **_period(item),
    }
    reason = next(
        (s["reason"] for s in item.get("history") or () if s["item_id"] == item["id"] and s.get("reason")), ""
    )
    if reason and status in ("stopped", "not-taken"):
        made["statusReason"] = [concept(text=plain(reason))]
    dosage = _dosage(given)
    if dosage:
        made["dosage"] = [dosage]
    yield {**made, **_note_of_doubt(item)}


def _note_of_doubt(item: Item) -> Resource:
    return {"note": [{"text": "不确定"}]} if item["assertion"] == "uncertain" else {}


def _period(item: Item) -> Resource:
    """How long it is taken: the day of its start does not end it."""
    period = _when(item)
    return {"effectivePeriod": period} if period else dated("effective", {})


def _dosage(given: Mapping[str, Any]) -> Resource:
    dose = f"{given['dose']}{given.get('unit') or ''}" if given.get("dose") is not None else ""
    parts = [dose, str(given.get("frequency") or ""), str(given.get("route") or "")]
    text = " ".join(plain(part) for part in parts if part)
    if not text:
        return {}
    made: Resource = {"text": text}
    if given.get("frequency"):
        made["timing"] = {"code": concept(text=plain(given["frequency"]))}
    if given.get("route"):
        made["route"] = concept(text=plain(given["route"]))
    if given.get("dose") is not None:
        made["doseAndRate"] = [{"doseQuantity": quantity(given["dose"], given.get("unit"), None)}]
    return made


_DONE = {"completed": "completed", "active": "in-progress", "planned": "preparation", "stopped": "stopped"}


def procedure(item: Item, patient: Resource) -> Iterator[Resource]:
    denied = item["assertion"] == "absent" and not none_known(item)
    yield {
        "resourceType": "Procedure",
        "meta": {"profile": [f"{PROFILE}Procedure-uv-ips"]},
        "status": "not-done" if denied else _DONE.get(item["status"], "unknown"),
        "code": code_of(item),
        "subject": patient,
        **dated("performed", item),
        **_note_of_doubt(item),
    }


def immunization(item: Item, patient: Resource) -> Iterator[Resource]:
    when = moment(item["start"]) or moment(item["end"])
    denied = item["assertion"] == "absent" and not none_known(item)
    yield {
        "resourceType": "Immunization",
        "meta": {"profile": [f"{PROFILE}Immunization-uv-ips"]},
        "status": "not-done" if denied or item["status"] == "planned" else "completed",
        "vaccineCode": code_of(item),
        "patient": patient,
        **dated("occurrence", {"start": when}),
        **_note_of_doubt(item),
    }


def social(item: Item, patient: Resource) -> Iterator[Resource]:
    yield {
        "resourceType": "Observation",
        "status": "unknown",
        "category": [concept(coding(CATEGORY, "social-history"))],
        "code": code_of(item) if item.get("code") else concept(coding(LOINC, "29762-2", "Social history note")),
        "subject": patient,
        **dated("effective", item),
        "valueString": plain(item["text"]),
    }


def family(item: Item, patient: Resource) -> Iterator[Resource]:
    """Of a relative; what is denied of the family stands as a note, for FHIR has no denied condition of a relative."""
    said = re.sub("^(?:否认：|疑似：)?家族史：", "", plain(item["text"]))
    relative, _, what = said.partition(" ")
    role = next((code for word, code in _RELATIONS if word in relative.lower()), "FAMMEMB")
    made: Resource = {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "patient": patient,
        "relationship": concept(coding(_ROLE, role), text=relative or "亲属"),
    }
    if item["assertion"] == "present" and what:
        made["condition"] = [{"code": code_of(item, name({**item, "text": what}))}]
    else:
        made["note"] = [{"text": plain(item["text"])}]
    yield made


def encounter(item: Item, patient: Resource) -> Iterator[Resource]:
    period = _when(item)
    yield {
        "resourceType": "Encounter",
        "status": _VISITED.get(item["status"], "unknown"),
        "class": _class(plain(item["text"])),
        "type": [concept(text=plain(item["text"]))],
        "subject": patient,
        **({"period": period} if period else {}),
    }


def _when(item: Item) -> Resource:
    start, end = moment(item["start"]), moment(item["end"])
    return {**({"start": start} if start else {}), **({"end": end} if end and (not start or start <= end) else {})}


def _class(text: str) -> Resource:
    code = next((code for word, code in _CLASSES if text.lower().startswith(word)), None)
    if code:
        return coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", code)
    return coding("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")


_INTENDED = {"planned": "active", "active": "active", "completed": "completed", "stopped": "revoked"}


def plan(item: Item, patient: Resource) -> Iterator[Resource]:
    period, text = _when(item), plain(item["text"])
    made: Resource = {
        "resourceType": "CarePlan",
        "status": _INTENDED.get(item["status"], "unknown"),
        "intent": "plan",
        "title": name(item)[:200],
        "description": text,
        "subject": patient,
        **({"period": period} if period else {}),
    }
    if item["assertion"] == "absent":
        made["title"] = text[:200]
        made["activity"] = [{"detail": {"status": "unknown", "doNotPerform": True, "description": text}}]
    yield made


Builder = Callable[[Item, Resource], Iterator[Resource]]

BUILDERS: dict[str, Builder] = {
    "problems": condition,
    "allergies": allergy,
    "medications": medication,
    "results": observations,
    "procedures": procedure,
    "immunizations": immunization,
    "encounters": encounter,
    "plans": plan,
}
"""By section of the record; of `history` the kind decides."""

HISTORY: dict[str, Builder] = {"family": family, "social": social}


def built(section: str, item: Item, patient: Resource) -> list[Resource]:
    """The resources that say what an item says. patient: a reference."""
    builder = HISTORY.get(item["kind"]) or BUILDERS.get(section) or social
    return list(builder(item, patient))
