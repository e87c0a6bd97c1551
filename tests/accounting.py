"""What a ledger owes its message: each leaf once, mapped to what stands in the Bundle or told with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.fhir.parsing import decode
from adapters.hl7v2 import charsets, er7
from adapters.hl7v2.envelope import read_envelope
from hub.domain.fragments import leaves, literal
from hub.domain.messages import Normalised
from hub.summarizer.evidence import lookup


def er7_leaves(raw: bytes) -> dict[str, str]:
    """Path -> value of an HL7 v2 message, in the character set that it names."""
    text, name = charsets.decode(raw, read_envelope(raw)[0].charset, None)
    return dict(er7.leaves(er7.parse(text, charsets.codec(name) or "utf-8")))


def fhir_leaves(raw: bytes) -> dict[str, str]:
    """Pointer -> value of a FHIR document, as its characters."""
    document = decode(raw.removeprefix(b"\xef\xbb\xbf"))
    return {path: literal(value) for path, value in leaves(document) if value is not None}


def unbalanced(sent: Mapping[str, str], found: Normalised) -> Iterator[str]:
    """Leaves that the ledger does not account for, or says to be what or where they are not."""
    mapped = {entry.path: entry.text for entry in found.ledger.mapped}
    unmapped = {entry.path: entry.value for entry in found.ledger.unmapped}
    told = mapped | unmapped
    if missing := sent.keys() - told.keys():
        yield f"{len(missing)} leaves unaccounted for, as {min(missing)}"
    if invented := told.keys() - sent.keys():
        yield f"{len(invented)} leaves that were not sent, as {min(invented)}"
    if twice := mapped.keys() & unmapped.keys():
        yield f"{len(twice)} leaves both mapped and unmapped, as {min(twice)}"
    if len(unmapped) < len(found.ledger.unmapped):
        yield "a leaf is unmapped twice"
    if other := [path for path in sent.keys() & told.keys() if told[path] != sent[path]]:
        yield f"{len(other)} leaves told with another value, as {min(other)}"
    if bare := [entry.path for entry in found.ledger.unmapped if not entry.reason]:
        yield f"unmapped without a reason: {bare[0]}"
    if lost := [entry for entry in found.ledger.mapped if lookup(found.bundle, entry.target) is None]:
        yield f"{lost[0].path} has no target {lost[0].target}"
