"""`/account`: a person's own password and sessions."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData as Form

from hub.domain.errors import Refused
from hub.security import login, passwords, sessions, users
from hub.security.people import Person
from hub.web.pages import Pages
from hub.web.words import N_


def router(pages: Pages) -> APIRouter:
    routes = APIRouter(prefix="/account")

    @routes.get("")
    def account(request: Request, person: Person = Depends(pages.person)) -> Response:
        return _show(request, person, {}, 200)

    @routes.post("")
    def change(request: Request, person: Person = Depends(pages.person), form: Form = Depends(pages.form)) -> Response:
        old, new, again = (str(form.get(name, "")) for name in ("old_password", "password", "password_again"))
        page, faults = pages.page(request, person), {}
        if not login.confirm(pages.connection, person, old):
            faults["old_password"] = page._("This is not your password.")
        if new != again:
            faults["password_again"] = page._("The two new passwords differ.")
        if not faults:
            try:
                with pages.connection() as connection:
                    users.set_password(connection, person.login, new, actor=person.login)
                    value = sessions.open(connection, person.id)
            except Refused:
                faults["password"] = page._("A password has at least 12 characters.")
        if faults:
            return _show(request, person, faults, 422)
        response = pages.see_other("/account", told=N_("Your password is changed; your other sessions are closed."))
        pages.keep(request, response, "session", value)
        return response

    def _show(request: Request, person: Person, faults: dict[str, str], status: int) -> Response:
        with pages.connection() as connection:
            count = sessions.count(connection, person.id)
        return pages.show(request, person, "account.html", status=status, faults=faults, sessions=count,
                          shortest=passwords.SHORTEST)  # fmt: skip

    return routes
