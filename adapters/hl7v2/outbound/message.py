"""MSH, MSA, SFT and EVN: the envelope of a message."""

from __future__ import annotations

from adapters.hl7v2.maps.marks import OWN
from adapters.hl7v2.outbound.datatypes import Writing, date_time
from adapters.hl7v2.outbound.graph import extension, text
from adapters.hl7v2.outbound.parties import practitioner
from adapters.hl7v2.outbound.rules import apply
from adapters.hl7v2.outbound.values import SEPARATORS, Segment, clean
from hub.domain.fragments import Resource


def msh(w: Writing, structure: str) -> Segment:
    """MSH of the message; MSH-9.3 from version 2.3.1 on."""
    message = w.message
    kind, _, event = message.kind.partition("^")
    made = Segment("MSH")
    made.put(1, SEPARATORS.field)
    made.put(2, "^")
    for field, party in ((3, message.sending[0]), (4, message.sending[1]), (5, message.receiving[0]),
                         (6, message.receiving[1])):  # fmt: skip
        made.put(field, party)
    made.put(7, date_time(w, message.sent_at.isoformat(timespec="seconds")))
    made.put(9, clean({1: kind, 2: event, 3: structure if w.version >= (2, 3, 1) else ""}))
    made.put(10, message.control_id)
    made.put(11, _processing(w))
    made.put(12, w.number)
    made.put(18, message.charset)
    _responsible(w, made)
    return made


def _processing(w: Writing) -> str:
    header = w.graph.first("MessageHeader") or {}
    tags = header.get("meta", {}).get("tag", ())
    return next((str(t["code"]) for t in tags if str(t.get("system", "")).endswith("v2-0103") and "code" in t), "P")


def _responsible(w: Writing, made: Segment) -> None:
    header = w.graph.first("MessageHeader") or {}
    apply(w, "MSH[MessageHeader]", header, made)
    made.put(17, extension(header, OWN + "country"))
    sender = w.graph.resolve(header.get("sender"))
    for place in (sender or {}).get("address", ())[:1]:
        if set(place) == {"country"}:
            made.put(17, text(place, "country"))


def sft(w: Writing) -> list[Segment]:
    """The software that a message came through."""
    made = []
    for device in w.graph.all("Device"):
        kinds = {name.get("type") for name in device.get("deviceName", ())}
        if "patient" in device or not ({"version", "modelNumber"} & device.keys() or "manufacturer-name" in kinds):
            continue
        segment = Segment("SFT")
        apply(w, "SFT[Device]", device, segment)
        made.append(segment)
    return made


def _is_event(origin: Resource) -> bool:
    codings = origin.get("activity", {}).get("coding", ())
    return any(str(c.get("system", "")).endswith("v2-0003") for c in codings)


def evn(w: Writing, event: str) -> Segment:
    """EVN: when what is told was recorded and by whom."""
    made = Segment("EVN")
    origins = [one for one in w.graph.all("Provenance") if _is_event(one)]
    origin: Resource = origins[0] if origins else {}
    made.put(1, event if w.version < (2, 6) else "")
    apply(w, "EVN[Provenance]", origin, made)
    if not made.has(2):
        made.put(2, date_time(w, w.message.sent_at.isoformat(timespec="seconds")))
    for agent in origin.get("agent", ()):
        made.put(5, practitioner(w, agent.get("who")))
    return made
