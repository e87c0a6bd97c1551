"""Allergies of a record, and their denials, as AllergyIntolerance of the summary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.fhir.ips.elements import PROFILE, Item, code_of, coding, concept, moment, plain
from hub.domain.fragments import Resource

_ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_ALLERGY_CERTAIN = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"

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
