"""Message Bundles by HTTP to a FHIR server's `$process-message`, and what its answers mean."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from adapters.fhir.parsing import MEDIA_TYPE
from hub.domain.delivery import Answer, Route, Verdict

LARGEST_ANSWER = 2**20
"""Bytes of an answer that are read; nobody needs more to say how it went."""

_AGAIN = frozenset({401, 403, 408, 425, 429})
"""Statuses below 500 that say nothing of the message: the token or the server must change, or time must pass."""

_RESPONSES = {"transient-error": Verdict.AGAIN, "fatal-error": Verdict.REFUSED}
"""MessageHeader.response.code of an answer that came with status 200."""

_CODE = re.compile(r"[a-z][a-z-]{0,31}")
_EXPRESSION = re.compile(r"[A-Za-z][\w.\[\]]{0,79}")


class Carrier:
    """Posts to the address of a route, over connections that are kept. tls: whom to trust, and who the hub is."""

    def __init__(self, route: Route, token: str | None, tls: ssl.SSLContext) -> None:
        headers = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._address, self._clock = route.address, _Clock(route.timeout)
        self._client = httpx.Client(headers=headers, timeout=route.timeout, verify=tls, follow_redirects=False)

    def deliver(self, payload: bytes, control_id: str) -> Answer:
        """One exchange; control_id goes along as X-Request-ID, the Bundle carries it itself."""
        with self._clock:
            answer = self._exchange(payload, {"X-Request-ID": control_id})
        return Answer("timeout", Verdict.AGAIN) if self._clock.over else answer

    def _exchange(self, payload: bytes, headers: dict[str, str]) -> Answer:
        try:
            with self._client.stream(
                "POST", self._address, content=payload, headers=headers, extensions={"trace": self._clock.trace}
            ) as response:
                return read(response.status_code, response.headers, _body(response))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            return Answer(_tls_fault(error) or "unreachable", Verdict.AGAIN, reached=False)
        except httpx.TimeoutException:
            return Answer("timeout", Verdict.AGAIN)
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            return Answer("hung-up" if "disconnected" in str(error) else "garbage", Verdict.AGAIN)
        except httpx.TransportError as error:
            fault = _tls_fault(error)
            return Answer(fault or "hung-up", Verdict.AGAIN, reached=not fault)

    def close(self) -> None:
        self._client.close()


class _Clock:
    """Ends an exchange that takes longer than `seconds`, once connected: httpx limits the pause between two bytes only,
    and a header or a body that trickles would be waited for without end. over: whether the last one was ended so."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self.over = False

    def __enter__(self) -> None:
        self.over = False

    def __exit__(self, *error: object) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()

    def trace(self, event: str, information: Mapping[str, Any]) -> None:
        """Told by httpx how the exchange goes on."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = information["return_value"].get_extra_info("socket")
        elif event == "http11.send_request_headers.started" and self._timer is None:
            self._timer = threading.Timer(self._seconds, self._end)
            self._timer.start()

    def _end(self) -> None:
        self.over = True
        if self._socket is not None:
            with suppress(OSError):  # it has gone already; SSLSocket's own would have the other thread read plain bytes
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body[:LARGEST_ANSWER])


def _tls_fault(error: BaseException | None) -> str:
    """What TLS had against the other side, or that against the hub; "" where it was something else."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "untrusted"
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            return "tls-failed"
        error = error.__cause__ or error.__context__
    return ""


def read(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """What a response means: 2xx delivered, unless its MessageHeader says otherwise; 5xx, and 401, 403, 408, 425, 429
    and redirections: again; every other refused."""
    told = _json(body)
    code, path = _fault(told)
    if 200 <= status < 300:
        verdict = _RESPONSES.get(_response(told), Verdict.DELIVERED)
    elif status >= 500 or status < 400 or status in _AGAIN:
        verdict = Verdict.AGAIN
    else:
        verdict = Verdict.REFUSED
    taken = verdict is Verdict.DELIVERED and _response(told) == "ok"
    return Answer(str(status), verdict, code, path, _wait(headers.get("retry-after", "")), taken=taken, raw=body)


def _wait(text: str) -> float:
    """Seconds of Retry-After, which may be a time; 0 where it says nothing."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _resources(told: dict[str, Any]) -> list[dict[str, Any]]:
    entries = told.get("entry")
    found = [e.get("resource") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return [told, *(r for r in found if isinstance(r, dict))]


def _response(told: dict[str, Any]) -> str:
    for resource in _resources(told):
        response = resource.get("response") if resource.get("resourceType") == "MessageHeader" else None
        if isinstance(response, dict):
            return str(response.get("code"))
    return ""


def _fault(told: dict[str, Any]) -> tuple[str, str]:
    """Code and place of the first error of an OperationOutcome, as far as they are no free text."""
    for resource in _resources(told):
        issues = resource.get("issue") if resource.get("resourceType") == "OperationOutcome" else None
        for issue in issues if isinstance(issues, list) else ():
            if isinstance(issue, dict) and issue.get("severity") in ("error", "fatal"):
                places = issue.get("expression")
                place = places[0] if isinstance(places, list) and places else ""
                return _plain(_CODE, issue.get("code")), _plain(_EXPRESSION, place)
    return "", ""


def _plain(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""
