"""What every page has: who asks, the frame around it, its language, protection of its forms, errors for people."""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import psycopg
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape
from starlette.datastructures import FormData as Form
from starlette.exceptions import HTTPException
from starlette.routing import Match

from hub.domain.errors import Unavailable
from hub.security import sessions
from hub.security.people import Person, Role
from hub.web import access, bodies, csrf, words
from hub.web.headers import DEFAULTS
from hub.web.languages import DEFAULT, NAMES, catalogue
from hub.web.page import Page
from hub.web.words import N_

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

_WORTH_COMPRESSING = 1000
_PUBLIC_LIMIT = 64 * 1024
"""Bytes of a form that anybody may send."""
_CODES = {403: "forbidden", 404: "not-found", 413: "too-large"}


class Answered(Exception):
    """The request is answered without its route: by a way to the log-in, or an error's page."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def answered(_: Request, error: Exception) -> Response:
    """The exception handler of `Answered`."""
    assert isinstance(error, Answered)
    return error.response


async def unreadable(request: Request, error: Exception) -> Response:
    """The exception handler of addresses that are not as their route declares them: a browser finds nothing there."""
    assert isinstance(error, RequestValidationError)
    if wants_page(request):
        pages: Pages = request.app.state.pages
        return await run_in_threadpool(pages.failed, request, 404, {})
    return await request_validation_exception_handler(request, error)


class Pages:
    """Made once; its methods are dependencies of routes and make their answers.

    connection: a connection in a transaction that is committed at the end; body_limit: bytes of a form.
    """

    def __init__(self, connection: Connect, *, body_limit: int = 32 * 1024 * 1024) -> None:
        self.connection = connection
        self._body_limit = body_limit
        self._environments = {language: _environment(language) for language in NAMES}
        self._tellable = {_key(msgid): msgid for msgid in catalogue(DEFAULT).texts}

    def person(self, request: Request) -> Person:
        """Who is logged in; nobody is sent to the log-in, a program is told 401.

        An address with a NUL, which PostgreSQL cannot hold, names nothing.
        """
        known = self.visitor(request)
        if known is None:
            raise Answered(access.unauthenticated() if _program(request) else self._log_in(request))
        if "\0" in request.url.path or "%00" in str(request.url):
            raise Answered(self._refused(request, 404, known))
        return known

    def visitor(self, request: Request) -> Person | None:
        """Who is logged in, if anybody."""
        if not hasattr(request.state, "person"):
            value = session_cookie(request)
            request.state.person = None
            if value:
                with self.connection() as connection:
                    request.state.person = sessions.person_of(connection, value)
        known: Person | None = request.state.person
        return known

    def clinician(self, request: Request) -> Person:
        return self._in_role(request, "clinician")

    def watcher(self, request: Request) -> Person:
        """A clinician whose page asks by itself: that keeps no session open, and where it ended the page reloads."""
        if not hasattr(request.state, "person"):
            with self.connection() as connection:
                request.state.person = sessions.person_of(connection, session_cookie(request), used=False)
        if request.state.person is None and request.headers.get("hx-request"):
            raise Answered(Response(status_code=204, headers={"HX-Refresh": "true"}))
        return self.clinician(request)

    def administrator(self, request: Request) -> Person:
        return self._in_role(request, "administrator")

    async def form(self, request: Request) -> Form:
        """The fields that a logged-in person sent from a page of ours."""
        person = await run_in_threadpool(self.person, request)
        return await self._fields(request, person, session_cookie(request), self._body_limit)

    async def public_form(self, request: Request) -> Form:
        """The same for nobody's pages: bound to a cookie that the page with the form set."""
        return await self._fields(request, None, request.cookies.get(_name(request, "visit"), ""), _PUBLIC_LIMIT)

    def show(self, request: Request, person: Person | None, template: str, *, status: int = 200,
             **context: Any) -> Response:  # fmt: skip
        """The template in the frame of every page. context: what the template uses beside `page`."""
        page = self.page(request, person)
        body = self._environments[page.language].get_template(template).render(page=page, **context).encode()
        response = _compressed(request, body, status)
        if person is None and page.secret != request.cookies.get(_name(request, "visit")):
            self.keep(request, response, "visit", page.secret)
        if page.told:
            response.delete_cookie("told")
        return response

    def page(self, request: Request, person: Person | None) -> Page:
        """What the template of this answer knows as `page`, for words that are made before it."""
        told = self._tellable.get(request.cookies.get("told", ""))
        kept = session_cookie(request) if person else request.cookies.get(_name(request, "visit"))
        secret = kept or secrets.token_urlsafe(32)
        return Page(language(request), person, _path(request), datetime.now(UTC), secret, told)

    def see_other(self, url: str, *, told: str | None = None) -> Response:
        """The way to a page, after a POST. told: a msgid of the Chinese catalogue, shown once on that page."""
        response = Response(status_code=303, headers={"Location": quote(url, safe="/?&=#%+:;,@!~*'()$-._")})
        if told:
            response.set_cookie("told", _key(told), max_age=60, httponly=True, samesite="lax")
        return response

    def missing(self, request: Request, person: Person | None) -> Response:
        return self.error(request, 404, person)

    def error(self, request: Request, status: int, person: Person | None = None,
              headers: Mapping[str, str] | None = None) -> Response:  # fmt: skip
        """The page of an HTTP error. person: as far as known already; nothing is asked of the database."""
        known = person or getattr(request.state, "person", None)
        response = self.show(request, known, "error.html", status=status, code=status)
        response.headers.update(headers or {})
        return response

    def failed(self, request: Request, status: int, headers: Mapping[str, str]) -> Response:
        """The page of what no route answered: with the person's frame, where it is no fault of ours."""
        try:
            return self.error(request, status, self.visitor(request) if status < 500 else None, headers)
        except (Unavailable, psycopg.OperationalError):
            return self.error(request, 503, None, {"Retry-After": "5"})

    def keep(self, request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie that scripts cannot read; `__Host-` where the line is encrypted: no neighbour can set it."""
        response.set_cookie(_name(request, name), value, max_age=seconds, httponly=True, samesite="lax",
                            secure=encrypted(request))  # fmt: skip

    def forget(self, request: Request, response: Response, name: str) -> None:
        response.delete_cookie(_name(request, name), httponly=True, samesite="lax", secure=encrypted(request))

    def _in_role(self, request: Request, role: Role) -> Person:
        known = self.person(request)
        if known.role != role:
            raise Answered(self._refused(request, 403, known))
        return known

    async def _fields(self, request: Request, person: Person | None, cookie: str, limit: int) -> Form:
        if csrf.foreign(request) or not cookie:
            raise Answered(self._refused(request, 403, person))
        try:
            fields = await bodies.form(request, limit)
        except HTTPException as error:
            raise Answered(self._refused(request, error.status_code, person)) from error
        if any("\0" in text for pair in fields.multi_items() for text in pair if isinstance(text, str)):
            raise Answered(self._refused(request, 400, person))
        given = request.headers.get("x-csrf-token") or fields.get("csrf_token")
        if not (isinstance(given, str) and csrf.matches(cookie, given)):
            raise Answered(self._refused(request, 403, person))
        return fields

    def _refused(self, request: Request, status: int, person: Person | None) -> Response:
        if _program(request):
            return access.problem(
                status, {403: "forbidden", 404: "not-found", 413: "too-large"}.get(status, "processing"), "refused"
            )
        return self.error(request, status, person)

    def _log_in(self, request: Request) -> Response:
        if request.headers.get("hx-request"):  # a part of a page cannot be the log-in
            return Response(status_code=401, headers={"HX-Redirect": "/login"})
        back = _path(request) if _shown(request) else "/"
        url = "/login" if back == "/" else f"/login?next={quote(back, safe='/')}"
        if not session_cookie(request):
            return self.see_other(url)
        response = self.see_other(url, told=N_("Your session has ended. Please log in again."))
        self.forget(request, response, "session")
        return response


def session_cookie(request: Request) -> str:
    return request.cookies.get(_name(request, "session"), "")


def language(request: Request) -> str:
    chosen = request.cookies.get("language", DEFAULT)
    return chosen if chosen in NAMES else DEFAULT


def encrypted(request: Request) -> bool:
    """Whether the browser's line is: by TLS here, or at a proxy that says so.

    Wherever the proxy runs: who says so untruly has only his own cookies refused by his browser.
    """
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"


def ours(url: str) -> str:
    """The address where it is a path of ours, else `/`: a log-in leads to no other site and not to itself."""
    inside = url.startswith("/") and not url.startswith("//") and url.isprintable() and "\\" not in url
    return url if inside and not re.match(r"/(login|logout|language)\b", url) else "/"


def wants_page(request: Request) -> bool:
    """Whether a browser asks, not a program."""
    return "text/html" in request.headers.get("accept", "") and "authorization" not in request.headers


def _program(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "authorization" in request.headers or ("json" in accept and "text/html" not in accept)


def _shown(request: Request) -> bool:
    """Whether the address is that of a page, not only of what a form is sent to."""
    scope = {**request.scope, "method": "GET"}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def _name(request: Request, name: str) -> str:
    return f"__Host-{name}" if encrypted(request) else name


def _path(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _key(msgid: str) -> str:
    return sha256(msgid.encode()).hexdigest()[:16]


def _compressed(request: Request, body: bytes, status: int) -> Response:
    headers = {**DEFAULTS, "Vary": "Accept-Encoding, Cookie"}
    if len(body) > _WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
    return Response(body, status, headers, "text/html; charset=utf-8")


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("hub.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n"], auto_reload=False, cache_size=-1,
    )  # fmt: skip
    texts = catalogue(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda msgid: str(escape(texts.gettext(msgid))),  # what templates translate is markup to them: also a code's
        lambda *args: str(escape(texts.ngettext(*args))),  # word that nobody knows, which a sender may have written
        newstyle=True,
    )
    environment.globals.update(
        state_word=words.state_word, event_word=words.event_word, priority_word=words.priority_word,
        role_word=words.role_word, kind_word=words.kind_word, gender_word=words.gender_word,
        action_word=words.action_word, object_word=words.object_word,
    )  # fmt: skip
    return environment
