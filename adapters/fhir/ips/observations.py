"""Results of a record as Observations of the summary: laboratory results, vital signs, what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.fhir.ips.elements import (
    CATEGORY,
    LOINC,
    PROFILE,
    Item,
    code_of,
    coding,
    concept,
    dated,
    name,
    plain,
    quantity,
)
from hub.domain.fragments import Resource

_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

_INTERPRETATIONS = frozenset(
    {"A", "AA", "H", "HH", "HU", "L", "LL", "LU", "N", "POS", "NEG", "IND", "R", "S", "I", "ND", "DET", "U", "D", "B",
     "W", "E", "EXP", "UNE"}
)  # fmt: skip

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
        made["category"] = [concept(coding(CATEGORY, "laboratory" if laboratory else "vital-signs"))]
    made |= {"code": code_of(item), "subject": patient, **dated("effective", {"start": date})}
    if laboratory:  # who reports a coded result; of what a note mentions, Provenance says who mentions it
        made["performer"] = [{"display": plain(organization)} for organization in _organizations(sources)]
    if measured:
        made["valueQuantity"] = quantity(value["number"], value.get("unit"), value.get("ucum"), value.get("text") or "")
    elif plain(value.get("text") or ""):
        made["valueString"] = plain(value["text"])
    else:
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
