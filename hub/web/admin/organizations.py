"""`/admin/organizations`: who takes part, under which names, with which token, and what each wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData as Form

from hub.domain.errors import Refused
from hub.security import audit, organizations
from hub.security.people import Person
from hub.views import ledgers, queues, requirements
from hub.web.admin import filters, reasons, registration, wanted
from hub.web.admin.commands import Commands
from hub.web.admin.registration import Entered
from hub.web.pages import Pages
from hub.web.words import N_

PATH = "/admin/organizations"
LOST = 20
"""Fields that no Bundle carries: so many of them stand on the page of their sender."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """The pages that several routes answer with."""

    pages: Pages

    def listing(self, request: Request, person: Person, entered: Entered, faults: Mapping[str, str],
                 status: int) -> Response:  # fmt: skip
        with self.pages.connection() as connection:
            found = organizations.listing(connection)
            streams = {stream.code: stream for stream in queues.streams(connection)}
            messages = queues.messages_by_day(connection, datetime.now(UTC))
        return self.pages.show(
            request, person, "admin/organizations.html", status=status, organizations=found, streams=streams,
            messages=messages, entered=entered, faults=filters.told(request, faults),
        )  # fmt: skip

    def one(self, request: Request, person: Person, code: str, faults: Mapping[str, str], status: int,
              entered: Entered | None = None, rows: list[wanted.Row] | None = None) -> Response:  # fmt: skip
        with self.pages.connection() as connection:
            found, sender = organizations.registered(connection, code), organizations.find(connection, code)
            if found is None or sender is None:
                return self.pages.missing(request, person)
            unmapped = ledgers.Criteria(organization=found.code, outcome="unmapped")
            lost = ledgers.lines(connection, unmapped, limit=LOST)
            published = requirements.read(connection, sender.id)
            stream = next(s for s in queues.streams(connection) if s.code == found.code)
        return self.pages.show(
            request, person, "admin/organization.html", status=status, organization=found, lost=lost,
            reason_word=reasons.told, stream=stream, rows=wanted.with_room(rows or wanted.of(published)),
            faults=filters.told(request, faults), entered=entered or registration.of(found),
        )  # fmt: skip

    def secret(self, request: Request, person: Person, code: str, name: str, token: str) -> Response:
        return self.pages.show(request, person, "admin/secret.html", kind="token", whose=name, login=code, secret=token,
                          back=f"{PATH}/{code}")  # fmt: skip


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes, answers = APIRouter(include_in_schema=False), _Answers(pages)

    @routes.get(PATH)
    def listing(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        return answers.listing(request, person, registration.BLANK, {}, 200)

    @routes.post(PATH)
    def add(request: Request, person: Person = Depends(pages.administrator),
            form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        entered = registration.read(form)
        faults = registration.faults(entered, commands.codec)
        if not faults:
            try:
                with pages.connection() as connection:
                    sender, token = organizations.add(
                        connection, entered.code, entered.name, registration.kind(entered), entered.facilities,
                        entered.charset or None, entered.timezone, entered.departments,
                        registration.answer(entered), actor=person.login,
                    )  # fmt: skip
            except Refused as error:
                faults = registration.refused(error)
        if faults:
            return answers.listing(request, person, entered, faults, 422)
        return answers.secret(request, person, sender.code, sender.name, token)

    @routes.get(PATH + "/{code}")
    def show(request: Request, code: str, person: Person = Depends(pages.administrator)) -> Response:
        return answers.one(request, person, code, {}, 200)

    @routes.post(PATH + "/{code}")
    def edit(request: Request, code: str, person: Person = Depends(pages.administrator),
             form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        entered = registration.read(form)
        faults = registration.faults(entered, commands.codec)
        if not faults:
            try:
                with pages.connection() as connection:
                    organizations.edit(
                        connection, code, name=entered.name, facilities=entered.facilities,
                        charset=entered.charset or None, timezone=entered.timezone, departments=entered.departments,
                        referral_answer=registration.answer(entered), actor=person.login,
                    )  # fmt: skip
            except Refused as error:
                faults = registration.refused(error)
        if faults:
            return answers.one(request, person, code, faults, 422, entered=entered)
        return pages.see_other(f"{PATH}/{code}", told=N_("The organization is changed."))

    _one(routes, pages, answers)
    return routes


def _one(routes: APIRouter, pages: Pages, answers: _Answers) -> None:
    """What is set of one organisation beside what it is called."""

    @routes.post(PATH + "/{code}/token")
    def rotate(request: Request, code: str, person: Person = Depends(pages.administrator),
               form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        if form.get("confirm") != "yes":
            return answers.one(request, person, code, {"confirm": N_("Confirm that the old token ends at once.")}, 422)
        try:
            with pages.connection() as connection:
                sender, token = organizations.rotate_token(connection, code, actor=person.login)
        except Refused:
            return pages.missing(request, person)
        return answers.secret(request, person, sender.code, sender.name, token)

    @routes.post(PATH + "/{code}/requirements")
    def publish(request: Request, code: str, person: Person = Depends(pages.administrator),
                form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        rows = wanted.read(form)
        faults = wanted.faults(rows)
        if faults:
            return answers.one(request, person, code, faults, 422, rows=rows)
        with pages.connection() as connection:
            sender = organizations.find(connection, code)
            if sender is None:
                return pages.missing(request, person)
            requirements.replace(connection, sender.id, wanted.requirements(rows))
            audit.write(connection, organization_id=sender.id, actor=person.login, action="publish-requirements",
                        object_type="organization", object_id=sender.code)  # fmt: skip
        return pages.see_other(f"{PATH}/{code}", told=N_("What it wants to know is published."))
