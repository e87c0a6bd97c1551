"""`/admin/ledger`: which fields of which senders are in no Bundle, so that the next rule of a profile can be chosen."""

from __future__ import annotations

import re
from typing import get_args
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from hub.security import organizations
from hub.security.people import Person
from hub.views import ledgers
from hub.web.admin import filters, reasons, spreadsheets
from hub.web.pages import Pages
from hub.web.words import N_

PATH = "/admin/ledger"
PAGE = 50
FURTHEST = 100_000
"""Rows after which nobody leafs on."""
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")


def _segment(value: str, _: ZoneInfo) -> str:
    if not _SEGMENT.fullmatch(value.upper()):
        raise ValueError(N_("A segment's name has three characters, as PID."))
    return value.upper()


FIELDS: dict[str, filters.Parse] = {
    "organization": filters.text, "since": filters.time, "type": filters.text, "segment": _segment,
    "outcome": filters.one_of(get_args(ledgers.Outcome)),
}  # fmt: skip


def router(pages: Pages) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    def browse(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        asked = filters.read(request.query_params, FIELDS, filters.zone(person))
        after = _position(request.query_params.get("after", ""))
        with pages.connection() as connection:
            senders = [(sender.code, sender.name) for sender in organizations.listing(connection)]
            waiting = ledgers.waiting(connection)
            found = ledgers.lines(connection, ledgers.Criteria(**asked.values), limit=PAGE + 1, offset=after)
        later = asked.address(PATH, after=str(after + PAGE)) if len(found) > PAGE else ""
        earlier = asked.address(PATH, after=str(after - PAGE) if after > PAGE else "")
        return pages.show(
            request, person, "admin/ledger.html", status=422 if asked.faults else 200, asked=asked, senders=senders,
            found=found[:PAGE], faults=filters.told(request, asked.faults), waiting=waiting,
            countable=waiting < ledgers.WAITING, earlier=earlier if after else "", later=later,
            export=asked.address(f"{PATH}.csv"), reason_word=reasons.told,
        )  # fmt: skip

    @routes.get(PATH + ".csv")
    def as_csv(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        asked = filters.read(request.query_params, FIELDS, filters.zone(person))
        if asked.faults:
            return pages.see_other(asked.address(PATH))
        with pages.connection() as connection:
            found = ledgers.lines(connection, ledgers.Criteria(**asked.values))
        rows = ([*map(_cell, line.told().values())] for line in found)
        content = spreadsheets.MARK + spreadsheets.written([ledgers.COLUMNS]) + spreadsheets.written(rows)
        headers = {"Content-Disposition": 'attachment; filename="ledger.csv"', "Cache-Control": "no-store"}
        return Response(content, 200, headers, "text/csv; charset=utf-8")

    return routes


def _cell(value: object) -> object:
    return " ".join(value) if isinstance(value, list) else value


def _position(text: str) -> int:
    """How many lines were shown before; 0 where the text is no such number."""
    return min(int(text), FURTHEST) if text.isascii() and text.isdigit() and len(text) < 10 else 0
