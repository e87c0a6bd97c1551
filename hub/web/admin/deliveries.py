"""`/admin/deliveries`: where messages go to, how each destination stands, its dead letters, once more or skipped."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection
from starlette.datastructures import FormData as Form

from hub.domain.errors import Refused
from hub.security import audit, organizations
from hub.security.people import Person
from hub.views import deliveries
from hub.web.admin import documents, filters, segments
from hub.web.admin.commands import Commands
from hub.web.pages import Pages
from hub.web.words import N_

PATH = "/admin/deliveries"
PAGE = 50
LARGEST = 2**63 - 1
FIELDS: dict[str, filters.Parse] = {
    "organization": filters.text, "status": filters.one_of(deliveries.STATUSES), "referral_id": filters.text,
}  # fmt: skip


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    def browse(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        return _browse(pages, request, person)

    @routes.get(PATH + "/{delivery}")
    def show(request: Request, delivery: str, person: Person = Depends(pages.administrator)) -> Response:
        return _show(pages, commands, request, person, delivery, {}, 200)

    _deciding(routes, pages, commands)
    _pausing(routes, pages, commands)
    return routes


def _deciding(routes: APIRouter, pages: Pages, commands: Commands) -> None:
    told = {"replay": N_("It is sent again."), "skip": N_("It is skipped; what waited behind it goes on.")}

    @routes.post(PATH + "/{delivery}/{action}")
    def decide(request: Request, delivery: str, action: str, person: Person = Depends(pages.administrator),
               form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        act = {"replay": commands.replay_delivery, "skip": commands.skip_delivery}.get(action)
        if act is None or not _number(delivery):
            return pages.missing(request, person)
        if form.get("confirm") != "yes":
            faults = {f"confirm-{action}": N_("Confirm it.")}
            return _show(pages, commands, request, person, delivery, faults, 422)
        with pages.connection() as connection:
            done = act(connection, _number(delivery))
            _audit(connection, person, action, "delivery", delivery, allowed=done)
        if not done:
            faults = {"status": N_("The delivery has changed meanwhile; look at it again.")}
            return _show(pages, commands, request, person, delivery, faults, 409)
        return pages.see_other(f"{PATH}/{delivery}", told=told[action])


def _pausing(routes: APIRouter, pages: Pages, commands: Commands) -> None:
    told = {"pause": N_("Nothing more is sent there until it is resumed."), "resume": N_("It is sent to again.")}

    @routes.post("/admin/destinations/{code}/{name}/{action}")
    def pause(request: Request, code: str, name: str, action: str, person: Person = Depends(pages.administrator),
              form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        act = {"pause": commands.pause_destination, "resume": commands.resume_destination}.get(action)
        if act is None:
            return pages.missing(request, person)
        try:
            with pages.connection() as connection:
                organization = organizations.find(connection, code)
                if organization is None:
                    return pages.missing(request, person)
                act(connection, organization.id, name)
                _audit(connection, person, action, "destination", f"{organization.code}/{name}", allowed=True)
        except Refused:
            return pages.missing(request, person)
        return pages.see_other(PATH, told=told[action])


def _browse(pages: Pages, request: Request, person: Person) -> Response:
    asked = filters.read(request.query_params, FIELDS, filters.zone(person))
    before = _number(request.query_params.get("before", ""))
    criteria = deliveries.Criteria(**asked.values, before=before or None)
    with pages.connection() as connection:
        standings = deliveries.standings(connection)
        found = deliveries.listing(connection, criteria, limit=PAGE, newest_first=True)
        delivering = deliveries.delivering(connection)
    return pages.show(
        request, person, "admin/deliveries.html", status=422 if asked.faults else 200, standings=standings,
        found=found, delivering=delivering, asked=asked, faults=filters.told(request, asked.faults),
        first=asked.address(PATH) if before else "",
        later=asked.address(PATH, before=str(found[-1].id)) if len(found) == PAGE else "",
    )  # fmt: skip


def _show(pages: Pages, commands: Commands, request: Request, person: Person, delivery: str, faults: dict[str, str],
          status: int) -> Response:  # fmt: skip
    identifier = _number(delivery)
    with pages.connection() as connection:
        found, contents = deliveries.read(connection, identifier), deliveries.contents(connection, identifier)
        _audit(connection, person, "read", "delivery", delivery, allowed=found is not None)
        if found is None or contents is None:
            return pages.missing(request, person)
        attempts = deliveries.attempts(connection, identifier)
    codec = commands.codec(contents.charset)
    return pages.show(
        request, person, "admin/delivery.html", status=status, delivery=found, attempts=attempts,
        document=_document(contents.payload), faults=filters.told(request, faults),
        payload=segments.lay_out(contents.payload, codec, ()) if contents.payload else None,
        answer=segments.lay_out(contents.answer, codec, ()) if contents.answer else None,
    )  # fmt: skip


def _document(payload: bytes | None) -> documents.Document | None:
    """Of a Bundle; None of HL7 v2."""
    if not payload or not payload.startswith(b"{"):
        return None
    return documents.lay_out(documents.parse(payload), ())


def _number(text: str) -> int:
    """0 for what is no id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST else 0


def _audit(connection: Connection[tuple[object, ...]], person: Person, action: str, kind: str, name: str, *,
           allowed: bool) -> None:  # fmt: skip
    audit.write(connection, organization_id=person.organization.id, actor=person.login, action=action,
                object_type=kind, object_id=name[:100], allowed=allowed)  # fmt: skip
