"""Acknowledgements: MSA, ERR and, for referrals, RF1, in the sender's own delimiters, version and character set.

Which cause is answered how is CONTRACTS.md's table; codes are HL7 tables 0008 (MSA-1) and 0357 (ERR-3).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import unquote

from adapters.hl7v2 import charsets, er7, supported
from adapters.hl7v2.maps.systems import NAMESPACE
from hub.domain.errors import Cause, Refusal
from hub.domain.messages import Envelope, Outcome
from hub.domain.patients import Identifier
from hub.domain.referrals import State

Mode = Literal["original", "accept", "application"]

APPLICATION = "REFERRAL-HUB"
HUB_REFERRAL = "urn:referral-hub:referral"
_HUB_TROUBLE = ("R", "207", "MSH[1]", "the hub cannot store messages now; send again")

ANSWERS: Mapping[Cause, tuple[str, str, str]] = {
    Cause.NO_HEADER: ("R", "100", "MSH[1]"),
    Cause.UNSUPPORTED_TYPE: ("R", "200", "MSH[1]-9[1].1"),
    Cause.UNSUPPORTED_EVENT: ("R", "201", "MSH[1]-9[1].2"),
    Cause.UNSUPPORTED_PROCESSING_ID: ("R", "202", "MSH[1]-11[1].1"),
    Cause.UNSUPPORTED_VERSION: ("R", "203", "MSH[1]-12[1].1"),
    Cause.UNKNOWN_SENDER: ("R", "204", "MSH[1]-4[1]"),
    Cause.UNDECODABLE: ("E", "102", "MSH[1]-18[1]"),
    Cause.WRONG_DATATYPE: ("E", "102", ""),
    Cause.WRONG_STRUCTURE: ("E", "100", ""),
    Cause.CODE_INVALID: ("E", "103", ""),
    Cause.TOO_LARGE: ("E", "104", "MSH[1]"),
    Cause.REQUIRED_MISSING: ("E", "101", ""),
    Cause.UNKNOWN_KEY: ("E", "204", "RF1[1]-6[1]"),
    Cause.DUPLICATE_KEY: ("E", "205", "MSH[1]-10[1]"),
    Cause.FORBIDDEN_STATE: ("E", "206", "RF1[1]-6[1]"),
    Cause.STALE_VERSION: ("E", "206", "RF1[1]-6[1]"),
    Cause.NOT_PERMITTED: ("E", "206", "RF1[1]-6[1]"),
    Cause.UNKNOWN_MODIFIER: ("E", "103", ""),
    Cause.SEVERAL_MATCHES: ("E", "204", ""),
}
"""Cause -> (second letter of MSA-1, ERR-3, place when the refusal names none of HL7 v2)."""

CONDITIONS: Mapping[str, str] = {
    "100": "Segment sequence error", "101": "Required field missing", "102": "Data type error",
    "103": "Table value not found", "104": "Value too long", "200": "Unsupported message type",
    "201": "Unsupported event code", "202": "Unsupported processing id", "203": "Unsupported version id",
    "204": "Unknown key identifier", "205": "Duplicate key identifier", "206": "Application record locked",
    "207": "Application internal error",
}  # fmt: skip
"""HL7 table 0357."""

REFERRAL_STATUS: Mapping[State, tuple[str, str]] = {
    State.REJECTED: ("R", "Rejected"),
    State.CANCELLED: ("R", "Rejected"),
    State.EXPIRED: ("E", "Expired"),
    **dict.fromkeys((State.ACCEPTED, State.SCHEDULED, State.NO_SHOW, State.ARRIVED, State.IN_PROGRESS,
                     State.OUTCOME_SENT, State.REFERRED_ONWARD, State.CLOSED), ("A", "Accepted")),
}  # fmt: skip
"""HL7 table 0283; what is not named is pending."""

FIRST_WITH_REFERRALS = (2, 3)
"""Before 2.3 there is no RF1 and no RRI."""

_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\](?:-(\d+)(?:\[(\d+)\](?:\.(\d+)(?:\.(\d+))?)?)?)?")


def acknowledge(envelope: Envelope, outcome: Outcome, *, mode: Mode, answer: Literal["ACK", "RRI"] = "ACK",
                now: datetime, charset: str | None = None) -> bytes:  # fmt: skip
    """The answer to a message: its bytes, without frame, to be stored and sent (again).

    mode: `accept` gives CA, CE, CR; `original` and `application` AA, AE, AR. answer: what an accepted REF gets; an I15,
    and every REF in mode `application`, gets an RRI. now: aware. charset: of the sender when MSH-18 is empty.
    """
    if not envelope.header:
        envelope = _headless(envelope)
    separators = er7.separators(envelope.header[1], envelope.header[2])
    faults = _faults(outcome)
    letter = "A" if not faults else "R" if any(fault[0] == "R" for fault in faults) else "E"
    version = _version(envelope)
    respond = (
        mode != "accept" and not faults and outcome.referral is not None and envelope.type.startswith("REF^")
        and (answer == "RRI" or mode == "application" or envelope.type == "REF^I15")
        and version >= FIRST_WITH_REFERRALS
    )  # fmt: skip
    segments = [_header(envelope, separators, "RRI" if respond else "ACK", version, mode, now)]
    text = faults[0][3] if faults and version < (2, 5) else ""
    code = ("C" if mode == "accept" else "A") + letter
    segments.append(_line(separators, "MSA", code, envelope.header[10].strip(), er7.escape(text, separators)))
    segments += [_error(fault, separators, version) for fault in faults]
    if respond:
        segments.append(_referral(outcome, separators))
    name = charsets.codec(envelope.charset or charset or "UTF-8") or "utf-8"
    return ("\r".join(segments) + "\r").encode(name, "replace")


def _faults(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    """(second letter of MSA-1, ERR-3, place, text) of each."""
    if outcome.unavailable:
        return [_HUB_TROUBLE]
    return [_fault(refusal) for refusal in outcome.refusals]


def _fault(refusal: Refusal) -> tuple[str, str, str, str]:
    letter, code, usual = ANSWERS[refusal.cause]
    return letter, code, refusal.path if _PLACE.fullmatch(refusal.path) else usual, refusal.text


def _headless(envelope: Envelope) -> Envelope:
    """The envelope of a message without readable header (or one made elsewhere), with the fields an answer needs."""
    fields = [""] * 19
    fields[:3] = "MSH", "|", er7.USUAL
    fields[3], fields[4], fields[6] = envelope.application, envelope.facility, envelope.receiving_facility
    kind, _, event = envelope.type.partition("^")
    fields[9] = f"{kind}^{event}" if event else kind
    fields[10], fields[12], fields[18] = envelope.control_id, envelope.version or "2.5.1", envelope.charset
    return Envelope("hl7v2", envelope.type, envelope.control_id, envelope.version, envelope.charset,
                    header=tuple(fields))  # fmt: skip


def _version(envelope: Envelope) -> tuple[int, ...]:
    version = envelope.version if supported.VERSION.fullmatch(envelope.version) else "2.5.1"
    return tuple(int(part) for part in version.split("."))


def _header(envelope: Envelope, separators: er7.Separators, kind: str, version: tuple[int, ...], mode: Mode,
            now: datetime) -> str:  # fmt: skip
    """MSH with sender and receiver exchanged. An application acknowledgement asks for none itself."""
    received, mark = envelope.header, separators.component
    event = envelope.type.partition("^")[2]
    form = [kind, event, "RRI_I12" if kind == "RRI" else "ACK"] if event else [kind]
    if version < (2, 3, 1):
        form = form[:2] if version > (2, 1) else form[:1]
    processing_id = received[11] if received[11].partition(mark)[0] in supported.PROCESSING_IDS else "P"
    own = "NE" if mode == "application" else ""
    fields = ["MSH", separators.component + separators.repetition + separators.escape + separators.subcomponent,
              received[5] or APPLICATION, received[6], received[3], received[4],
              now.strftime("%Y%m%d%H%M%S%z"), "", mark.join(er7.escape(part, separators) for part in form),
              secrets.token_hex(10).upper(), processing_id, ".".join(map(str, version)), "", "", own, own, "",
              received[18]]  # fmt: skip
    return separators.field.join(fields).rstrip(separators.field)


def _error(fault: tuple[str, str, str, str], separators: er7.Separators, version: tuple[int, ...]) -> str:
    """ERR: location, condition, severity and text from 2.5 on, before it all in ERR-1."""
    _, code, place, text = fault
    match = _PLACE.fullmatch(place)
    parts = [part or "" for part in match.groups()] if match else []
    if parts and parts[2] and not parts[3]:
        parts[3] = "1"
    mark = separators.component
    condition = [code, CONDITIONS[code], "HL70357"]
    if version < (2, 5):
        location = [*parts[:3], *[""] * (3 - len(parts[:3]))]
        return _line(separators, "ERR", mark.join([*location, separators.subcomponent.join(condition)]))
    return _line(separators, "ERR", "", mark.join(parts).rstrip(mark), mark.join(condition), "E", "", "", "",
                 er7.escape(text, separators))  # fmt: skip


def _referral(outcome: Outcome, separators: er7.Separators) -> str:
    """RF1 of an RRI: status, the sender's identifier in RF1-6, the hub's in RF1-11."""
    standing = outcome.referral
    if standing is None:
        return "RF1"
    code, text = REFERRAL_STATUS.get(standing.state, ("P", "Pending"))
    own = next((i for i in standing.identifiers if i.system != HUB_REFERRAL), None)
    hub = [standing.id, APPLICATION, HUB_REFERRAL, "URI"]
    return _line(separators, "RF1", separators.component.join([code, text, "HL70283"]), "", "", "", "",
                 _entity(own, separators) if own else "", "", "", "", "", _components(hub, separators))  # fmt: skip


def _entity(identifier: Identifier, separators: er7.Separators) -> str:
    """An identifier as EI: the namespace, OID or URI that its system was made of."""
    system = identifier.system
    if system.startswith(NAMESPACE):
        return _components([identifier.value, unquote(system.removeprefix(NAMESPACE))], separators)
    if system.startswith("urn:oid:"):
        return _components([identifier.value, "", system.removeprefix("urn:oid:"), "ISO"], separators)
    return _components([identifier.value, "", system, "URI"] if system else [identifier.value], separators)


def _components(values: list[str], separators: er7.Separators) -> str:
    return separators.component.join(er7.escape(value, separators) for value in values)


def _line(separators: er7.Separators, *fields: str) -> str:
    return separators.field.join(fields).rstrip(separators.field)
