"""`/login`, `/logout`, `/language` and `/`: the ways in and out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData as Form

from hub.security import login, sessions
from hub.security.people import Person
from hub.web.languages import NAMES
from hub.web.pages import Pages, ours, session_cookie
from hub.web.words import N_

_YEAR_SECONDS = 365 * 86400


def router(pages: Pages) -> APIRouter:
    routes = APIRouter()

    @routes.get("/")
    def home(person: Person = Depends(pages.person)) -> Response:
        return pages.see_other(home_of(person))

    @routes.get("/login")
    def ask(request: Request, next: str = "/") -> Response:
        if known := pages.visitor(request):
            return pages.see_other(_way(ours(next), known))
        return pages.show(request, None, "login.html", next=ours(next), refused=False, login="")

    @routes.post("/login")
    def enter(request: Request, form: Form = Depends(pages.public_form)) -> Response:
        name, password, back = (str(form.get(field, "")) for field in ("login", "password", "next"))
        value = login.log_in(pages.connection, name, password)
        if value is None:
            return pages.show(request, None, "login.html", status=401, next=ours(back), refused=True, login=name)
        with pages.connection() as connection:
            person = sessions.person_of(connection, value)
            if old := session_cookie(request):
                sessions.close(connection, old)
        response = pages.see_other(_way(ours(back), person))
        pages.keep(request, response, "session", value)
        pages.forget(request, response, "visit")
        return response

    @routes.post("/logout")
    def leave(request: Request, person: Person = Depends(pages.person), _: Form = Depends(pages.form)) -> Response:
        with pages.connection() as connection:
            login.log_out(connection, person, session_cookie(request))
        return _left(request)

    @routes.post("/logout/everywhere")
    def leave_everywhere(
        request: Request, person: Person = Depends(pages.person), _: Form = Depends(pages.form)
    ) -> Response:
        with pages.connection() as connection:
            login.log_out_everywhere(connection, person)
        return _left(request)

    @routes.get("/language/{language}")
    def switch(language: str, next: str = "/") -> Response:
        response = pages.see_other(next if next.split("?", 1)[0] == "/login" else ours(next))
        if language in NAMES:
            response.set_cookie("language", language, max_age=_YEAR_SECONDS, httponly=True, samesite="lax")
        return response

    def _left(request: Request) -> Response:
        response = pages.see_other("/login", told=N_("You are logged out."))
        pages.forget(request, response, "session")
        return response

    return routes


def _way(back: str, person: Person | None) -> str:
    """Where a log-in leads: where the person was, else his work; in the demo `/` is everybody's tour."""
    return home_of(person) if back == "/" and person else back


def home_of(person: Person) -> str:
    """Where a person's work begins."""
    if person.role == "administrator":
        return "/admin"
    return "/worklist" if person.organization.kind == "hospital" else "/referrals"
