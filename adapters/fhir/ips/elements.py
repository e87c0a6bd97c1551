"""Elements of the summary's resources: concepts, dates, quantities, narratives, from what a record's item says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from html import escape
from typing import Any

from hub.domain import absence
from hub.domain.fragments import Resource

Item = Mapping[str, Any]

PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LANGUAGE = "zh-CN"
ABSENT_REASON = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}

_ABSOLUTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")
_CODE = re.compile(r"^\S+( \S+)*$")
_MOMENT = re.compile(r"^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?$")
_DAY = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_TAIL = re.compile(rf"(?: (?:{_DAY}(?: 至 {_DAY})?|至 {_DAY}|{_DAY} 起|已停|计划|已愈))+$")
_HEAD = re.compile(r"^(?:否认：|疑似：|未做：|家族史：)")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_COMPARATORS = {"<=": "<=", ">=": ">=", "≤": "<=", "≥": ">=", "<": "<", ">": ">", "＜": "<", "＞": ">"}


def plain(text: object) -> str:
    """Text as a FHIR string or XML may hold it."""
    return _CONTROLS.sub("", str(text)).strip()


def coding(system: str, code: str, display: str = "") -> Resource:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def concept(*codings: Resource, text: str = "") -> Resource:
    return {**({"coding": list(codings)} if codings else {}), **({"text": text} if text else {})}


def name(item: Item) -> str:
    """What an item is about, in the words of its sources: its statement without fixed words, value, dates, status."""
    medication = item.get("medication")
    if medication:
        return plain(medication["name"])
    text = plain(item["text"])
    value = item.get("value")
    shown = f" {value['text']}" if value and value.get("text") else ""
    if shown and shown in text:
        text = text[: text.index(shown)]
    stripped = _TAIL.sub("", _HEAD.sub("", text)).strip()
    return stripped or plain(item["text"])


def code_of(item: Item, text: str | None = None) -> Resource:
    """The item's code as received, and its wording; a suggested term is no code."""
    found = item.get("code")
    said = text or name(item)
    if not found or not _CODE.match(str(found["code"])):
        return concept(text=said)
    one: Resource = {"code": found["code"]}
    if _ABSOLUTE.match(str(found["system"])):
        one = {"system": found["system"], **one}
    display = plain(found["display"])
    if display:
        one["display"] = display
    return concept(one, text=said)


def none_known(item: Item) -> bool:
    """Whether the item's own code says that there is none: to deny that would say the contrary."""
    return absence.meaning(item.get("code") or {}) == "none"


def moment(value: object) -> str | None:
    """A date as FHIR has it, as precise as it was said; of a time that is none its day."""
    if not isinstance(value, str) or not value:
        return None
    if _MOMENT.match(value):
        return value
    return value[:10] if _MOMENT.match(value[:10]) else None


def dated(element: str, item: Item) -> Resource:
    """`effective`, `performed`: DateTime or Period; where nobody told it, the reason why it is absent."""
    start, end = moment(item.get("start")), moment(item.get("end"))
    if end and start != end:
        return {f"{element}Period": {**({"start": start} if start and start <= end else {}), "end": end}}
    return {f"{element}DateTime": start} if start else {f"_{element}DateTime": {"extension": [ABSENT_REASON]}}


def quantity(number: Decimal | int | float, unit: str | None, ucum: str | None, text: str = "") -> Resource:
    """A number with its unit as written, and by UCUM where that is known."""
    found: Resource = {"value": number}
    comparator = next((c for sign, c in _COMPARATORS.items() if text.strip().startswith(sign)), None)
    if comparator:
        found["comparator"] = comparator
    if unit:
        found["unit"] = plain(unit)
    if ucum:
        found |= {"system": UCUM, "code": ucum}
    return found


def told_by(sources: Iterable[Mapping[str, Any]]) -> str:
    """Who says it and when: `安和县人民医院 2025-05-01、示例检验所 2025-05-03`."""
    said = {f"{s['organization']} {(s.get('recorded_at') or s['received_at'])[:10]}": None for s in sources}
    return "、".join(said)


def narrative(lines: Iterable[tuple[str, str]], nothing: str = "") -> Resource:
    """A generated Narrative: a list of statements, each with who says it."""
    shown = "".join(f"<li>{escape(plain(text))}{_told(by)}</li>" for text, by in lines)
    body = f"<ul>{shown}</ul>" if shown else f"<p>{escape(nothing)}</p>"
    div = f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{LANGUAGE}" xml:lang="{LANGUAGE}">{body}</div>'
    return {"status": "generated", "div": div}


def _told(by: str) -> str:
    return f" <small>（{escape(plain(by))}）</small>" if by else ""
