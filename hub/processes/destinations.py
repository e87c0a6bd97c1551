"""Where `send` sends: a hub's MLLP listener or its FHIR base; what it answered, and whether to try again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

import httpx
import msgspec

from adapters.hl7v2 import charsets, er7, mllp
from adapters.hl7v2.envelope import read_envelope
from hub.domain.errors import Cause, Refused

MEDIA_TYPE = "application/fhir+json"
RETRIED_STATUS = frozenset({408, 425, 429, 502, 503, 504})
SEND_AGAIN = "207"
"""ERR-3 of an AR (table 0357, application internal error): the hub cannot store now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """code: MSA-1 or the HTTP status, None when there was no answer; error: `{code, path, text}`; retry: worth another
    try, not before `wait` seconds; raw: as received."""

    code: str | None
    error: dict[str, str] | None = None
    retry: bool = False
    wait: float = 0.0
    raw: bytes = b""


class Destination(Protocol):
    """Where messages go, one after the other."""

    def control_id(self, payload: bytes) -> str: ...

    def deliver(self, payload: bytes) -> Answer: ...

    def close(self) -> None: ...


def unreachable(error: Exception) -> Answer:
    """There was no answer; whether the message arrived is not known, and sending it again has no second effect."""
    return Answer(None, {"code": "unreachable", "path": "", "text": str(error) or type(error).__name__}, retry=True)


class Mllp:
    """One connection, made again after trouble."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        self._client: mllp.Client | None = None

    def control_id(self, payload: bytes) -> str:
        return read_envelope(payload)[0].control_id

    def deliver(self, payload: bytes) -> Answer:
        try:
            if self._client is None:
                self._client = mllp.Client(self._host, self._port, self._timeout)
            return read_acknowledgement(self._client.exchange(payload))
        except OSError as error:
            self.close()
            return unreachable(error)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def read_acknowledgement(raw: bytes) -> Answer:
    """MSA-1, and of the first ERR its code (ERR-3, before 2.5 ERR-1.4), place and text; b"": none was asked for."""
    if not raw:
        return Answer(None)
    try:
        text, _ = charsets.decode(raw, charsets.declared(raw), "UNICODE UTF-8")
        message = er7.parse(text)
    except Refused as error:
        return Answer(None, {"code": "unreadable", "path": "", "text": str(error)}, raw=raw)
    msa, err = message.first("MSA"), message.first("ERR")
    code = er7.value(message, msa, 1) if msa else ""
    if code in ("AA", "CA"):
        return Answer(code, raw=raw)
    fault = {"code": code or Cause.NO_HEADER.value, "path": "", "text": er7.value(message, msa, 3) if msa else ""}
    if err is not None:
        new = er7.value(message, err, 3, 1, 1)
        fault["code"] = new or er7.value(message, err, 1, 1, 4, 1) or fault["code"]
        fault["path"] = er7.value(message, err, 2 if new else 1)
        fault["text"] = er7.value(message, err, 8) or er7.value(message, err, 3, 1, 2) or fault["text"]
    return Answer(code or None, fault, retry=code in ("AR", "CR") and fault["code"] == SEND_AGAIN, raw=raw)


class Fhir:
    """The FHIR base URL of a hub, with an organisation's token."""

    def __init__(self, base: str, token: str, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
        self._base = base.rstrip("/")
        self._client = httpx.Client(headers=headers, timeout=timeout)

    def control_id(self, payload: bytes) -> str:
        return str(_key(_json(payload)) or "")

    def deliver(self, payload: bytes) -> Answer:
        resource = _json(payload)
        headers = {} if _key(resource) else {"X-Request-ID": sha256(payload).hexdigest()[:32]}
        try:
            response = self._client.post(self._base + _route(resource), content=payload, headers=headers)
        except httpx.TransportError as error:
            return unreachable(error)
        raw, fault = response.content, next(_faults(_json(response.content)), None)
        if response.is_success:
            return Answer(str(response.status_code), fault, raw=raw)
        fault = fault or {"code": str(response.status_code), "path": "", "text": response.reason_phrase}
        again, wait = response.status_code in RETRIED_STATUS, response.headers.get("retry-after", "")
        return Answer(str(response.status_code), fault, again, float(wait) if wait.isdigit() else 0.0, raw)

    def close(self) -> None:
        self._client.close()


def _json(payload: bytes) -> dict[str, Any]:
    """The JSON object, {} for anything else: what it is not, the hub says."""
    try:
        value = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _route(resource: dict[str, Any]) -> str:
    kind = str(resource.get("resourceType", ""))
    if kind == "Bundle":
        return "/$process-message" if resource.get("type") == "message" else ""
    return f"/{kind}" if kind.isalpha() else ""


def _key(resource: dict[str, Any]) -> str | None:
    """What the hub knows a repeat by: Bundle.identifier, else MessageHeader.id."""
    if resource.get("resourceType") != "Bundle":
        return None
    identifier = resource.get("identifier")
    if isinstance(identifier, dict) and identifier.get("value"):
        return str(identifier["value"])
    entries = resource.get("entry") or [{}]
    header = entries[0].get("resource", {}) if isinstance(entries[0], dict) else {}
    return header.get("id") if header.get("resourceType") == "MessageHeader" else None


def _faults(answer: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The errors of an OperationOutcome, wherever in the answer it stands."""
    if answer.get("resourceType") == "OperationOutcome":
        for issue in answer.get("issue", ()):
            if issue.get("severity") in ("error", "fatal"):
                text = issue.get("diagnostics") or issue.get("details", {}).get("text", "")
                yield {"code": str(issue.get("code")), "path": ", ".join(issue.get("expression", ())), "text": text}
    for entry in answer.get("entry", ()):
        for part in (entry.get("resource"), entry.get("response", {}).get("outcome")):
            if isinstance(part, dict):
                yield from _faults(part)
