"""One message there and back, and which of its mapped leaves returned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from adapters.hl7v2 import charsets, er7, files, structures, supported
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.maps.times import Clock
from adapters.hl7v2.normalise import normalise
from adapters.hl7v2.outbound.writer import drawn, encoded
from hub.domain.delivery import Outbound
from hub.domain.errors import Refused
from hub.domain.messages import Envelope, Normalised
from tests.conftest import CORPORA

CORPUS = CORPORA / "hl7v2"
OWN = Path(__file__).parent.parent / "messages"
FAMILIES = ("REF", "ORU", "SIU")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONE = "Asia/Shanghai"

ASIDE = frozenset(
    {f"MSH-{field}" for field in (3, 4, 5, 6, 7, 9, 10, 12, 15, 16, 18, 23, 24, 25)}
    | {f"{name}-1" for name in ("PID", "PV1", "OBX", "OBR", "NTE", "AL1", "DG1", "PR1", "NK1", "GT1", "IN1", "TXA",
                                "SPM", "RGS", "AIS", "AIG", "AIL", "AIP")}
)  # fmt: skip
"""Set ids, and the fields of MSH that are of the transport: who sends to whom, when, what, in which version."""

_VERSIONS = ("2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8")
_PATH = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\]-(\d+)\[(\d+)\](?:\.(\d+)(?:\.(\d+))?)?")
_TIME = re.compile(r"\d{8}\d{2,6}(\.\d+)?([+-]\d{4})?$")


@dataclass(frozen=True)
class Leaf:
    """A mapped leaf. found: what stands in its place now, None where nothing does; returned: `same` to the character,
    `moment` the same time written otherwise, `text` the same running text whose delimiters are now escaped, else ""."""

    path: str
    value: str
    found: str | None
    returned: str

    @property
    def field(self) -> str:
        """`PID-3.4`."""
        name, _, field, _, component, part = _PATH.fullmatch(self.path).groups()  # type: ignore[union-attr]
        return f"{name}-{field}" + (f".{component}" if component else "") + (f".{part}" if part else "")


@dataclass(frozen=True)
class Trip:
    """One message's way. refused: why it could not be written at all; faults: why `write` would not send it: many of
    these snippets lack segments that HL7 requires, and so does what becomes of them."""

    name: str
    kind: str
    leaves: tuple[Leaf, ...]
    refused: str = ""
    faults: str = ""


def messages() -> Iterator[tuple[str, bytes]]:
    """The messages of the three families in the corpus and of every-field messages, with their names."""
    found = [p for p in sorted(CORPUS.glob("*/hl7/**/*")) if p.is_file()] + sorted(OWN.glob("*every-field*.hl7"))
    for path in found:
        for index, raw in enumerate(files.split(path.read_bytes())):
            if read_envelope(raw)[0].type.partition("^")[0] in FAMILIES:
                yield f"{path.name}#{index}", raw


def trip(name: str, raw: bytes) -> Trip | None:
    """There and back; None for a message that is not taken at all."""
    envelope, _ = read_envelope(raw)
    try:
        there = normalise(raw, envelope, charset=None, timezone=ZONE, received_at=NOW)
    except Refused:
        return None
    first, charset = charsets.decode(raw, envelope.charset, None)
    before = er7.parse(first, charsets.codec(charset) or "utf-8")
    cited = {path.partition("[")[0] for path, _ in _mapped(there)}
    message = outbound(envelope, there, cited)
    try:
        made, faults = drawn(message)
    except Refused as refused:
        return Trip(name, envelope.type, _missed(there), str(refused))
    back = encoded(made, message)
    text, charset = charsets.decode(back, charsets.declared(back), None)
    again = er7.parse(text, charsets.codec(charset) or "utf-8")
    told = "; ".join(f"{one.path}: {one.text}" for one in faults)
    return Trip(name, envelope.type, tuple(_compare(there, before, again)), faults=told)


def outbound(envelope: Envelope, there: Normalised, segments: AbstractSet[str] = frozenset()) -> Outbound:
    """The same kind of message, from the Bundle alone, for a receiver that takes the segments which this sender has."""
    kind = envelope.type if "^" in envelope.type else f"{envelope.type}^R01"
    return Outbound(kind, there.bundle, "BACK", NOW, _version(envelope, segments), "UNICODE UTF-8", ("HUB", "HUB"),
                    ("HIS", "HOSPITAL"), timezone=_zone(there))  # fmt: skip


def _version(envelope: Envelope, segments: AbstractSet[str]) -> str:
    """The message's own; of one that has segments of a later version, with those of the oldest that has them there."""
    own = envelope.version if supported.VERSION.fullmatch(envelope.version) else "2.5.1"
    later = [version for version in _VERSIONS if version > own]
    found = next((one for one in (own, *later) if segments <= _held(one, envelope.type)), own)
    return own if found == own else f"{own}+{found}"


@lru_cache
def _held(version: str, kind: str) -> frozenset[str]:
    """The segments of a structure, and those that any message may have."""
    structure = structures.structure(version, kind)
    found = structures.library(version).MESSAGES[structure] if structure else (None, ())
    return frozenset(_names(found)) | {name for name in structures.library(version).SEGMENTS if name[0] == "Z"}


def _names(node: Any) -> Iterator[str]:
    for name, reference, _, kind in node[1]:
        if kind == "SEG":
            yield name
        else:
            yield from _names(reference)


def _zone(there: Normalised) -> str:
    """The zone whose offset the message's own time has: its times are then written as they were."""
    stamp = str(there.bundle.get("timestamp", ""))
    found = re.search(r"([+-])(\d\d):00$", stamp)
    if found is None or stamp.endswith("+08:00"):
        return ZONE
    return f"Etc/GMT{'-' if found[1] == '+' else '+'}{int(found[2])}"


def _mapped(there: Normalised) -> list[tuple[str, str]]:
    found = dict.fromkeys((m.path, m.text) for m in there.ledger.mapped)
    return [(path, text) for path, text in found if path.split("[", 1)[0] + "-" + path.split("-", 1)[1].split("[", 1)[0]
            not in ASIDE]  # fmt: skip


def _missed(there: Normalised) -> tuple[Leaf, ...]:
    return tuple(Leaf(path, text, None, "") for path, text in _mapped(there))


def _compare(there: Normalised, first: er7.Message, again: er7.Message) -> Iterator[Leaf]:
    before = Clock(ZONE, er7.value(first, first.segments[0], 7))
    after = Clock(ZONE, er7.value(again, again.segments[0], 7))
    for path, text in _mapped(there):
        name, occurrence, field, repetition, component, part = _PATH.fullmatch(path).groups()  # type: ignore[union-attr]
        place = int(field), int(repetition)
        found = _at(again, name, int(occurrence), *place, int(component or 1), int(part or 1))
        if found.strip() == text.strip():
            returned = "same"
        elif _TIME.match(text.strip()) and before.moment(text) == after.moment(found):
            returned = "moment"
        else:
            whole = _at(first, name, int(occurrence), *place)
            returned = "text" if whole and whole == _at(again, name, int(occurrence), *place) else ""
        yield Leaf(path, text, found or None, returned)


def _at(message: er7.Message, name: str, occurrence: int, field: int, repetition: int, component: int | None = None,
        part: int | None = None) -> str:  # fmt: skip
    segment = next((s for s in message.segments if s.name == name and s.occurrence == occurrence), None)
    return er7.value(message, segment, field, repetition, component, part) if segment else ""
