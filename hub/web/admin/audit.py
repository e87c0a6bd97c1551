"""`/admin/audit`: who did, or tried to do, what; searched, and exported as CSV or JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from hub.security import audit as trail
from hub.security.people import Person
from hub.views import audit
from hub.web.admin import filters, spreadsheets
from hub.web.pages import Pages

PATH = "/admin/audit"
PAGE = 100
PORTION = 2_000
FIELDS: dict[str, filters.Parse] = {
    "since": filters.time, "until": filters.time, "organization": filters.text, "actor": filters.text,
    "action": filters.text, "object_type": filters.text, "object_id": filters.text, "refused": filters.flag,
}  # fmt: skip
COLUMNS = ("at", "organization", "actor", "action", "object_type", "object_id", "allowed")


def router(pages: Pages) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    def search(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        asked = filters.read(request.query_params, FIELDS, filters.zone(person))
        after = request.query_params.get("after") or None
        with pages.connection() as connection:
            found = audit.page(connection, audit.Criteria(**asked.values), limit=PAGE, after=after)
        return pages.show(
            request, person, "admin/audit.html", status=422 if asked.faults else 200, asked=asked, found=found,
            faults=filters.told(request, asked.faults), first=asked.address(PATH) if after else "",
            later=asked.address(PATH, after=found.following) if found.following else "",
            exports={"CSV": asked.address(f"{PATH}.csv"), "JSON Lines": asked.address(f"{PATH}.jsonl")},
        )  # fmt: skip

    @routes.get(PATH + ".csv")
    def as_csv(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        return _export(request, person, "text/csv; charset=utf-8", "audit.csv", _csv)

    @routes.get(PATH + ".jsonl")
    def as_json_lines(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        return _export(request, person, "application/jsonl; charset=utf-8", "audit.jsonl", _json_lines)

    def _export(request: Request, person: Person, media_type: str, name: str,
                write: Callable[[Sequence[audit.Entry], bool], str]) -> Response:  # fmt: skip
        asked = filters.read(request.query_params, FIELDS, filters.zone(person))
        if asked.faults:
            return pages.see_other(asked.address(PATH))
        with pages.connection() as connection:
            trail.write(connection, organization_id=person.organization.id, actor=person.login, action="export",
                        object_type="audit", object_id=name)  # fmt: skip
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingResponse(_portions(audit.Criteria(**asked.values), write), 200, headers, media_type)

    def _portions(criteria: audit.Criteria, write: Callable[[Sequence[audit.Entry], bool], str]) -> Iterator[str]:
        after, first = None, True
        while first or after is not None:
            with pages.connection() as connection:
                found = audit.page(connection, criteria, limit=PORTION, after=after)
            yield write(found.rows, first)
            after, first = found.following, False

    return routes


def _csv(entries: Sequence[audit.Entry], first: bool) -> str:
    head = spreadsheets.MARK + spreadsheets.written([COLUMNS]) if first else ""
    return head + spreadsheets.written(_row(entry).values() for entry in entries)


def _json_lines(entries: Sequence[audit.Entry], _: bool) -> str:
    return "".join(json.dumps(_row(entry), ensure_ascii=False) + "\n" for entry in entries)


def _row(entry: audit.Entry) -> dict[str, str | bool | None]:
    row = asdict(entry)
    return {name: row[name] if name != "at" else entry.at.isoformat() for name in COLUMNS}
