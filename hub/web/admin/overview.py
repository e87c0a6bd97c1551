"""`/admin`: what is stuck now, then how far behind each part of the hub and each hospital is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from hub.domain.events import FRAGMENTS, REFERRALS
from hub.security.people import Person
from hub.views import deliveries, queues
from hub.web.admin import causes
from hub.web.admin.commands import Commands
from hub.web.pages import Pages

LATE = timedelta(minutes=5)
"""How long an event may wait before that is told as trouble."""


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/admin")
    def overview(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        now = datetime.now(UTC)
        told = commands.readers()
        with pages.connection() as connection:
            found = queues.read(connection, commands.consumer, now)
            undelivered, standings = deliveries.stuck(connection), deliveries.standings(connection)
            delivering = deliveries.delivering(connection)
        worker = [r for r in told.readers if r.group == commands.consumer and r.topic in (REFERRALS, FRAGMENTS)]
        return pages.show(
            request, person, "admin/overview.html", queues=found, followers=queues.followers(found.streams, told),
            kafka=told, cause_word=causes.word, worker=worker, reach=queues.REACH, late=now - LATE,
            undelivered=undelivered, standings=standings, delivering=delivering,
            day=_entered(now - timedelta(days=1), person),
        )  # fmt: skip

    return routes


def _entered(moment: datetime, person: Person) -> str:
    """As the person would enter it in a filter: local, without offset."""
    local = moment.astimezone(ZoneInfo(person.organization.timezone))
    return local.replace(tzinfo=None).isoformat("T", "minutes")
