"""OBX: observations, and the lines of one text."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import organization_entry, practitioner
from adapters.hl7v2.maps.attachments import ATTACHMENT, told_type
from adapters.hl7v2.maps.conversion import Conversion, Entry, put
from adapters.hl7v2.maps.datatypes import concept, date_time
from adapters.hl7v2.maps.documents import document_line
from adapters.hl7v2.maps.marks import ADDRESS, DEVICE, VALUE_TYPE, broken, mark
from adapters.hl7v2.maps.names import address
from adapters.hl7v2.maps.observations import PROSE, effective, reference, usual_type, value
from adapters.hl7v2.maps.parties import entity_identifier
from adapters.hl7v2.maps.quantities import units
from adapters.hl7v2.maps.reading import Reading, joined
from adapters.hl7v2.maps.sheets import apply
from adapters.hl7v2.remembered import remembered
from hub.domain.fragments import UNIT


def _identify(c: Conversion, s: Reading, made: dict[str, Any], entry: Entry) -> None:
    """The name under which a correction finds the first: order number, code, sub-id (hub.domain.fragments.keys)."""
    number = _order_number(c.group) or _order_number(c.order.control)
    what = s.first(3)
    code = (what.text(1) or what.text(2)) if what else ""
    if not number or not code:
        return
    name = f"/{code}/{s.whole(4)}"
    made["identifier"] = [{"system": _numbered(c.facility), "value": number + name}]
    c.results[number + name] = c.results[name] = entry
    if sub_id := s.first(4):
        entry.also += [(leaf, "/identifier/0/value") for leaf in sub_id.leaves()]


@remembered(4096)
def _numbered(facility: str) -> str:
    return f"urn:referral-hub:observation:{quote(facility or 'unknown', safe='')}"


def _order_number(segment: Reading | None) -> str:
    return (segment.text(3) or segment.text(2)) if segment else ""


def obx(c: Conversion, s: Reading) -> None:
    """Observation; after TXA its text is the document's. Lines of one text are one Observation."""
    kind = told_type(s)
    if c.document is not None and document_line(c, s, kind):
        return
    if kind in PROSE and c.last_text and c.last_text[0] == _same_text(s):
        _continue(c, s, c.last_text[1])
        return
    made: dict[str, Any] = {"resourceType": "Observation", "status": "unknown"}
    entry = c.add(made, s.leaf(14), c.group.leaf(7) if c.group else None)
    _identify(c, s, made, entry)
    _state(c, s, made)
    apply(c, "OBX[Observation]", s, made)
    made.setdefault("code", {"text": "unknown"})
    made["subject"] = c.subject()
    if c.encounter:
        made["encounter"] = c.encounter.reference
    _when(c, s, made)
    _value(c, s, kind, made, entry)
    _performing(c, s, made)
    if len(s.fields) > 18 and s.fields[18]:
        _equipment(c, s, made)
    if ranges := reference(s):
        made["referenceRange"] = ranges
    _attach(c, s, made, entry)
    if kind in ("ED", "RP"):
        _presented(c, s, made, entry)
    if c.kind == "ORU" and (specimen := c.opened.get("measured")):
        made["focus"] = [specimen.reference]
    c.observed = entry
    c.last_text = (_same_text(s), entry) if kind in PROSE else None


def _same_text(s: Reading) -> str:
    status = s.fields[11] if len(s.fields) > 11 else ""
    return f"{s.fields[3] if len(s.fields) > 3 else ''}|{status}"


def _continue(c: Conversion, s: Reading, entry: Entry) -> None:
    """A further line of a text: its words join it, its other fields repeat what the first line said."""
    lines = [line for repetition in s.each(5) if (line := repetition.prose())]
    entry.lines += broken([str(line.value) for line in lines])
    if lines:
        held = entry.resource.setdefault("valueString", lines[0])
        c.lines.setdefault(id(entry), [] if held is lines[0] else [held]).extend(lines)
    code = {"code": concept(c, repetition)} if (repetition := s.first(3)) else {}
    twin: dict[str, Any] = {"resourceType": "Observation", **code}
    _state(c, s, twin)
    _when(c, s, twin)
    if not all(key in entry.resource for key in twin):
        twin = {key: twin[key] for key in twin if key in entry.resource}
    entry.twins.append(("", twin))
    kind = s.leaf(2)
    if kind and "valueString" in entry.resource:
        entry.also.append((kind, "/valueString"))


