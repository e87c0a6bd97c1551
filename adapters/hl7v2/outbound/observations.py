"""Observation to OBX: its value by type, units, ranges, and who made it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from adapters.hl7v2.maps.attachments import ATTACHMENT
from adapters.hl7v2.maps.marks import ADDRESS, AS_SENT, COMPONENT, DATA_TYPE, FIELD, VALUE_TYPE
from adapters.hl7v2.maps.observations import usual_type
from adapters.hl7v2.outbound import notes
from adapters.hl7v2.outbound.datatypes import Writing, back, concept, date_time, number, quantity, units
from adapters.hl7v2.outbound.graph import extension, extensions, mark, text
from adapters.hl7v2.outbound.names import address
from adapters.hl7v2.outbound.participation import SINCE, devices, participations
from adapters.hl7v2.outbound.parties import entity_identifier, organization, practitioner
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import Component, Repetition, Segment, clean
from hub.domain.fragments import UNIT, Resource

NUMBERED = "urn:referral-hub:observation:"
_POINTER = "urn:referral-hub:pointer:"


def obx(w: Writing, observation: Resource) -> list[Segment]:
    """OBX, and another for each further line of a text that came so; each component follows as its own OBX."""
    made = Segment("OBX")
    directors = [one for one in observation.get("performer", ()) if _directs(w, one)]
    others = [one for one in observation.get("performer", ()) if not any(one is other for other in directors)]
    numbers = [one for one in observation.get("identifier", ()) if not _is_numbered(one)]
    apply(w, "OBX[Observation]", {**observation, "performer": others, "identifier": numbers}, made)
    _performed(w, others, made)
    when = observation.get("effectiveDateTime") or observation.get("effectivePeriod", {}).get("start")
    made.put(14, date_time(w, when) if when else None)
    made.put(4, _sub_id(w, observation))
    for device in [*devices(w, observation, marked=False), *_participating(w, observation)]:
        for held in device.get("identifier", ())[:1]:
            made.put(18, entity_identifier(w, held))
    status = back("observation-status").get(str(observation.get("status")))
    made.put(11, mark(observation, AS_SENT, "status") or status)
    for one in observation.get("referenceRange", ())[:1]:
        made.put(7, _range(one))
    _laboratory(w, observation, directors, made)
    kind, repetitions = value(w, observation)
    components = [one for one in observation.get("component", ()) if one.get("code", {}).get("text") != "repetition"]
    repeated = [one for one in observation.get("component", ()) if one not in components]
    for one in repeated:
        repetitions += value(w, one)[1]
    made.put(2, kind)
    made.put(5, *repetitions)
    measured = _measured(w, observation)
    made.put(6, measured)
    lines = _lines(made, observation)
    return [made, *lines, *(_component(w, observation, one) for one in components)]


def _participating(w: Writing, observation: Resource) -> list[Resource]:
    """Devices that came as participations, for a receiver that has none."""
    return devices(w, observation, marked=True) if w.segments < SINCE else []


def _component(w: Writing, observation: Resource, component: Mapping[str, Any]) -> Segment:
    held: Resource = {key: observation[key] for key in ("status", "effectiveDateTime") if key in observation}
    return obx(w, {"resourceType": "Observation", **held, **component})[0]


def _lines(first: Segment, observation: Resource) -> list[Segment]:
    """The further lines of a text that its sender wrote as several OBX, or as repetitions of one."""
    segments = notes.segments(observation, "valueString")
    if len(segments) < 2 and len(segments[0]) < 2:
        return []
    first.fields[5] = [{1: line} for line in segments[0]]
    more = []
    for lines in segments[1:]:
        segment = Segment("OBX", {n: list(first.fields[n]) for n in (2, 3, 11, 14) if n in first.fields})
        segment.put(5, *lines)
        more.append(segment)
    return more


def _sub_id(w: Writing, observation: Resource) -> Repetition | None:
    """What stands behind order number and code in the identifier that the inbound map makes."""
    for held in observation.get("identifier", ()):
        if str(held.get("system", "")).startswith(NUMBERED):
            first: Resource = next(iter(observation.get("code", {}).get("coding", ())), {})
            codes_of = [text(first, "code"), text(observation.get("code", {}), "text"), text(first, "display")]
            whole = str(held["value"])
            for code in codes_of:
                _, found, rest = whole.partition(f"/{code}/") if code else ("", "", "")
                if found:
                    return clean(dict(enumerate(rest.split("^"), 1)))
    return None


def _range(one: Mapping[str, Any]) -> Repetition | None:
    said = text(one, "text")
    if said:
        return {1: said}
    low, high = (number(one[key]["value"]) if "value" in one.get(key, {}) else "" for key in ("low", "high"))
    return {1: f"{low}-{high}" if low and high else f">={low}" if low else f"<={high}"} if low or high else None


def _directs(w: Writing, reference: Mapping[str, Any]) -> bool:
    found = w.graph.resolve(reference) or {}
    return found.get("resourceType") == "PractitionerRole" and any(
        c.get("code") == "MDIR" for kind in found.get("code", ()) for c in kind.get("coding", ())
    )


def _is_numbered(one: Mapping[str, Any]) -> bool:
    return str(one.get("system", "")).startswith(NUMBERED)


def _performed(w: Writing, performers: list[Any], made: Segment) -> None:
    """OBX-23: the organisation that performed it."""
    for one in performers:
        if not mark(one, FIELD) and not made.has(23):
            made.put(23, organization(w, one))


def _laboratory(w: Writing, observation: Resource, directors: list[Any], made: Segment) -> None:
    """OBX-24 and OBX-25 of the organisation in OBX-23."""
    for one in observation.get("performer", ()):
        house = None if mark(one, FIELD) else w.graph.resolve(one)
        if house and house["resourceType"] == "Organization" and not made.has(24):
            places = house.get("address", ())
            which = int(mark(one, ADDRESS) or 0)
            if which < len(places):
                made.put(24, address(w, places[which]))
    for one in directors[:1]:
        made.put(25, practitioner(w, one))


def value(w: Writing, node: Mapping[str, Any]) -> tuple[str, list[Repetition | None]]:
    """(OBX-2, OBX-5). The type is the sender's, else the usual one of the value in the receiver's version."""
    held = {element: node[element] for element in _VALUES if element in node}
    attached = [one for one in extensions(node, ATTACHMENT) if "valueAttachment" in one]
    if attached and not held:
        held = {"extension": attached}
    sent = str(extension(node, VALUE_TYPE) or "")
    kind = sent or _in_version(w, usual_type(held), held)
    if "extension" in held:
        return kind, [attachment(one["valueAttachment"], pointing=kind == "RP") for one in attached]
    for element, inner in held.items():
        exact = "" if isinstance(inner, dict) else mark(node, AS_SENT, element)
        return kind, [{1: exact}] if exact else list(_VALUES[element](w, inner, kind))
    return kind, []


_OLDER = {"CWE": ((2, 5), "CE"), "DTM": ((2, 5), "TS")}
"""Types that came with a version, and what was before."""


def _in_version(w: Writing, kind: str, held: Mapping[str, Any]) -> str:
    since, before = _OLDER.get(kind, ((2, 1), kind))
    if kind == "" and held:
        return "CWE" if "valueBoolean" in held and w.version >= (2, 5) else "CE" if "valueBoolean" in held else "NM"
    return kind if w.version >= since else before


def _measured(w: Writing, observation: Resource) -> Repetition | None:
    found: Any = observation.get("valueQuantity") or extension(observation, UNIT)
    for element, inner in (("valueRange", "low"), ("valueRange", "high"), ("valueRatio", "numerator")):
        found = found or observation.get(element, {}).get(inner)
    for one in observation.get("referenceRange", ()) if not found or "unit" not in found else ():
        found = one.get("low") or one.get("high") or found
    return units(w, found) if found and "unit" in found else None


def _texts(w: Writing, said: Any, kind: str) -> Iterator[Repetition | None]:
    """Of a type with components FHIR has no value for, they stand in the text as they were sent: `7^^^TOWN^MR`."""
    yield {1: str(said)} if kind in _UNDIVIDED else clean(dict(enumerate(str(said).split("^"), 1)))


_UNDIVIDED = frozenset({"ST", "TX", "FT", ""})


def _numbers(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    exact = mark(held, AS_SENT, "value")
    if kind == "SN":
        yield clean({1: text(held, "comparator"), 2: exact or number(held["value"])}) if "value" in held else None
    else:
        yield {1: exact} if exact else quantity(w, held)


def _concepts(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    yield concept(w, held)


def _ratio(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    upper, lower = held.get("numerator", {}), held.get("denominator", {})
    if "value" in upper and "value" in lower:
        first, second = number(upper["value"]), number(lower["value"])
        yield clean({1: text(upper, "comparator"), 2: first, 3: mark(held, COMPONENT) or ":", 4: second})


def _span(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    low, high = (number(held[key]["value"]) if "value" in held.get(key, {}) else "" for key in ("low", "high"))
    yield clean({1: low, 2: high} if kind == "NR" else {2: low, 3: "-", 4: high})


def _period(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    yield clean({n: date_time(w, held[key]) for n, key in ((1, "start"), (2, "end")) if key in held})


def _moment(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    yield {1: date_time(w, str(held))}


def _clock(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    yield {1: str(held).replace(":", "")}


def _truth(w: Writing, held: Any, kind: str) -> Iterator[Repetition | None]:
    yield clean({1: "Y" if held else "N", 3: "HL70136"})


_VALUES: Mapping[str, Any] = {
    "valueQuantity": _numbers, "valueString": _texts, "valueCodeableConcept": _concepts, "valueDateTime": _moment,
    "valueTime": _clock, "valueRange": _span, "valueRatio": _ratio, "valuePeriod": _period, "valueInteger": _texts,
    "valueBoolean": _truth,
}  # fmt: skip


def attachment(held: Mapping[str, Any], *, pointing: bool = False) -> Repetition | None:
    """Attachment to ED, or RP where it only points."""
    whole = str(held.get("contentType", ""))
    kind, _, subtype = whole.partition("/")
    first = 3 if pointing else 2
    made: dict[int, Component | None] = {first: mark(held, DATA_TYPE, "contentType") or kind, first + 1: subtype}
    where = mark(held, COMPONENT, "contentType")
    if where:
        made[int(where)] = text(held, "contentType")
    if pointing:
        url = str(held.get("url", ""))
        place = unquote(url.removeprefix(_POINTER)) if url.startswith(_POINTER) else url
        return clean({**made, 1: mark(held, AS_SENT, "url") or place, 2: text(held, "title")}) or None
    encoding = mark(held, AS_SENT, "data") or "Base64"
    data = str(held.get("data", ""))
    if encoding.upper() == "HEX":
        data = base64.b64decode(data).hex().upper()
    elif encoding.upper() != "BASE64":
        data = base64.b64decode(data).decode()
    return clean({**made, 1: text(held, "title"), 4: encoding, 5: data}) or None


def results(w: Writing, observation: Resource, told: set[int] | None = None) -> list[Segment]:
    """OBX of an Observation with its notes, and of its members, each once. told: by `id`, those of the panel so far."""
    told = {id(observation)} if told is None else told
    made = [*obx(w, observation), *participations(w, observation)]
    made += notes.of(w, observation, observation.get("note", ()))
    for one in observation.get("hasMember", ()):
        found = w.graph.resolve(one, observation)
        if found is not None and found["resourceType"] == "Observation" and id(found) not in told:
            told.add(id(found))
            made += results(w, found, told)
    return made
