"""Items of a record as resources of the summary. What the record does not say, they do not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapters.fhir.ips.elements import (
    LOINC,
    PROFILE,
    Item,
    code_of,
    coding,
    concept,
    dated,
    moment,
    name,
    plain,
    quantity,
)
from hub.domain.fragments import Resource

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_CERTAIN = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_ALLERGY_CERTAIN = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"

_INTERPRETATIONS = frozenset(
    {"A", "AA", "H", "HH", "HU", "L", "LL", "LU", "N", "POS", "NEG", "IND", "R", "S", "I", "ND", "DET", "U", "D", "B",
     "W", "E", "EXP", "UNE"}
)  # fmt: skip

_DENIAL = re.compile(
    r"^(?:患者)?(?:自诉|既往)?(?:否认|无|没有|未发现|未见|不存在|no (?:known )?|nk|denies)(?P<of>.*)$", re.IGNORECASE
)
_NO_ALLERGY = (
    (re.compile(r"食物|food", re.IGNORECASE), "no-known-food-allergies", "No known food allergies"),
    (re.compile(r"药|drug|medic", re.IGNORECASE), "no-known-medication-allergies", "No known medication allergies"),
)
_ALL_ALLERGY = re.compile(r"(?:药物|药品)[、和及与]?食物|食物[、和及与]?(?:药物|药品)")
_ANY_ALLERGY = re.compile(
    r"^(?:任何|明显|明确|其他|已知|特殊)*(?:过敏史?|过敏性疾病史?|allerg\w*)[。.]?$", re.IGNORECASE
)
_KIND_OF_ALLERGY = re.compile(
    r"^(?:任何|明显|明确|已知)*(?:食物|药物|药品|drug|medication|food) ?(?:过敏史?|allerg\w*)?[。.]?$", re.IGNORECASE
)

_RELATIONS = (("外祖母", "MGRMTH"), ("外婆", "MGRMTH"), ("姥姥", "MGRMTH"), ("外祖父", "MGRFTH"), ("外公", "MGRFTH"),
              ("姥爷", "MGRFTH"), ("祖母", "PGRMTH"), ("奶奶", "PGRMTH"), ("祖父", "PGRFTH"), ("爷爷", "PGRFTH"),
              ("母", "MTH"), ("妈", "MTH"), ("娘", "MTH"), ("父", "FTH"), ("爸", "FTH"), ("爹", "FTH"),
              ("哥", "BRO"), ("弟", "BRO"), ("兄", "BRO"), ("姐", "SIS"), ("妹", "SIS"), ("儿子", "SONC"),
              ("女儿", "DAUC"), ("mother", "MTH"), ("father", "FTH"), ("brother", "BRO"),
              ("sister", "SIS"))  # fmt: skip

_VISITED = {"completed": "finished", "active": "in-progress", "planned": "planned"}
_CLASSES = (("急诊", "EMER"), ("门诊", "AMB"), ("住院", "IMP"), ("入院", "IMP"), ("inpatient", "IMP"),
            ("outpatient", "AMB"), ("emergency", "EMER"))  # fmt: skip

VITAL = frozenset({"8480-6", "8462-4", "85354-9", "8867-4", "9279-1", "8310-5", "29463-7", "8302-2", "39156-5",
                   "2708-6", "59408-5", "8287-5"})  # fmt: skip
_NAMED_VITAL = re.compile(
    r"^(?:家庭|自测|门诊)*(?:收缩压|舒张压|血压|心率|脉搏|脉率|呼吸(?:频率)?|体温|体重|身高|体质?量?指数|BMI|SpO2|SPO2|"
    r"(?:血|指脉)?氧饱和度|BP|SBP|DBP|HR)$",
    re.IGNORECASE,
)
_IMAGED = re.compile(r"射血分数|LVEF|^EF$|心电|彩超|超声|CT|MRI|磁共振|胸片|眼底|肺功能|FEV", re.IGNORECASE)


def is_vital(item: Item) -> bool:
    """Whether a result is a vital sign, by LOINC or by its own name."""
    code = item.get("code") or {}
    return (code.get("system") == LOINC and code.get("code") in VITAL) or bool(_NAMED_VITAL.match(name(item)))


def condition(item: Item, patient: Resource) -> Iterator[Resource]:
    start, end, status = moment(item["start"]), moment(item["end"]), item["status"]
    clinical = "resolved" if status == "resolved" else "inactive" if end else "active" if status == "active" else None
    certain = {"absent": "refuted", "uncertain": "unconfirmed"}.get(item["assertion"])
    made: Resource = {"resourceType": "Condition", "meta": {"profile": [f"{PROFILE}Condition-uv-ips"]}}
    if clinical and certain != "refuted":
        made["clinicalStatus"] = concept(coding(_CLINICAL, clinical))
        category = "http://terminology.hl7.org/CodeSystem/condition-category"
        made["category"] = [concept(coding(category, "problem-list-item"))]
    if certain:
        made["verificationStatus"] = concept(coding(_CERTAIN, certain))
    made |= {"code": code_of(item), "subject": patient}
    if start:
        made["onsetDateTime"] = start
    if end and clinical in ("resolved", "inactive"):
        made["abatementDateTime"] = end
    yield made


def allergy(item: Item, patient: Resource) -> Iterator[Resource]:
    """A general denial is the IPS's own code beside its wording; a denied substance is refuted."""
    text = plain(item["text"])
    absent = item["assertion"] == "absent"
    made: Resource = {
        "resourceType": "AllergyIntolerance",
        "meta": {"profile": [f"{PROFILE}AllergyIntolerance-uv-ips"]},
        "clinicalStatus": concept(coding(_ALLERGY, "resolved" if item["status"] == "resolved" else "active")),
    }
    general = _denied(text) if absent else None
    code = code_of(item, _substance(text))
    if general:
        code = {**code, "coding": [general, *code.get("coding", ())]}
    elif absent:
        made["clinicalStatus"] = concept(coding(_ALLERGY, "inactive"))
        made["verificationStatus"] = concept(coding(_ALLERGY_CERTAIN, "refuted"))
    elif item["assertion"] == "uncertain":
        made["verificationStatus"] = concept(coding(_ALLERGY_CERTAIN, "unconfirmed"))
    made |= {"code": code, "patient": patient}
    start = moment(item["start"])
    if start:
        made["onsetDateTime"] = start
    reactions = re.search(r"（([^（）]+)）", text) if not absent else None
    if reactions:
        made["reaction"] = [{"manifestation": [concept(text=r) for r in reactions[1].split("、") if r]}]
    yield made


