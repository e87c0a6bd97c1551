"""The people's side of the HTTP server: its pages, with the commands that they call."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError

from adapters.forms.attachments import attach
from adapters.forms.table import template
from hub.domain.positions import Readers
from hub.intake.accept import Intake
from hub.processes import administration
from hub.processes.moving import Moving
from hub.processes.quoting import quote
from hub.processes.referring import Referring
from hub.processes.settings import Settings
from hub.web import (
    account,
    assets,
    attachments,
    demo,
    drafts,
    headers,
    importing,
    lists,
    login,
    marks,
    new_referral,
    printing,
    records,
    referral,
    sources,
    steps,
)
from hub.web.admin import routes as administrator
from hub.web.pages import Answered, Connect, Pages, answered, unreadable
from hub.web.record_page import RecordPage


def include(app: FastAPI, settings: Settings, connection: Connect, intake: Intake,
            readers: Callable[[], Readers]) -> Pages:  # fmt: skip
    """Add the pages' routes, a line for each module of them; the machines' interface does not list them.

    readers: what Kafka said last, at once.
    """
    pages = Pages(connection)
    app.state.pages = pages
    routes = APIRouter(include_in_schema=False, tags=["pages"])
    routes.include_router(assets.router())
    if settings.demo_file is not None:  # before the log-in's own first page
        routes.include_router(demo.router(pages, settings.demo_file))
    routes.include_router(login.router(pages))
    routes.include_router(account.router(pages))
    routes.include_router(lists.router(pages))
    moving = Moving(connection, intake.accept)
    referring = Referring(connection, intake.accept, intake.directory)
    writing = new_referral.Commands(referring.refer, attach, moving.move)
    routes.include_router(new_referral.router(pages, writing))  # before `/referrals/{id}`
    routes.include_router(drafts.router(pages, writing))
    routes.include_router(importing.router(pages, importing.Commands(referring.lines, referring.send, template)))
    routes.include_router(attachments.router(pages))
    routes.include_router(referral.router(pages, moving.move))
    routes.include_router(steps.router(pages, moving.move, attach))
    routes.include_router(sources.router(pages, quote))
    routes.include_router(marks.router(pages))
    routes.include_router(printing.router(pages))
    routes.include_router(administrator.router(pages, administration.commands(settings, intake.directory, readers)))
    app.include_router(routes)
    app.include_router(records.router(connection, records.People(RecordPage(pages), pages.visitor)))
    app.add_middleware(headers.SecurityHeaders)
    app.add_exception_handler(Answered, answered)
    app.add_exception_handler(RequestValidationError, unreadable)
    return pages
