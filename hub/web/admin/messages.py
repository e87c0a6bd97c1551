"""`/admin/messages`: the messages as received, looked through and put through again."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection
from starlette.datastructures import FormData as Form

from hub.domain.errors import Refused, Unavailable
from hub.domain.messages import Channel
from hub.security import audit
from hub.security.people import Person
from hub.views import browsing, ids, messages
from hub.web.admin import causes, filters, message, reasons
from hub.web.admin.commands import Commands
from hub.web.metrics import MESSAGE_STATUSES
from hub.web.pages import Pages
from hub.web.words import N_

PATH = "/admin/messages"
PAGE = 50
REPLAYABLE = ("rejected", "parked", "stored")
FIELDS: dict[str, filters.Parse] = {
    "since": filters.time, "until": filters.time, "organization": filters.text,
    "status": filters.one_of(MESSAGE_STATUSES), "channel": filters.one_of(get_args(Channel)), "type": filters.text,
    "control_id": filters.text,
}  # fmt: skip
_ENDINGS = {"raw": "bin", "acknowledgement": "bin", "application_acknowledgement": "bin", "bundle": "json",
            "ledger": "json"}  # fmt: skip


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    def browse(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        asked = filters.read(request.query_params, FIELDS, filters.zone(person))
        with pages.connection() as connection:
            found = browsing.page(connection, browsing.Criteria(**asked.values), limit=PAGE,
                                  after=request.query_params.get("after") or None)  # fmt: skip
        return pages.show(
            request, person, "admin/messages.html", status=422 if asked.faults else 200, asked=asked, found=found,
            faults=filters.told(request, asked.faults), cause_word=causes.word,
            first=asked.address(PATH) if request.query_params.get("after") else "",
            later=asked.address(PATH, after=found.following) if found.following else "",
        )  # fmt: skip

    @routes.get(PATH + "/{message_id}")
    def show(request: Request, message_id: str, person: Person = Depends(pages.administrator)) -> Response:
        with pages.connection() as connection:
            found = messages.read(connection, message_id)
            _audit(connection, person, "read", message_id, allowed=found is not None)
            if found is None:
                return pages.missing(request, person)
            caused = browsing.caused(connection, found.id, (found.referral_id, found.patient_id))
            referral = browsing.standing(connection, found.referral_id) if found.referral_id else None
        return pages.show(
            request, person, "admin/message.html", message=found, caused=caused, referral=referral,
            cause_word=causes.word, reason_word=reasons.told, view=message.view(found, commands.codec),
            replayable=_replayable(found),
        )  # fmt: skip

    @routes.get(PATH + "/{message_id}/parts/{part}")
    def download(request: Request, message_id: str, part: str,
                 person: Person = Depends(pages.administrator)) -> Response:  # fmt: skip
        content = None
        with pages.connection() as connection:
            for name in get_args(browsing.Part):
                content = browsing.part(connection, message_id, name) if name == part else content
            _audit(connection, person, "download", message_id, allowed=content is not None)
        if content is None:
            return pages.missing(request, person)
        name = f"{message_id}.{part.replace('_', '-')}.{_ENDINGS[part]}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, 200, headers, "application/octet-stream")

    _replaying(routes, pages, commands)
    return routes


def _replaying(routes: APIRouter, pages: Pages, commands: Commands) -> None:
    @routes.get(PATH + "/{message_id}/replay")
    def ask(request: Request, message_id: str, person: Person = Depends(pages.administrator)) -> Response:
        return _ask(request, person, message_id, None, 200)

    @routes.post(PATH + "/{message_id}/replay")
    def replay(request: Request, message_id: str, person: Person = Depends(pages.administrator),
               form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        if form.get("confirm") != "yes":
            return _ask(request, person, message_id, N_("Confirm that the message is to go through again."), 422)
        with pages.connection() as connection:
            found = messages.listing(connection, messages.Criteria(ids=(message_id,)), limit=1)
            refused = not found or found[0].status not in REPLAYABLE or found[0].status != form.get("status")
            _audit(connection, person, "replay", message_id, allowed=not refused)
        if not found:
            return pages.missing(request, person)
        if refused:
            return _ask(request, person, message_id, N_("The message has changed meanwhile; look at it again."), 409)
        try:
            receipt = commands.replay_message(message_id)
        except Refused:
            return _ask(request, person, message_id, N_("The message cannot go through again as it is."), 409)
        except Unavailable:
            return _ask(request, person, message_id, N_("The hub cannot do it now; try again in a moment."), 503)
        told = N_("The message went through.") if receipt.outcome.accepted else N_("The message is refused again.")
        return pages.see_other(f"{PATH}/{message_id}", told=N_("It was accepted before, in another message.")
                               if receipt.repeated else told)  # fmt: skip

    def _ask(request: Request, person: Person, message_id: str, fault: str | None, status: int) -> Response:
        with pages.connection() as connection:
            found = messages.listing(connection, messages.Criteria(ids=(message_id,)), limit=1)
        if not found:
            return pages.missing(request, person)
        return pages.show(
            request, person, "admin/replay.html", cause_word=causes.word, status=status, message=found[0],
            replayable=_replayable(found[0]),
            faults=filters.told(request, {"confirm": fault} if fault else {}),
        )  # fmt: skip


def _replayable(found: messages.Listed | messages.Message) -> bool:
    """A Task update was meant for the version that its sender read: it does not go through again."""
    return found.status in REPLAYABLE and found.type != "Task"


def _audit(connection: Connection[Any], person: Person, action: str, message_id: str, *, allowed: bool) -> None:
    audit.write(connection, organization_id=person.organization.id, actor=person.login, action=action,
                object_type="message", object_id=message_id if ids.parse(message_id) else "no id",
                allowed=allowed)  # fmt: skip
