"""Files as fragments: HL7 v2, FHIR JSON and plain notes, with what a manifest says of where they came from."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from adapters.fhir.normalise import normalise as normalise_fhir
from adapters.hl7v2 import files
from adapters.hl7v2.envelope import read_envelope, unreadable
from adapters.hl7v2.normalise import identified
from adapters.hl7v2.normalise import normalise as normalise_hl7v2
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Citation, Fragment, Kind, Resource, cite_document
from hub.domain.messages import Amend, Normalised, Open, Part

_BOM = b"\xef\xbb\xbf"
_NOTE_DATA = "/content/0/attachment/data"


class Origin(msgspec.Struct, frozen=True):
    """A line of the manifest. received_at: aware."""

    path: str
    organization: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusing:
    """A message that is not in the record. index: 1-based in its file.

    What stands for it: `text`, `start` characters into the file (kind `text`), or its MSH-10 (kind `hl7v2`, path).
    """

    file: str
    index: int
    refusals: tuple[Refusal, ...]
    received_at: datetime
    organization: str
    message_id: str
    text: str
    start: int = 0
    kind: Kind = "text"
    path: str = ""


@dataclass(slots=True)
class Received:
    """All that was read, file by file. referrals: of the fragments, those that are a referral's own ServiceRequest."""

    fragments: list[Fragment] = field(default_factory=list)
    referrals: list[Fragment] = field(default_factory=list)
    refused: list[Refusing] = field(default_factory=list)


_Read = tuple[list[Fragment], Resource | None, tuple[Refusal, ...]]
"""Of a message: its fragments, the resource that is the referral's ServiceRequest, what of a batch was refused."""


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    data: bytes
    origin: Origin
    modified: datetime
    timezone: str


def manifest(path: Path) -> dict[str, Origin]:
    """The origins by path as given and by path from the manifest's folder. Raises ValueError with the line."""
    found: dict[str, Origin] = {}
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            origin = msgspec.json.decode(line, type=Origin)
        except msgspec.DecodeError as error:
            raise ValueError(f"{path}: line {number}: {error}") from error
        if origin.received_at and origin.received_at.tzinfo is None:
            raise ValueError(f"{path}: line {number}: received_at without offset for {origin.path}")
        found[origin.path] = origin
        found[str((path.parent / origin.path).resolve())] = origin
    return found


def read(paths: Sequence[str], origins: Mapping[str, Origin], timezone: str) -> Received:
    """Every message of every file. Raises OSError for a path that is no readable file."""
    received = Received()
    given = _origins(paths, origins)
    for path in paths:
        place = Path(path)
        modified = datetime.fromtimestamp(place.stat().st_mtime, UTC)
        _read_file(_File(path, place.read_bytes(), given.get(path, Origin(path)), modified, timezone), received)
    return received


def _origins(paths: Iterable[str], origins: Mapping[str, Origin]) -> dict[str, Origin]:
    """The origin of each path: of its place, else as written, else of the only other line with its file name."""
    places = {path: (str(Path(path).resolve()), path) for path in paths}
    found = {p: origins[n] for p, names in places.items() for n in names[::-1] if n in origins}
    by_name: dict[str, set[Origin]] = {}
    for origin in set(origins.values()) - set(found.values()):
        by_name.setdefault(Path(origin.path).name, set()).add(origin)
    for path in places.keys() - found.keys():
        named = by_name.get(Path(path).name, set())
        if len(named) == 1:
            found[path] = next(iter(named))
    return found


def _read_file(file: _File, received: Received) -> None:
    start = file.data.removeprefix(_BOM).lstrip()
    if _is_json(start):
        messages = [(file.data, _fhir)]
    elif file.path.lower().endswith(".txt") and not start.startswith((b"MSH", b"FHS", b"BHS", b"\x0b")):
        messages = [(file.data, _note)]
    else:
        messages = [(raw, _hl7v2) for raw in files.split(file.data)] or [(file.data, _hl7v2)]
    for index, (raw, reader) in enumerate(messages, 1):
        try:
            fragments, request, refusals = reader(file, raw, len(received.fragments))
            received.fragments += fragments
            received.referrals += [f for f in fragments if request is not None and f.resource is request]
            if refusals:
                raise Refused(*refusals)
        except Refused as error:
            received.refused.append(_refusing(file, index, raw, error))


def _request(normalised: Normalised) -> Resource | None:
    intent = normalised.intent
    return intent.content.service_request if isinstance(intent, Open | Amend) else None


def _refusing(file: _File, index: int, raw: bytes, error: Refused) -> Refusing:
    """The whole message where the file is UTF-8; else its MSH-10; else what GB 18030 or Latin-1 make of the bytes."""
    name = Path(file.path).name
    envelope = None if _is_json(raw) else read_envelope(raw)[0]
    about = Refusing(
        file.path,
        index,
        error.refusals,
        file.origin.received_at or file.modified,
        file.origin.organization or (envelope.facility if envelope else "") or name,
        message_id=(envelope.control_id if envelope else _json_id(raw)) or name,
        text="",
    )
    for charset in ("utf-8", None, "gb18030", "latin-1"):
        if charset is None and envelope and envelope.control_id:
            return replace(about, text=envelope.control_id, kind="hl7v2", path="MSH[1]-10[1]")
        try:
            text = raw.decode(charset or "ascii")
            return replace(about, text=text, start=file.data.decode(charset or "ascii").index(text))
        except ValueError:
            continue
    return about


