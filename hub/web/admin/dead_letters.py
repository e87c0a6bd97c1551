"""`/admin/dead-letters`: events that could not be processed, by the line that waits behind them, and their replay."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData as Form

from hub.security import audit
from hub.security.people import Person
from hub.views import dead_letters, ids
from hub.web.admin import documents, filters
from hub.web.admin.commands import Commands
from hub.web.pages import Pages
from hub.web.words import N_

PATH = "/admin/dead-letters"
LINES, LETTERS = 50, 5


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    def show(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        return _show(request, person, {}, 200)

    @routes.post(PATH + "/replay")
    def replay(request: Request, person: Person = Depends(pages.administrator),
               form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        subject = str(form.get("subject", ""))
        if subject and ids.parse(subject) is None:
            return _show(request, person, {"subject": N_("There is no such line.")}, 422)
        if form.get("confirm") != "yes":
            return _show(request, person, {f"confirm-{subject or 'all'}": N_("Confirm the replay.")}, 422)
        with pages.connection() as connection:
            waiting = dead_letters.waits(connection, commands.consumer, subject or None)
            audit.write(connection, organization_id=person.organization.id, actor=person.login, action="replay",
                        object_type="dead-letter", object_id=subject or "all", allowed=waiting)  # fmt: skip
        if not waiting:
            return _show(request, person, {"subject": N_("There is no such line.")}, 409)
        if not commands.replay_lines(subject or None):
            return _show(request, person, {"subject": N_("A replay runs already; wait for its end.")}, 409)
        return pages.see_other(PATH, told=N_("The replay has begun. Load this page again to see what became of it."))

    def _show(request: Request, person: Person, faults: dict[str, str], status: int) -> Response:
        with pages.connection() as connection:
            lines = dead_letters.lines(connection, limit=LINES)
            letters = dead_letters.letters(connection, lines, limit=LETTERS)
        laid_out = {letter.id: documents.lay_out(letter.event, ()) for found in letters.values() for letter in found}
        return pages.show(
            request, person, "admin/dead_letters.html", status=status, lines=lines, letters=letters, events=laid_out,
            replay=commands.line_replay(), consumer=commands.consumer, faults=filters.told(request, faults),
        )  # fmt: skip

    return routes