def _substance(text: str) -> str:
    return re.sub(r"(?: 过敏)?(?:（[^（）]*）)?(?: \d{4}[-\d]*)?$", "", re.sub("^(?:否认|疑似)：", "", text)) or text


def _denied(text: str) -> Resource | None:
    """The IPS code of a denial of all allergies, or of all of a kind; None of a denied substance."""
    found = _DENIAL.match(text.replace("：", ""))
    said = found["of"].strip() if found else ""
    if _ALL_ALLERGY.search(said) or _ANY_ALLERGY.match(said):
        return coding(_ABSENT, "no-known-allergies", "No known allergies")
    if not _KIND_OF_ALLERGY.match(said):
        return None
    kinds = (coding(_ABSENT, code, display) for pattern, code, display in _NO_ALLERGY if pattern.search(said))
    return next(kinds, None)


_TAKEN = {"active": "active", "stopped": "stopped", "completed": "completed", "resolved": "completed",
          "planned": "intended", "unknown": "unknown"}  # fmt: skip


def medication(item: Item, patient: Resource) -> Iterator[Resource]:
    given = item["medication"] or {}
    status = "not-taken" if item["assertion"] == "absent" else _TAKEN[item["status"]]
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
    if item["assertion"] == "uncertain":
        made["note"] = [{"text": "不确定"}]
    yield made


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


def observations(item: Item, patient: Resource) -> Iterator[Resource]:
    """A result; of a series each measurement as one Observation, the newest first."""
    value = item["value"] or {}
    series = item.get("series") or ()
    if not series:
        yield _observation(item, patient, value, item["start"], item["sources"])
        return
    for point in reversed(series):
        same = point["unit"] == value.get("unit")
        single = len(series) == 1 or (point["date"] == item["start"] and point["number"] == value.get("number"))
        said = {"number": point["number"], "unit": point["unit"], "ucum": value.get("ucum") if same else None,
                "low": point.get("low"), "high": point.get("high"), "interpretation": point.get("interpretation"),
                "text": value.get("text") if single else ""}  # fmt: skip
        made = _observation(item, patient, said, point["date"], point["sources"])
        notes = [*_converted(point), *([plain(point["flag"])] if point.get("flag") else [])]
        if notes:
            made["note"] = [{"text": note} for note in notes]
        yield made


