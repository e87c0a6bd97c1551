"""`/referrals/import`: several referrals from a CSV file: checked line by line, then what is good is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData as Form

from hub.domain.errors import Refusal, Refused, Unavailable
from hub.domain.forms import Attachment, Line
from hub.security.people import Person
from hub.views import drafts
from hub.web import referral_form
from hub.web.languages import catalogue
from hub.web.pages import Pages, language
from hub.web.words import N_

NO_FILE = N_("Choose a file first")
AWAY = N_("The hub cannot send now. Lines that were sent are marked; send the others again in a moment.")
LARGEST = 5 * 2**20
_LABELS = {**referral_form.LABELS, "": N_("Whole line")}


@dataclass(frozen=True, slots=True)
class Commands:
    """lines, send: the lines of a file, raise Refused for the file as a whole; send also Unavailable.

    template: the file to begin with, by language.
    """

    lines: Callable[[Person, bytes], tuple[Line, ...]]
    send: Callable[[Person, bytes], tuple[Line, ...]]
    template: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file that was uploaded, as its author sees it."""

    pages: Pages
    commands: Commands

    def content(self, person: Person, key: str) -> bytes | None:
        with self.pages.connection() as connection:
            draft = drafts.read(connection, person.id, key)
            if draft is None or "import" not in draft.fields:
                return None
            files = drafts.contents(connection, key)
            return files[0].content if files else None

    def show(self, request: Request, key: str, person: Person, status: int = 200, away: str = "") -> Response:
        content = self.content(person, key)
        if content is None:
            return self.pages.missing(request, person)
        found = self.commands.lines(person, content)
        faults = {line.number: [(_label(request, r), _told(request, r)) for r in line.faults] for line in found}
        with self.pages.connection() as connection:
            names = {r.code.lower(): r.name for r in drafts.receivers(connection, person.organization.id)}
        return self.pages.show(
            request, person, "clinic/import_lines.html", status=status, key=key, away=away, faults=faults,
            receivers=names, sent=[line for line in found if line.filed],
            wrong=[line for line in found if line.faults],
            good=[line for line in found if not line.faults and not line.filed],
        )  # fmt: skip


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes, kept = APIRouter(include_in_schema=False), _Kept(pages, commands)

    @routes.get("/referrals/import")
    def ask(request: Request, person: Person = Depends(pages.clinician)) -> Response:
        with pages.connection() as connection:
            receivers = drafts.receivers(connection, person.organization.id)
        return pages.show(request, person, "clinic/import.html", errors={}, receivers=receivers)

    @routes.get("/referrals/import/template.csv")
    def template(request: Request, _: Person = Depends(pages.clinician)) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="referrals.csv"'}
        return Response(commands.template(language(request)), 200, headers, "text/csv; charset=utf-8")

    @routes.post("/referrals/import")
    def check(
        request: Request, person: Person = Depends(pages.clinician), form: Form = Depends(pages.form)
    ) -> Response:
        """Keep the file and show what is in it."""
        given = referral_form.uploads(form)
        content = given[0].file.read(LARGEST + 1) if given else b""
        errors = {"files": catalogue(language(request)).gettext(NO_FILE)}
        if given:
            try:
                commands.lines(person, content)
                errors = {}
            except Refused as refused:
                errors = {"files": " ".join(_told(request, r) for r in refused.refusals)}
        with pages.connection() as connection:
            if errors:
                receivers = drafts.receivers(connection, person.organization.id)
                return pages.show(request, person, "clinic/import.html", status=422, errors=errors, receivers=receivers)
            key = drafts.new_key()
            drafts.save(connection, person.id, key, {"import": (given[0].filename or "")[-120:]})
            drafts.add_file(connection, key, Attachment("referrals.csv", "text/csv", content))
        return pages.see_other(f"/referrals/import/{key}")

    @routes.get("/referrals/import/{key}")
    def lines(request: Request, key: str, person: Person = Depends(pages.clinician)) -> Response:
        return kept.show(request, key, person)

    @routes.post("/referrals/import/{key}")
    def send(
        request: Request, key: str, person: Person = Depends(pages.clinician), _: Form = Depends(pages.form)
    ) -> Response:
        content = kept.content(person, key)
        if content is None:
            return pages.missing(request, person)
        try:
            commands.send(person, content)
        except Unavailable:
            return kept.show(request, key, person, 503, AWAY)
        return pages.see_other(f"/referrals/import/{key}")

    return routes


def _told(request: Request, refusal: Refusal) -> str:
    """The fault in the person's language; of the file as a whole with its line or column."""
    text = catalogue(language(request)).gettext(refusal.text)
    if refusal.path in _LABELS or not refusal.path:
        return text
    where = N_("Line %(place)s") if refusal.path.isdigit() else N_("Column %(place)s")
    return f"{catalogue(language(request)).gettext(where) % {'place': refusal.path}}: {text}"


def _label(request: Request, refusal: Refusal) -> str:
    return catalogue(language(request)).gettext(_LABELS.get(refusal.path, refusal.path))
