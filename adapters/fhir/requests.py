"""What all FHIR routes share: the commands they call, who asks, bodies within the limit, errors as OperationOutcome."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from adapters.fhir import operation_outcome
from adapters.fhir.acknowledgement import Answer, unavailable, unpack
from adapters.fhir.parsing import MEDIA_TYPE, READABLE, encode, media_type, parameter
from hub.domain.errors import Refused, Unavailable
from hub.domain.fragments import Resource
from hub.domain.messages import Receipt, Sender, Submission

LIMIT = 16 * 2**20

_ANSWERABLE = READABLE - {""} | {"*/*", "application/*", "json"}
_R4 = ("", "4.0", "4.0.1")
"""The media type parameter fhirVersion (R4, 3.1.0.1.5.1): none, as it is, and as it is often sent."""


class Audit(Protocol):
    """`hub.security.audit.write`."""

    def __call__(self, connection: Any, *, organization_id: int | None, actor: str, action: str, object_type: str,
                 object_id: str, allowed: bool = True) -> None: ...  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Commands:
    """What the routes call.

    authenticate: the organisation of a token; accept: `Intake.accept`; connection: one of the pool's, committed at
    the end; audit: writes a line in its transaction. Each may raise Unavailable, which is answered 503.
    """

    authenticate: Callable[[str], Sender | None]
    accept: Callable[[Submission], Receipt]
    connection: Callable[[], AbstractContextManager[Any]]
    audit: Audit
    now: Callable[[], datetime] = _now
    limit: int = LIMIT


class Problem(Exception):
    """An error of the request itself. code: of the value set issue-type."""

    def __init__(self, status: int, code: str, text: str, *, expression: str | None = None, **headers: str) -> None:
        super().__init__(text)
        body = encode(operation_outcome.told("error", code, text, expression))
        self.answer = Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


class FhirRoute(APIRoute):
    """A route whose errors are OperationOutcomes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except Problem as problem:
                return respond(problem.answer)
            except Refused as refused:
                body = encode(operation_outcome.of_refusals(refused.refusals))
                return respond(Answer(operation_outcome.status(refused.refusals), {}, body))
            except Unavailable:
                return respond(unavailable())
            except RequestValidationError:
                return respond(Problem(400, "invalid", "a parameter or header is not as expected").answer)
            except HTTPException as error:
                return respond(Problem(error.status_code, "processing", str(error.detail)).answer)

        return answer


def respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {"Cache-Control": "no-store", **answer.headers}, MEDIA_TYPE)


def resource_response(resource: Resource, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(Answer(status, named, encode(resource)))


def accepted(commands: Commands, submission: Submission) -> tuple[Receipt, Answer]:
    """The submission's receipt and its answer. Raises Unavailable."""
    receipt = commands.accept(submission)
    return receipt, unpack(receipt.acknowledgement) if receipt.acknowledgement else unavailable()


def base_url(request: Request) -> str:
    """The FHIR base as the client reached it, without slash at the end."""
    root = str(request.base_url).rstrip("/")
    return f"{root}/fhir"


def allowed(request: Request) -> str:
    """The methods that the address asked for has, as the header Allow lists them; empty for no address of ours."""
    named = {method for route in iter_route_contexts(request.app.routes)
             if route.path and "{path:path}" not in route.path
             and compile_path(route.path)[0].match(request.url.path)
             for method in route.methods or ()}  # fmt: skip
    return ", ".join(sorted(named | {"HEAD"} if "GET" in named else named))


def sender_of(commands: Commands) -> Callable[[Request], Sender]:
    """Dependency: the organisation whose token the request carries, else 401."""

    def sender(request: Request) -> Sender:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = commands.authenticate(token.strip()) if scheme.lower() == "bearer" and token.strip() else None
        if found is None:
            raise Problem(401, "login", "a valid Bearer token is expected", WWW_Authenticate='Bearer realm="fhir"')
        return found

    return sender


def body_of(commands: Commands, readable: frozenset[str] = READABLE) -> Callable[[Request], Any]:
    """Dependency: the bytes of the body, unpacked; 415 for another media type or version, 413 over the limit."""

    async def body(request: Request) -> bytes:
        content_type = request.headers.get("content-type", "")
        if media_type(content_type) not in readable:
            raise Problem(415, "not-supported", f"expected: {' | '.join(sorted(filter(None, readable)))}")
        if parameter(content_type, "fhirVersion") not in _R4:
            raise Problem(415, "not-supported", "FHIR R4 is expected: fhirVersion=4.0")
        coding = request.headers.get("content-encoding", "identity").strip().casefold()
        if coding not in ("identity", "gzip", "x-gzip"):
            raise Problem(415, "not-supported", "a body as it is or gzip is expected", Accept_Encoding="gzip")
        told = request.headers.get("content-length", "")
        received = bytearray()
        if told.isdigit() and int(told) > commands.limit:
            raise _too_large(commands.limit)
        async for piece in request.stream():
            received += piece
            if len(received) > commands.limit:
                raise _too_large(commands.limit)
        return bytes(received) if coding == "identity" else _unpacked(bytes(received), commands.limit)

    return body


def _unpacked(packed: bytes, limit: int) -> bytes:
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        found = reader.decompress(packed, limit + 1)
    except zlib.error:
        raise Problem(400, "structure", "the body is no gzip") from None
    if len(found) > limit:
        raise _too_large(limit)
    if not reader.eof or reader.unused_data:
        raise Problem(400, "structure", "the body is no whole gzip")
    return found


def _too_large(limit: int) -> Problem:
    return Problem(413, "too-long", f"a request of at most {limit} bytes is expected", Connection="close")


def wanted_json(request: Request) -> None:
    """Dependency: 406 where the client accepts no JSON of FHIR R4."""
    asked = request.query_params.get("_format", "") or request.headers.get("accept", "") or "*/*"
    if not any(map(_answerable, asked.casefold().split(","))):
        raise Problem(406, "not-supported", f"the hub answers in {MEDIA_TYPE}; fhirVersion=4.0")


def _answerable(wanted: str) -> bool:
    """Whether a media range is of FHIR R4 JSON and not refused (q=0). `+` in a query may have come as a space."""
    kind, weight = media_type(wanted).replace(" ", "+"), parameter(wanted, "q") or "1"
    return kind in _ANSWERABLE and parameter(wanted, "fhirVersion") in _R4 and weight.strip("0.") != ""


JsonWanted = Annotated[None, Depends(wanted_json)]