def _state(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    leaf = s.leaf(11)
    code = leaf.text.strip().upper() if leaf else ""
    if status := c.looked_up("observation-status", leaf):
        made["status"] = status
    if code == "N":
        absent = codes.TERMINOLOGY + "data-absent-reason"
        made["dataAbsentReason"] = {"coding": [{"system": absent, "code": "not-asked"}]}


def _when(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBX-14, else the time of its OBR."""
    own = s.first(14)
    time = date_time(c, own) if own else None
    if time:
        made["effectiveDateTime"] = time
    elif c.group:
        effective(c, c.group, made)


def _value(c: Conversion, s: Reading, kind: str, made: dict[str, Any], entry: Entry) -> None:
    repetitions = s.each(5)
    kind_leaf = s.leaf(2)
    if kind in PROSE:
        lines = [line for repetition in repetitions if (line := repetition.prose())]
        entry.lines = broken([str(line.value) for line in lines])
        found: dict[str, Any] | None = None
        if lines:
            found = {"valueString": joined(lines)}
    else:
        values = [one for repetition in repetitions if (one := value(c, s, kind, repetition))]
        found = values[0] if values else None
        for one in values[1:]:
            if "extension" in one:
                made.setdefault("extension", []).extend(one["extension"])
            else:
                made.setdefault("component", []).append({"code": {"text": "repetition"}, **one})
    if found is None:
        if "dataAbsentReason" not in made and not s.has(5):
            absent = codes.TERMINOLOGY + "data-absent-reason"
            made["dataAbsentReason"] = {"coding": [{"system": absent, "code": "unknown"}]}
        return
    if "dataAbsentReason" in made:
        made.pop("dataAbsentReason")
    if kind and kind != usual_type(found):
        mark(made, VALUE_TYPE, kind)
    if not found.keys() & _MEASURED and (unit := units(s.first(6))):
        made.setdefault("extension", []).append({"url": UNIT, "valueQuantity": unit})
    for key, item in found.items():
        if key == "extension":
            made.setdefault("extension", []).extend(item)
        else:
            made[key] = item
        if kind_leaf:
            entry.also.append((kind_leaf, f"/{key}"))


_MEASURED = frozenset({"valueQuantity", "valueRange", "valueRatio"})


def _performing(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBX-23 to -25: the laboratory, its address, its director."""
    house = s.first(23)
    organization = organization_entry(c, house) if house else None
    if organization is None:
        return
    house_of = organization.reference
    made.setdefault("performer", []).append(house_of)
    place = s.first(24)
    where = address(c, place) if place else None
    if where and place:
        number = c.join(organization, "address", place.raw, where)
        if number:
            mark(house_of, ADDRESS, str(number))
    director = s.first(25)
    who = practitioner(c, director) if director else None
    if who and director and house:
        role = {"coding": [{"system": codes.TERMINOLOGY + "v2-0912", "code": "MDIR"}]}
        held = {"resourceType": "PractitionerRole", "practitioner": who, "organization": organization.reference}
        made["performer"].append(c.share(f"MDIR{house.raw}|{director.raw}", {**held, "code": [role]}).reference)


def _equipment(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    """OBX-18: the first is the device, all others are named beside it."""
    for repetition in s.each(18):
        number = _DEVICE(c, repetition)
        if number is None:
            continue
        device = c.share("OBX" + repetition.raw, {"resourceType": "Device", "identifier": [number]}).reference
        if "device" in made:
            made.setdefault("extension", []).append({"url": DEVICE, "valueReference": device})
        else:
            made["device"] = device


_DEVICE = entity_identifier(space="device")


def _presented(c: Conversion, s: Reading, made: dict[str, Any], entry: Entry) -> None:
    """What is attached as a report in its presented form, too: an Observation of R4 has it in an extension of R5."""
    forms = [one["valueAttachment"] for one in made.get("extension", ()) if one["url"] == ATTACHMENT]
    if not forms:
        return
    kept = ("encounter", "effectiveDateTime", "effectivePeriod")
    report: dict[str, Any] = {"resourceType": "DiagnosticReport", "status": made["status"], "code": {"text": "unknown"}}
    what = s.first(3)
    if what and (code := concept(c, what)):
        report["code"] = code
    report |= {"subject": c.subject(), **{name: made[name] for name in kept if name in made}}
    report |= {"result": [entry.reference], "presentedForm": [dict(form) for form in forms]}
    report["identifier"] = [number for r in s.each(21) if (number := _INSTANCE(c, r))]
    if not report["identifier"]:
        report.pop("identifier")
    if c.order.request:
        report["basedOn"] = [c.order.request.reference]
    if "specimen" in c.opened:
        report["specimen"] = [c.opened["specimen"].reference]
    c.repeat(report, "OBX")


_INSTANCE = entity_identifier("FILL")


def _attach(c: Conversion, s: Reading, made: dict[str, Any], entry: Entry) -> None:
    """Into the report, the order or the immunization that it belongs to."""
    if c.report:
        c.report.resource.setdefault("result", []).append(entry.reference)
        if c.parent:
            made["derivedFrom"] = [c.parent.reference]
    elif c.immunization:
        made["partOf"] = [c.immunization.reference]
        element = c.codes["immunization-element"].get(what.text()) if (what := s.first(3)) else None
        if element and "valueCodeableConcept" in made:
            put(c.immunization.resource, (element,), concept(c, s.each(5)[0]))
    elif c.request:
        c.request.resource.setdefault("supportingInfo", []).append(entry.reference)
