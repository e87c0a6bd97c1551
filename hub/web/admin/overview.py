"""`/admin`: what is stuck now, then how far behind each part of the hub and each hospital is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Depends, Request, Response

from hub.domain.events import FRAGMENTS, REFERRALS, organization_topic
from hub.domain.positions import Reader, Readers
from hub.security.people import Person
from hub.views import queues
from hub.web.admin import causes
from hub.web.admin.commands import Commands
from hub.web.pages import Pages

LATE = timedelta(minutes=5)
"""How long an event may wait before that is told as trouble."""


@dataclass(frozen=True, slots=True)
class Follower:
    """An organisation's own stream and the groups that follow it."""

    stream: queues.Stream
    readers: Sequence[Reader]


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/admin")
    def overview(request: Request, person: Person = Depends(pages.administrator)) -> Response:
        now = datetime.now(UTC)
        told = commands.readers()
        with pages.connection() as connection:
            found = queues.read(connection, commands.consumer, now)
        worker = [r for r in told.readers if r.group == commands.consumer and r.topic in (REFERRALS, FRAGMENTS)]
        return pages.show(
            request, person, "admin/overview.html", queues=found, followers=followers(found.streams, told),
            kafka=told, cause_word=causes.word, worker=worker, reach=queues.REACH, late=now - LATE,
            day=(now - timedelta(days=1)).isoformat("T", "minutes"),
        )  # fmt: skip

    return routes


def followers(streams: Sequence[queues.Stream], told: Readers) -> list[Follower]:
    """Each organisation with its own groups. What the broker says of the end is not less than what was given to it."""
    of: dict[str, list[Reader]] = {}
    for reader in told.readers:
        of.setdefault(reader.topic, []).append(reader)
    return [
        Follower(stream, [
            Reader(r.topic, r.group, r.committed, max(r.end, stream.last_sequence))
            for r in of.get(organization_topic(stream.code), ())
        ])
        for stream in streams
    ]  # fmt: skip
