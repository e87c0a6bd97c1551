"""What the header of a message says: enough to know its sender, to route it and to answer it."""

from __future__ import annotations

from adapters.hl7v2 import charsets, er7, supported
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Envelope

NO_HEADER = (Refusal(Cause.NO_HEADER, "MSH[1]", "the message does not begin with a readable MSH segment"),)
NO_CONTROL_ID = Refusal(Cause.REQUIRED_MISSING, "MSH[1]-10[1]", "the control id is missing")
"""Without it nothing can be answered; who only reads a message needs none."""

NO_ANSWER = (
    Refusal(Cause.UNSUPPORTED_TYPE, "MSH[1]-9[1].1", "the hub answers no queries"),
    Refusal(Cause.UNSUPPORTED_TYPE, "MSH[1]-9[1].1", "an acknowledgement that answers nothing"),
)
"""Messages that can be read, but not put to the hub."""

EAGER = 2**20
"""Bytes up to which a message is decoded for its envelope; a longer one would hold up other connections."""

_UNREADABLE = Envelope(format="hl7v2", type="", control_id="", version="", charset="")


def read_envelope(raw: bytes) -> tuple[Envelope, tuple[Refusal, ...]]:
    """The envelope of one message, and what needs no normalising to be refused. Never raises.

    That is what its header says, and bytes that are not of the character set it declares.

    `Envelope.charset` is MSH-18 as declared ("" when empty); header fields are read by it, else as UTF-8 or GB 18030.
    """
    name = charsets.declared(raw)
    line = charsets.decode_header(raw, name)
    if len(line) < 5:
        return _UNREADABLE, NO_HEADER
    mark = line[3]
    fields = line.split(mark)
    fields.insert(1, mark)
    fields += [""] * (19 - len(fields))
    separators = er7.separators(mark, fields[2])
    component = separators.component
    kind, _, event = fields[9].partition(component)
    event = event.partition(component)[0].strip()
    kind = kind.strip()
    envelope = Envelope(
        format="hl7v2",
        type=f"{kind}^{event}" if event else kind,
        control_id=_text(fields[10], separators),
        version=fields[12].partition(component)[0].strip(),
        charset=name,
        application=_text(fields[3].partition(component)[0], separators),
        facility=_text(fields[4].partition(component)[0], separators),
        receiving_facility=_text(fields[6].partition(component)[0], separators),
        accept_acknowledgement=fields[15].strip(),
        application_acknowledgement=fields[16].strip(),
        header=tuple(fields),
    )
    found = _refusals(envelope, kind, event, fields[11].partition(component)[0].strip())
    return envelope, found + _undecodable(raw, name) if name else found


def unreadable(refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Those of `read_envelope` that also hold where no answer is due."""
    return tuple([refusal for refusal in refusals if refusal is not NO_CONTROL_ID and refusal not in NO_ANSWER])


def _undecodable(raw: bytes, name: str) -> tuple[Refusal, ...]:
    if charsets.codec(name) is not None and len(raw) > EAGER:
        return ()
    try:
        charsets.decode(raw, name, None)
    except Refused as refused:
        return refused.refusals
    return ()


def _text(raw: str, separators: er7.Separators) -> str:
    return er7.unescape(raw, separators).strip()


def _refusals(envelope: Envelope, kind: str, event: str, processing_id: str) -> tuple[Refusal, ...]:
    known = supported.MESSAGES.get(kind)
    if known is None:
        told = "HL7 knows no such message type, and no profile of its sender" if kind else "the message type is missing"
        found = [Refusal(Cause.UNSUPPORTED_TYPE, "MSH[1]-9[1].1", told)]
    elif known.asks or known.answers:
        found = [NO_ANSWER[known.answers]]
    elif event not in known.events and (event or envelope.version not in supported.WITHOUT_EVENTS):
        told = "HL7 knows no such event of this message type" if event else "the event is missing"
        found = [Refusal(Cause.UNSUPPORTED_EVENT, "MSH[1]-9[1].2", told)]
    else:
        found = []
    if processing_id and processing_id not in supported.PROCESSING_IDS:
        found.append(Refusal(Cause.UNSUPPORTED_PROCESSING_ID, "MSH[1]-11[1].1", "supported are P, T and D"))
    if not supported.VERSION.fullmatch(envelope.version):
        found.append(Refusal(Cause.UNSUPPORTED_VERSION, "MSH[1]-12[1].1", "supported are versions 2.1 to 2.9"))
    if not envelope.control_id:
        found.append(NO_CONTROL_ID)
    return tuple(found)