def _is_json(data: bytes) -> bool:
    return data.removeprefix(_BOM).lstrip()[:1] in (b"{", b"[")


def _json_id(raw: bytes) -> str:
    try:
        document = msgspec.json.decode(raw.removeprefix(_BOM))
    except msgspec.DecodeError:
        return ""
    return _document_id(document) if isinstance(document, dict) else ""


def _document_id(document: Mapping[str, Any]) -> str:
    """Bundle.identifier.value, else the id, else ""."""
    identifier = document.get("identifier") if document.get("resourceType") == "Bundle" else None
    name = identifier.get("value") if isinstance(identifier, dict) else None
    return str(name or document.get("id") or "")


def _hl7v2(file: _File, raw: bytes, count: int) -> _Read:
    envelope, found = read_envelope(raw)
    refusals = unreadable(found)
    if refusals:
        raise Refused(*refusals)
    given = file.origin.received_at
    normalised = identified(
        normalise_hl7v2(raw, envelope, charset=None, timezone=file.timezone, received_at=given or file.modified)
    )
    sent = _time(normalised.bundle.get("timestamp"))
    organization = file.origin.organization or envelope.facility or Path(file.path).name
    message_id = envelope.control_id or Path(file.path).name
    return (
        list(_fragments(file, normalised, "hl7v2", message_id, organization, given or sent or file.modified, count)),
        _request(normalised),
        (),
    )


def _fhir(file: _File, raw: bytes, count: int) -> _Read:
    given, raw = file.origin.received_at, raw.removeprefix(_BOM)
    normalised = normalise_fhir(raw, timezone=file.timezone, received_at=given or file.modified)
    document = msgspec.json.decode(raw)
    message_id = _document_id(document) or Path(file.path).name
    organization = file.origin.organization or _sender(document) or Path(file.path).name
    when = given or _time(document.get("timestamp")) or file.modified
    fragments = list(_fragments(file, normalised, "fhir", message_id, organization, when, count))
    return fragments, _request(normalised), normalised.warnings


def _sender(document: Mapping[str, Any]) -> str | None:
    for entry in document.get("entry", ()):
        resource = entry.get("resource", {})
        if resource.get("resourceType") == "MessageHeader":
            sender = resource.get("sender", {}).get("display") or resource.get("source", {}).get("name")
            return str(sender) if sender else None
    return None


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _fragments(file: _File, normalised: Normalised, kind: Kind, message_id: str, organization: str,
               received_at: datetime, count: int) -> Iterator[Fragment]:  # fmt: skip
    names = [f"fragment-{count + number}" for number in range(1, len(normalised.parts) + 1)]
    for name, part in zip(names, normalised.parts, strict=True):
        yield Fragment(
            id=name,
            message_id=message_id,
            patient=_patient(names, part),
            organization=organization,
            received_at=received_at,
            recorded_at=part.recorded_at,
            file=file.path,
            kind=kind,
            resource=part.resource,
            citations=part.citations or cite_document(part.resource, part.base),
        )


def _patient(names: list[str], part: Part) -> str:
    return names[part.patient] if part.patient is not None else ""


def _note(file: _File, raw: bytes, count: int) -> _Read:
    """A plain note as a DocumentReference; raises Refused when it is neither UTF-8 nor GB 18030."""
    text = _decoded(raw)
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8",
                                    "data": base64.b64encode(text.encode()).decode()}}],
    }  # fmt: skip
    name = Path(file.path).name
    fragments = [
        Fragment(
            id=f"fragment-{count + 1}",
            message_id=name,
            patient="",
            organization=file.origin.organization or name,
            received_at=file.origin.received_at or file.modified,
            recorded_at=None,
            file=file.path,
            kind="text",
            resource=resource,
            citations=(Citation(_NOTE_DATA, "", text),),
        )
    ]
    return fragments, None, ()


def _decoded(raw: bytes) -> str:
    for charset in ("utf-8", "gb18030"):
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    raise Refused(Refusal(Cause.UNDECODABLE, "1", "the note is neither UTF-8 nor GB 18030"))


def newest(received: Received, timezone: str) -> datetime:
    """The newest time received, in the zone; now, where nothing was read."""
    moments = [f.received_at for f in received.fragments] + [r.received_at for r in received.refused]
    return max(moments, default=datetime.now(UTC)).astimezone(ZoneInfo(timezone))


def newest_referral(received: Received) -> str | None:
    """The fragment that is the ServiceRequest of the referral received last."""
    last = max(received.referrals, key=lambda f: f.received_at, default=None)
    return last.id if last else None
