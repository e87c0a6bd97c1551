"""One message for one receiver: FHIR to the bytes of ER7."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.hl7v2 import charsets, supported
from adapters.hl7v2.outbound.datatypes import Writing
from adapters.hl7v2.outbound.messages import SEQUENCES, segments
from adapters.hl7v2.outbound.structure import faults
from adapters.hl7v2.outbound.values import Segment, written
from hub.domain.delivery import Outbound
from hub.domain.errors import Cause, Refusal, Refused


def write(message: Outbound) -> bytes:
    """The message in its receiver's HL7 version and character set, segments ended by CR, without frame.

    Raises Refused with the place: UNSUPPORTED_TYPE, UNSUPPORTED_VERSION, REQUIRED_MISSING (a FHIR type),
    WRONG_STRUCTURE, TOO_LARGE, UNDECODABLE (a field whose text the character set cannot express). Nothing is cut.
    """
    made, found = drawn(message)
    if found:
        raise Refused(*found)
    return encoded(made, message)


def drawn(message: Outbound) -> tuple[list[Segment], list[Refusal]]:
    """The segments of the message, and what its structure and its kind require of them that is not so."""
    if not supported.RECEIVER.fullmatch(message.version):
        told = "supported are versions 2.1 to 2.9"
        raise Refused(Refusal(Cause.UNSUPPORTED_VERSION, "MSH[1]-12[1]", told))
    w = Writing(message)
    made = segments(w)
    structure, _ = SEQUENCES[message.kind]
    found = [*faults(made, w.structure, structure), *missing(made, message.kind)]
    return made, [*found, *_too_long(message)]


def _too_long(message: Outbound) -> list[Refusal]:
    """The control id is given back by the receiver: one that it cut would be unknown. MSH-10 has 20 characters up to
    version 2.6, then 199."""
    most = 199 if message.version >= "2.7" else 20
    told = f"is longer than the {most} characters of version {message.version}"
    return [Refusal(Cause.TOO_LARGE, "MSH[1]-10[1]", told)] if len(message.control_id) > most else []


ESSENTIAL: Mapping[str, tuple[tuple[str, tuple[int, ...], str], ...]] = {
    "REF": (("RF1", (6, 11), "the referral has no number"), ("PID", (3, 5), "the patient has no number and no name")),
    "RRI": (
        ("RF1", (6, 11), "the referral has no number"),
        ("PID", (3, 5), "the patient has no number and no name"),
    ),
    "OMG": (("PID", (3, 5), "the patient has no number and no name"), ("ORC", (2, 3), "the order has no number")),
    "OSU": (("ORC", (2, 3), "the order has no number"),),
    "SIU": (("SCH", (1, 2), "the appointment has no number"),),
    "MDM": (("TXA", (12,), "the document has no number"),),
}
"""Message type -> (segment, fields of which one must say something, what is said otherwise): without these a receiver
cannot tell what the message is about. What else HL7 requires and the Bundle does not know stays empty."""


def missing(made: list[Segment], kind: str) -> list[Refusal]:
    """What is essential to the kind and not there."""
    found = []
    for name, fields, told in ESSENTIAL.get(kind.partition("^")[0], ()):
        for segment in (one for one in made if one.name == name):
            if not any(segment.has(number) for number in fields):
                path = f"{name}[{segment.occurrence}]-{fields[0]}[1]"
                found.append(Refusal(Cause.REQUIRED_MISSING, path, told))
    return found


def encoded(made: list[Segment], message: Outbound) -> bytes:
    """Their bytes. Raises Refused(UNDECODABLE) at each field whose text the character set cannot express."""
    codec = charsets.codec(message.charset or "UNICODE UTF-8")
    if codec is None:
        raise Refused(Refusal(Cause.UNDECODABLE, charsets.PLACE, "the receiver's character set is not known"))
    text = "".join(written(one) + "\r" for one in made)
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        raise Refused(*_inexpressible(made, codec)) from None


def _inexpressible(made: list[Segment], codec: str) -> list[Refusal]:
    told = f"holds a character that the receiver's character set ({codec}) does not have"
    found = []
    for segment in made:
        for number, repetitions in segment.fields.items():
            for place, one in enumerate(repetitions, 1):
                try:
                    str(one).encode(codec)
                except UnicodeEncodeError:
                    path = f"{segment.name}[{segment.occurrence}]-{number}[{place}]"
                    found.append(Refusal(Cause.UNDECODABLE, path, told))
    return found
