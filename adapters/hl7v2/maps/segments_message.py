"""MSH, SFT and EVN: the message itself."""

from __future__ import annotations

from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.actors import organization_entry, practitioner, system_party
from adapters.hl7v2.maps.conversion import ABSENT, Conversion, Entry
from adapters.hl7v2.maps.datatypes import Value
from adapters.hl7v2.maps.marks import OWN
from adapters.hl7v2.maps.parties import universal_identifier, uri
from adapters.hl7v2.maps.reading import Leaf, Reading, Repetition
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
    header["source"] = _source(c, s)
    _destination(c, s, header)
    sender = _sender(c, s, header)
    with c.repeating():
        _origin(c, s, entry, sender)
    apply(c, "MSH[MessageHeader]", s, header)
    for field, pointer in ((7, "/timestamp"), (10, "/identifier/value")):
        leaf = s.leaf(field)
        if leaf:
            c.headers.append((leaf, pointer))
    entry.recorded.append(s.leaf(7))


def _event_system(c: Conversion, event: Leaf) -> str:
    return _EVENTS if listed(_EVENTS, event.text.strip()) else namespace(c.facility, "HL70003")


def _sender(c: Conversion, s: Reading, header: dict[str, Any]) -> Entry | None:
    """MSH-4 with its country, MSH-17."""
    sender = system_party(c, repetition) if (repetition := s.first(4)) else None
    country = s.leaf(17)
    if country and sender is None:
        sender = c.add({"resourceType": "Organization", "_name": dict(ABSENT)})
    if sender:
        header["sender"] = sender.reference
    if country and sender:
        sender.resource.setdefault("address", []).append({"country": country})
    return sender


def _origin(c: Conversion, s: Reading, header: Entry, sender: Entry | None) -> None:
    """Whose message it is, and the application that it comes from (official map MSH[Provenance-Source])."""
    application = s.first(3)
    device = _device(c, application) if application else None
    if device is None:
        return
    author = {"coding": [{"system": codes.TERMINOLOGY + "provenance-participant-type", "code": "author"}]}
    who = sender.reference if sender else {"display": c.facility or "unknown"}
    c.add({"resourceType": "Provenance", "target": [header.reference], "agent": [{"type": author, "who": who}],
           "entity": [{"role": "source", "what": device.reference}]})  # fmt: skip


def _source(c: Conversion, s: Reading) -> dict[str, Any]:
    """MSH-3, the application, and its address in the network, MSH-24."""
    application, network = s.first(3), s.first(24)
    source: dict[str, Any] = {}
    if application and (name := application.leaf(1)):
        source["name"] = name
    if application and (software := application.leaf(2)):
        source["software"] = software
    source["endpoint"] = _endpoint(c, network or application)
    if network and (name := network.leaf(1)):
        source["extension"] = [{"url": OWN + "network-address", "valueString": name}]
    return source


def _device(c: Conversion, r: Repetition) -> Entry | None:
    """HD as the Device that an application is (official map HD[Device])."""
    name, number = r.leaf(1), r.leaf(2)
    found = [{"value": name}] if name else []
    found += [universal_identifier(number, r.leaf(3))] if number else []
    return c.share("HD" + r.raw, {"resourceType": "Device", "identifier": found}) if found else None


def _endpoint(c: Conversion, r: Repetition | None) -> Value:
    """HD as a URI."""
    return (uri(r.leaf(1), r.leaf(2), r.leaf(3)) if r else None) or namespace(c.facility)


def _destination(c: Conversion, s: Reading, header: dict[str, Any]) -> None:
    """MSH-5, the application, its address MSH-25, and who receives: MSH-23, else MSH-6."""
    application, facility, network = s.first(5), s.first(6), s.first(25)
    destination: dict[str, Any] = {}
    if application:
        if name := application.leaf(1):
            destination["name"] = name
        if target := _device(c, application):
            destination["target"] = target.reference
    if network and (name := network.leaf(1)):
        destination.setdefault("extension", []).append({"url": OWN + "network-address", "valueString": name})
    receiver = system_party(c, facility) if facility else None
    responsible = organization_entry(c, repetition) if (repetition := s.first(23)) else None
    if responsible and receiver:
        facility_ = {"url": OWN + "receiving-facility", "valueReference": receiver.reference}
        destination.setdefault("extension", []).append(facility_)
    who = responsible or receiver
    if who:
        destination["receiver"] = who.reference
    if destination:
        header["destination"] = [{**destination, "endpoint": _endpoint(c, network or application or facility)}]


def sft(c: Conversion, s: Reading) -> None:
    """The first software is the message's source; each is a Device."""
    device: dict[str, Any] = apply(c, "SFT[Device]", s, {"resourceType": "Device"})
    for name in device.get("deviceName", ()):
        name["type"] = "manufacturer-name"
    if any("value" not in version for version in device.get("version", ())):
        device.pop("version")
    c.add(device)
    version, product = s.leaf(2), s.leaf(3)
    source = c.entries[0].resource["source"]
    if version:
        source.setdefault("version", version)
    if product:
        source.setdefault("software", product)


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