def _converted(point: Mapping[str, Any]) -> Iterator[str]:
    found = point.get("converted")
    if found and (found["unit"] != point["unit"]):
        yield f"换算：{found['number']} {found['unit']}"


def _observation(item: Item, patient: Resource, value: Mapping[str, Any], date: str | None,
                 sources: list[Mapping[str, Any]]) -> Resource:  # fmt: skip
    measured = value.get("number") is not None
    vital = is_vital(item)
    laboratory = measured and not vital and (item.get("code") or {}).get("system") == LOINC
    laboratory = laboratory and not _IMAGED.search(name(item))
    made: Resource = {"resourceType": "Observation"}
    if laboratory:
        made["meta"] = {"profile": [f"{PROFILE}Observation-results-laboratory-pathology-uv-ips"]}
    made["status"] = "final" if item["status"] == "completed" else "unknown"
    if laboratory or vital:
        made["category"] = [concept(coding(_CATEGORY, "laboratory" if laboratory else "vital-signs"))]
    made |= {"code": code_of(item), "subject": patient, **dated("effective", {"start": date})}
    if laboratory:  # who reports a coded result; of what a note mentions, Provenance says who mentions it
        made["performer"] = [{"display": plain(organization)} for organization in _organizations(sources)]
    if measured:
        made["valueQuantity"] = quantity(value["number"], value.get("unit"), value.get("ucum"), value.get("text") or "")
    elif plain(value.get("text") or ""):
        made["valueString"] = plain(value["text"])
    elif item["assertion"] == "present":
        made["valueString"] = plain(item["text"])
    if value.get("interpretation") in _INTERPRETATIONS:
        made["interpretation"] = [concept(coding(_INTERPRETATION, value["interpretation"]))]
    reference = {limit: quantity(value[limit], value.get("unit"), value.get("ucum")) for limit in ("low", "high")
                 if value.get(limit) is not None}  # fmt: skip
    if reference:
        made["referenceRange"] = [reference]
    return made


def _organizations(sources: list[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(s["organization"] for s in sources))


_DONE = {"completed": "completed", "active": "in-progress", "planned": "preparation", "stopped": "stopped"}


def procedure(item: Item, patient: Resource) -> Iterator[Resource]:
    yield {
        "resourceType": "Procedure",
        "meta": {"profile": [f"{PROFILE}Procedure-uv-ips"]},
        "status": "not-done" if item["assertion"] == "absent" else _DONE.get(item["status"], "unknown"),
        "code": code_of(item),
        "subject": patient,
        **dated("performed", item),
        **({"note": [{"text": "不确定"}]} if item["assertion"] == "uncertain" else {}),
    }


def immunization(item: Item, patient: Resource) -> Iterator[Resource]:
    when = moment(item["start"]) or moment(item["end"])
    yield {
        "resourceType": "Immunization",
        "meta": {"profile": [f"{PROFILE}Immunization-uv-ips"]},
        "status": "not-done" if item["assertion"] == "absent" or item["status"] == "planned" else "completed",
        "vaccineCode": code_of(item),
        "patient": patient,
        **dated("occurrence", {"start": when}),
    }


def social(item: Item, patient: Resource) -> Iterator[Resource]:
    yield {
        "resourceType": "Observation",
        "status": "unknown",
        "category": [concept(coding(_CATEGORY, "social-history"))],
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
        "status": {"completed": "finished", "active": "in-progress", "planned": "planned"}.get(
            item["status"], "unknown"
        ),
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


def plan(item: Item, patient: Resource) -> Iterator[Resource]:
    period = _when(item)
    yield {
        "resourceType": "CarePlan",
        "status": {"completed": "completed", "stopped": "revoked", "active": "active"}.get(item["status"], "unknown"),
        "intent": "plan",
        "title": name(item)[:200],
        "description": plain(item["text"]),
        "subject": patient,
        **({"period": period} if period else {}),
    }


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
