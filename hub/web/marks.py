"""`/referrals/{id}/marks`, `/marks.jsonl`: verdicts of readers on the statements of a record."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import FormData

from hub.domain.statements import Statement, find
from hub.security.people import Person
from hub.views import marks
from hub.web.opened import Opened, note, opened, part_of
from hub.web.pages import Pages
from hub.web.words import N_

LONGEST_REASON = 1000
_NO_REASON = N_("Say what is wrong with it")
_KEPT = N_("The mark is kept")
_WITHDRAWN = N_("The mark is taken back")


def router(pages: Pages) -> APIRouter:
    routes = APIRouter(tags=["pages"], include_in_schema=False)

    @routes.post("/referrals/{referral_id}/marks")
    def mark(referral_id: str, request: Request, person: Person = Depends(pages.clinician),
             form: FormData = Depends(pages.form)) -> Response:  # fmt: skip
        """With `HX-Request` the forms anew and the statement's state, else the way back to its sources."""
        with pages.connection() as connection:
            record = opened(connection, person, referral_id, _field(form, "record"), "mark")
            part = part_of(_field(form, "part"))
            statement = find(record.document, part, _field(form, "name")) if record and part else None
            verdict = next((v for v in marks.VERDICTS if v == _field(form, "verdict")), None)
            if record is None or statement is None or verdict is None or not statement.sources:
                return pages.missing(request, person)
            reason = _field(form, "reason").strip()[:LONGEST_REASON]
            error = _NO_REASON if verdict == "wrong" and not reason else ""
            if not error:
                marks.put(connection, person, referral_id=record.referral.id, record_id=record.record.id,
                          statement=statement, verdict=verdict, reason=reason or None)  # fmt: skip
            standing = marks.standing(connection, record.referral.id).get(statement.key)
        if request.headers.get("hx-request") == "true":
            return _partial(pages, request, person, record, statement, standing, error)
        query = {"record": record.record.id, statement.part: statement.name}
        told = error or (_WITHDRAWN if verdict == "withdrawn" else _KEPT)
        return pages.see_other(f"/referrals/{record.referral.id}/record/sources?{urlencode(query)}", told=told)

    @routes.get("/marks.jsonl")
    def export(request: Request, person: Person = Depends(pages.clinician)) -> Response:
        """What the person's organisation marked, and what was marked of what it said; JSON Lines."""
        with pages.connection() as connection:
            note(connection, person, "export", "marks", person.organization.code)
        headers = {"Content-Disposition": 'attachment; filename="marks.jsonl"', "Cache-Control": "no-store"}
        return StreamingResponse(_lines(pages, person), media_type="application/x-ndjson", headers=headers)

    return routes


def _partial(pages: Pages, request: Request, person: Person, record: Opened, statement: Statement,
             standing: marks.Mark | None, error: str) -> Response:  # fmt: skip
    return pages.show(request, person, "sources/_marked.html", referral=record.referral, record=record.record,
                      statement=statement, mark=standing, error=error)  # fmt: skip


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\0", "") if isinstance(value, str) else ""


def _lines(pages: Pages, person: Person) -> Iterator[bytes]:
    with pages.connection() as connection:
        for mark in marks.exported(connection, viewer=person.organization.id):
            yield msgspec.json.encode(mark.line()) + b"\n"
