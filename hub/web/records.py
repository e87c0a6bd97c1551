"""`/referrals/{id}/record`: the continuous record, for the referral's receiver alone; every look at it is audited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from hub.domain.errors import Unavailable
from hub.domain.messages import Sender
from hub.domain.referrals import FINAL
from hub.security import audit, tokens
from hub.views import ids, records, referrals
from hub.web import access

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

_LOOK_AGAIN = 0.1
_DESCRIPTIONS = {401: "no valid token", 404: "no such referral that this organisation receives",
                 406: "JSON is not accepted", 503: "not made yet, or PostgreSQL does not answer"}  # fmt: skip


def router(connect: Connect, *, patience: float = 3.0) -> APIRouter:
    """connect: a connection in a transaction that is committed at the end (`pool.connection`); may raise
    Unavailable or psycopg.OperationalError.

    patience: seconds to wait for a record that is being made, as it is for a moment after acceptance.
    """
    routes = APIRouter(tags=["record"])

    @routes.get("/referrals/{referral_id}/record", response_class=Response,
                responses={status: {"description": text} for status, text in _DESCRIPTIONS.items()})  # fmt: skip
    async def record(referral_id: str, request: Request) -> Response:
        """Before acceptance the record of what came with the referral, afterwards of the patient's whole history."""
        if not _accepts_json(request.headers.get("accept", "*/*")):
            return access.problem(406, "not-acceptable", "the record is application/json")
        token, end = access.bearer(request), time.monotonic() + patience
        try:
            while True:
                answer = await run_in_threadpool(_look, connect, token, referral_id)
                if answer is not None:
                    return answer
                if time.monotonic() > end:
                    return access.problem(503, "record-not-ready", "the record is being made", Retry_After="2")
                await asyncio.sleep(_LOOK_AGAIN)
        except (Unavailable, psycopg.OperationalError):
            return access.unavailable("PostgreSQL does not answer")

    return routes


def _look(connect: Connect, token: str | None, referral_id: str) -> Response | None:
    """The answer, None while the record is being made."""
    with connect() as connection:
        viewer = tokens.authenticate(connection, token) if token else None
        referral = referrals.read(connection, viewer.id, referral_id) if viewer else None
        if viewer is None or referral is None or not records.readable(referral, viewer.id):
            _write(connection, viewer, referral_id, allowed=False)
            if viewer is None:
                return access.unauthenticated()
            return access.problem(404, "not-found", "this organisation receives no such referral")
        record = records.newest(connection, referral)
        if record is None:
            ended = referral.state in FINAL and not referral.whole_record
            return access.problem(404, "no-record", "the referral ended without this record") if ended else None
        _write(connection, viewer, referral_id, allowed=True)
    headers = {"Cache-Control": "no-store", "ETag": f'"{record.sha256.hex()}"'}
    return Response(record.document, media_type="application/json", headers=headers)


def _write(connection: psycopg.Connection[Any], viewer: Sender | None, referral_id: str, *, allowed: bool) -> None:
    audit.write(
        connection,
        organization_id=viewer.id if viewer else None,
        actor="token" if viewer else "nobody",
        action="read",
        object_type="record",
        object_id=referral_id if ids.parse(referral_id) else "no id",
        allowed=allowed,
    )


def _accepts_json(accept: str) -> bool:
    ranges = {part.split(";", 1)[0].strip().lower() for part in accept.split(",")}
    return bool(ranges & {"application/json", "application/*", "*/*", ""})
