"""`/referrals/{id}/record`: the continuous record, for the referral's receiver alone; every look at it is audited.

One address for machines and people: a browser gets the page, everybody else JSON, or plain text where that is what is
asked for, by token or by session.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from hub.domain.errors import Unavailable
from hub.domain.messages import Sender
from hub.domain.referrals import FINAL
from hub.domain.statements import sources
from hub.security import audit, tokens
from hub.security.people import Person
from hub.store.connections import decode
from hub.views import ids, marks, records, referrals
from hub.views import sources as cited
from hub.views.records import Record
from hub.views.referrals import Referral
from hub.web import access
from hub.web.page import Page
from hub.web.pages import language, wants_page
from hub.web.plain import exported

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

Form = Literal["json", "text"]

_LOOK_AGAIN = 0.1
_HEADERS = {"Cache-Control": "no-store"}
_JSON = ("application/json", "application/*", "*/*", "")
_QUALITY = re.compile(r"[01](?:\.\d{1,3})?")
_DESCRIPTIONS = {401: "no valid token", 403: "an administrator reads no records",
                 404: "no such referral that this organisation receives", 406: "neither JSON nor text is accepted",
                 503: "not made yet, or PostgreSQL does not answer"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class People:
    """How people read it: `page` answers a browser, `visitor` knows a session."""

    page: Callable[[Request, str], Response]
    visitor: Callable[[Request], Person | None]


@dataclass(frozen=True, slots=True)
class _Viewer:
    """actor: as in the trail; reads: whether it may read records at all."""

    organization: Sender
    actor: str
    reads: bool = True


def router(connect: Connect, people: People | None = None, *, patience: float = 3.0) -> APIRouter:
    """connect: a connection in a transaction that is committed at the end (`pool.connection`); may raise
    Unavailable or psycopg.OperationalError. people: None where there are only machines.

    patience: seconds to wait for a record that is being made, as it is for a moment after acceptance.
    """
    routes = APIRouter(tags=["record"])

    @routes.get("/referrals/{referral_id}/record", response_class=Response,
                responses={status: {"description": text} for status, text in _DESCRIPTIONS.items()})  # fmt: skip
    async def record(referral_id: str, request: Request) -> Response:
        """Before acceptance the record of what came with the referral, afterwards of the patient's whole history."""
        if people and wants_page(request):
            return await run_in_threadpool(people.page, request, referral_id)
        form = _form(request.headers.get("accept", "*/*"))
        if form is None:
            return access.problem(406, "not-acceptable", "the record is application/json or text/plain")
        end = time.monotonic() + patience
        try:
            visitor = await run_in_threadpool(people.visitor, request) if people and not _bears(request) else None
            while True:
                answer = await run_in_threadpool(_look, connect, request, visitor, referral_id, form)
                if answer is not None:
                    return answer
                if time.monotonic() > end:
                    return access.problem(503, "record-not-ready", "the record is being made", Retry_After="2")
                await asyncio.sleep(_LOOK_AGAIN)
        except (Unavailable, psycopg.OperationalError):
            return access.unavailable("PostgreSQL does not answer")

    return routes


def _bears(request: Request) -> bool:
    return "authorization" in request.headers


def _look(connect: Connect, request: Request, visitor: Person | None, referral_id: str, form: Form) -> Response | None:
    """The answer, None while the record is being made."""
    action = "read" if form == "json" else "export"
    with connect() as connection:
        viewer = _viewer(connection, access.bearer(request), visitor)
        referral = referrals.read(connection, viewer.organization.id, referral_id) if viewer and viewer.reads else None
        if viewer is None or referral is None or not records.readable(referral, viewer.organization.id):
            _write(connection, viewer, action, referral_id, allowed=False)
            if viewer is None:
                return access.unauthenticated()
            if not viewer.reads:
                return access.problem(403, "forbidden", "an administrator reads no records")
            return access.problem(404, "not-found", "this organisation receives no such referral")
        record = records.newest(connection, referral)
        if record is None:
            ended = referral.state in FINAL and not referral.whole_record
            return access.problem(404, "no-record", "the referral ended without this record") if ended else None
        _write(connection, viewer, action, referral_id, allowed=True)
        if form == "text":
            page = Page(language(request), None, "", datetime.now(UTC), "", timezone=viewer.organization.timezone)
            said = _text(connection, page, referral, record)
            return Response(said, media_type="text/plain; charset=utf-8", headers=_HEADERS)
    headers = {**_HEADERS, "ETag": f'"{record.sha256.hex()}"'}
    return Response(record.document, media_type="application/json", headers=headers)


def _text(connection: psycopg.Connection[Any], page: Page, referral: Referral, record: Record) -> str:
    """The record as what is printed of it says, with the marks that stand."""
    names = cited.names(connection, {str(s["message_id"]) for s in sources(decode(record.document))})
    return exported(record.document, page, names, marks.standing(connection, referral.id))


def _viewer(connection: psycopg.Connection[Any], token: str | None, visitor: Person | None) -> _Viewer | None:
    if visitor is not None:
        return _Viewer(visitor.organization, visitor.login, visitor.role == "clinician")
    known = tokens.authenticate(connection, token) if token else None
    return _Viewer(known, "token") if known else None


def _write(connection: psycopg.Connection[Any], viewer: _Viewer | None, action: str, referral_id: str, *,
           allowed: bool) -> None:  # fmt: skip
    audit.write(
        connection,
        organization_id=viewer.organization.id if viewer else None,
        actor=viewer.actor if viewer else "nobody",
        action=action,
        object_type="record",
        object_id=referral_id if ids.parse(referral_id) else "no id",
        allowed=allowed,
    )


def _form(accept: str) -> Form | None:
    """What is asked for; JSON where both are as welcome, None where neither is."""
    welcome = dict(_ranges(accept))
    json = max((welcome[name] for name in _JSON if name in welcome), default=0.0)
    text = max((welcome[name] for name in ("text/plain", "text/*") if name in welcome), default=0.0)
    if not json and not text:
        return None
    return "text" if text > json or (text == json and "application/json" not in welcome) else "json"


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        yield name, float(quality) if _QUALITY.fullmatch(quality) else 1.0
