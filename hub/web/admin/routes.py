"""All routes of the administrator."""

from __future__ import annotations

from fastapi import APIRouter

from hub.web.admin import audit, dead_letters, deliveries, ledger, messages, organizations, overview, users
from hub.web.admin.commands import Commands
from hub.web.pages import Pages


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter()
    for module in (overview, messages, deliveries, dead_letters, organizations):
        routes.include_router(module.router(pages, commands))
    for own in (ledger, users, audit):
        routes.include_router(own.router(pages))
    return routes
