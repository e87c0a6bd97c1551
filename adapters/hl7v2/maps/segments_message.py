"""MSH, SFT and EVN: the message itself."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import organization_entry, practitioner, system_party
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.parties import assigning
from adapters.hl7v2.maps.reading import Leaf, Reading
from adapters.hl7v2.maps.sheets import apply
from adapters.hl7v2.maps.systems import listed, namespace

_EVENTS = codes.TERMINOLOGY + "v2-0003"


def msh(c: Conversion, s: Reading) -> None:
    """MessageHeader, its sender and receiver, and what the Bundle itself carries (MSH-7, MSH-10)."""
    header: dict[str, Any] = {"resourceType": "MessageHeader"}
    entry = c.add(header)
    tags = []
    for system, field, component in (("v2-0076", 9, 1), ("v2-0354", 9, 3), ("v2-0103", 11, 1)):
        leaf = s.leaf(field, component)
        if leaf and listed(codes.TERMINOLOGY + system, leaf.text.strip()):
            tags.append({"system": codes.TERMINOLOGY + system, "code": leaf})
    if tags:
        header["meta"] = {"tag": tags}
    event = s.leaf(9, 2)
    header["eventCoding"] = (
        {"system": _event_system(c, event), "code": event}
        if event
        else {"system": codes.TERMINOLOGY + "v2-0076", "code": c.kind}
    )
    _destination(c, s, header)
    sender = system_party(c, repetition) if (repetition := s.first(4)) else None
    if sender:
        header["sender"] = sender.reference
        country = s.leaf(17)
        if country and "address" not in sender.resource:
            sender.resource["address"] = [{"country": country}]
    header["source"] = _source(c, s)
    responsible = organization_entry(c, repetition) if (repetition := s.first(22)) else None
    if responsible:
        header["responsible"] = responsible.reference
    for field, pointer in ((7, "/timestamp"), (10, "/identifier/value")):
        leaf = s.leaf(field)
        if leaf:
            c.headers.append((leaf, pointer))
    entry.recorded.append(s.leaf(7))


def _event_system(c: Conversion, event: Leaf) -> str:
    return _EVENTS if listed(_EVENTS, event.text.strip()) else namespace(c.facility, "HL70003")


def _source(c: Conversion, s: Reading) -> dict[str, Any]:
    repetition = s.first(3)
    source: dict[str, Any] = {}
    if repetition is None:
        return {"endpoint": namespace(c.facility)}
    name, number, form = repetition.leaf(1), repetition.leaf(2), repetition.leaf(3)
    if name:
        source["name"] = name
    endpoint, _ = assigning(c, name, number, form)
    return {**source, "endpoint": endpoint}


def _destination(c: Conversion, s: Reading, header: dict[str, Any]) -> None:
    application, facility = s.first(5), s.first(6)
    destination: dict[str, Any] = {}
    if application:
        name, number, form = application.leaf(1), application.leaf(2), application.leaf(3)
        if name:
            destination["name"] = name
        destination["endpoint"], _ = assigning(c, name, number, form)
    receiver = system_party(c, facility) if facility else None
    if receiver:
        destination.setdefault("endpoint", namespace(facility.text() if facility else ""))
        destination["receiver"] = receiver.reference
    if destination:
        header["destination"] = [destination]


def sft(c: Conversion, s: Reading) -> None:
    """The first software is the message's source; each is a Device."""
    device: dict[str, Any] = apply(c, "SFT[Device]", s, {"resourceType": "Device"})
    for name in device.get("deviceName", ()):
        name["type"] = "manufacturer-name"
    if any("value" not in version for version in device.get("version", ())):
        device.pop("version")
    c.add(device)


def evn(c: Conversion, s: Reading) -> None:
    """Provenance of the event: when it happened and was recorded, by whom."""
    made: dict[str, Any] = {"resourceType": "Provenance", "target": []}
    code = s.leaf(1)
    if code:
        made["activity"] = {"coding": [{"system": _event_system(c, code), "code": code}]}
    apply(c, "EVN[Provenance]", s, made)
    agents = [{"who": found} for repetition in s.each(5) if (found := practitioner(c, repetition))]
    header: Entry = c.entries[0]
    made["agent"] = agents or [{"who": header.resource.get("sender") or {"display": c.facility or "unknown"}}]
    c.add(made)
