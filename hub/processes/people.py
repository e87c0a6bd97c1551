"""The people's side of the HTTP server: its pages, with the commands that they call."""

from __future__ import annotations

from fastapi import FastAPI

from hub.intake.accept import Intake
from hub.processes.settings import Settings
from hub.web import account, assets, demo, headers, login
from hub.web.pages import Answered, Connect, Pages, answered


def include(app: FastAPI, settings: Settings, connection: Connect, intake: Intake) -> Pages:
    """Add the pages' routes, a line for each module of them."""
    pages = Pages(connection)
    app.state.pages = pages
    app.include_router(assets.router())
    if settings.demo_file is not None:  # before the log-in's own first page
        app.include_router(demo.router(pages, settings.demo_file))
    app.include_router(login.router(pages))
    app.include_router(account.router(pages))
    app.add_middleware(headers.SecurityHeaders)
    app.add_exception_handler(Answered, answered)
    return pages
