"""`/admin/users`: who may log in, for which organisation, in which role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection
from starlette.datastructures import FormData as Form

from hub.domain.errors import Cause, Refused
from hub.security import audit, organizations, sessions, users
from hub.security.people import Person
from hub.web.admin import filters
from hub.web.pages import Pages
from hub.web.words import N_

PATH = "/admin/users"
_FIELDS = ("login", "name", "organization", "role")
_WORDS = {
    ("login", Cause.CODE_INVALID): N_("A login is of 2 to 64 letters A-Z, digits, dots, hyphens, underscores and @."),
    ("login", Cause.DUPLICATE_KEY): N_("This login is registered already."),
    ("name", Cause.CODE_INVALID): N_("A name has at most 100 characters."),
    ("organization", Cause.UNKNOWN_KEY): N_("There is no such organization."),
    ("role", Cause.CODE_INVALID): N_("Choose one of the list."),
}

Step = Callable[[Connection[Any], str, str], object]
"""What is done with a login, by an actor; the told text is beside it."""


def _end_sessions(connection: Connection[Any], login: str, actor: str) -> None:
    known = users.find(connection, login)
    assert known is not None
    sessions.close_all(connection, known.id)
    audit.write(connection, organization_id=known.organization.id, actor=actor, action="end-sessions",
                object_type="user", object_id=known.login)  # fmt: skip


_STEPS: dict[str, tuple[Step, str]] = {
    "disable": (lambda c, login, actor: users.disable(c, login, actor=actor), N_("The user cannot log in any more.")),
    "enable": (lambda c, login, actor: users.enable(c, login, actor=actor), N_("The user can log in again.")),
    "sessions": (_end_sessions, N_("All sessions of the user are ended.")),
}
_SECRETS: dict[str, Callable[[Connection[Any], str, str], tuple[Person, str | None]]] = {
    "password": lambda c, login, actor: users.set_password(c, login, actor=actor),
    "token": lambda c, login, actor: users.issue_token(c, login, actor=actor),
}
_NOT_ONESELF = frozenset({"disable"})


@dataclass(frozen=True, slots=True)
class _Answers:
    """The pages that several routes answer with."""

    pages: Pages

    def listing(self, request: Request, person: Person, entered: Mapping[str, str], faults: Mapping[str, str],
                 status: int) -> Response:  # fmt: skip
        of = request.query_params.get("organization", "").replace("\0", "")
        with self.pages.connection() as connection:
            found = users.listing(connection, of or None)
            registered = organizations.listing(connection)
        return self.pages.show(
            request, person, "admin/users.html", status=status, users=found, organizations=registered, of=of,
            entered={**entered, "organization": entered["organization"] or of}, faults=filters.told(request, faults),
        )  # fmt: skip

    def one(self, request: Request, person: Person, login: str, faults: Mapping[str, str], status: int) -> Response:
        with self.pages.connection() as connection:
            found = next((user for user in users.listing(connection) if user.login.lower() == login.lower()), None)
            known = users.find(connection, login) if found else None
            opened = sessions.count(connection, known.id) if known else 0
        if found is None:
            return self.pages.missing(request, person)
        return self.pages.show(request, person, "admin/user.html", status=status, user=found, sessions=opened,
                          faults=filters.told(request, faults))  # fmt: skip

    def secret(self, request: Request, person: Person, kind: str, whose: Person, secret: str | None) -> Response:
        return self.pages.show(request, person, "admin/secret.html", kind=kind, whose=whose.name, login=whose.login,
                          secret=secret, back=f"{PATH}/{whose.login}")  # fmt: skip


def router(pages: Pages) -> APIRouter:
    routes, answers = APIRouter(include_in_schema=False), _Answers(pages)

    @routes.get(PATH)
    def listing(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        return answers.listing(request, person, dict.fromkeys(_FIELDS, ""), {}, 200)

    @routes.post(PATH)
    def add(request: Request, person: Person = Depends(pages.administrator),
            form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        entered = {name: str(form.get(name, "")).replace("\0", "�").strip()[:200] for name in _FIELDS}
        try:
            with pages.connection() as connection:
                added, password = users.add(
                    connection, entered["login"], organization=entered["organization"], role=entered["role"],
                    name=entered["name"], actor=person.login,
                )  # fmt: skip
        except Refused as error:
            faults = {r.path: _WORDS.get((r.path, r.cause), N_("This cannot be understood")) for r in error.refusals}
            return answers.listing(request, person, entered, faults, 422)
        return answers.secret(request, person, "password", added, password)

    @routes.get(PATH + "/{login}")
    def show(request: Request, login: str, person: Person = Depends(pages.administrator)) -> Response:
        return answers.one(request, person, login, {}, 200)

    @routes.post(PATH + "/{login}/{step}")
    def change(request: Request, login: str, step: str, person: Person = Depends(pages.administrator),
               form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        with pages.connection() as connection:
            known = users.find(connection, login)
        if known is None or step not in {*_STEPS, *_SECRETS}:
            return pages.missing(request, person)
        if form.get("confirm") != "yes":
            return answers.one(request, person, login, {f"confirm-{step}": N_("Confirm it first.")}, 422)
        if step in _NOT_ONESELF and known.id == person.id:
            return answers.one(request, person, login, {f"confirm-{step}": N_("You cannot disable yourself.")}, 409)
        with pages.connection() as connection:
            if step in _SECRETS:
                changed, secret = _SECRETS[step](connection, known.login, person.login)
                return answers.secret(request, person, step, changed, secret)
            _STEPS[step][0](connection, known.login, person.login)
        return pages.see_other(f"{PATH}/{known.login}", told=_STEPS[step][1])

    return routes
