"""The record for people: `GET /referrals/{id}/record` of a browser, beside the JSON of `hub.web.records`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from markupsafe import Markup
from psycopg import Connection

from hub.domain.referrals import FINAL
from hub.security.people import Person
from hub.views import ids, looks, marks, records, referrals
from hub.views.marks import Mark
from hub.views.records import Heading
from hub.views.referrals import Referral
from hub.web.opened import note
from hub.web.pages import Pages, language
from hub.web.record import words
from hub.web.record.kept import Kept, Rest, Views
from hub.web.record.model import Text, View
from hub.web.record.statements import Statement

PAGE_SIZE = 100
"""Entries on one page of a part that is too long for the record's page."""

CONFLICTS = 16
"""Conflicts that the record's page shows, the first few at once."""

quoted = lru_cache(4096)(quote)
Received = TypeVar("Received", Statement, Text)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is this reader's own. since: when the reader looked last, None at the first look; only_new: as asked;
    beside: ids of the conflicts that stand on the same page."""

    record_id: str
    since: datetime | None
    only_new: bool
    marked: Mapping[tuple[str, str], Mark]
    beside: frozenset[str] = frozenset()

    def new(self, received: datetime | None) -> bool:
        """Whether something came after the last look."""
        return self.since is not None and received is not None and received > self.since

    def shown(self, listed: Sequence[Received]) -> Sequence[Received]:
        """All, or only what is new, as asked."""
        return [one for one in listed if self.new(one.received)] if self.only_new else listed

    def source(self, part: str, name: str) -> str:
        """The address of a statement's sources, seen from the record's own."""
        return f"record/sources?record={self.record_id}&{part}={quoted(name)}"

    def conflict(self, name: str) -> str:
        """The address of a conflict, on this page or on that of all conflicts."""
        return f"{'' if name in self.beside else '?section=conflicts'}#conflict-{name}"

    def mark(self, part: str, name: str) -> Mark | None:
        return self.marked.get((part, name))


@dataclass(frozen=True, slots=True)
class _Read:
    referral: Referral
    heading: Heading
    view: View
    reading: Reading


class RecordPage:
    """Made once; called for each request of a browser."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._views = Views()
        self._texts = Kept[Markup]()

    def __call__(self, request: Request, referral_id: str) -> Response:
        """The page, or that the record is being made: that page asks again by htmx until it can be loaded."""
        pages, person = self._pages, self._pages.clinician(request)
        asks_again = request.headers.get("hx-request") == "true"
        with pages.connection() as connection:
            referral = referrals.read(connection, person.organization.id, referral_id)
            if referral is None or not records.readable(referral, person.organization.id):
                named = referral_id if ids.parse(referral_id) else "no id"
                note(connection, person, "read", "record", named, allowed=False)
                return pages.missing(request, person)
            heading = records.heading(connection, referral)
            if asks_again:
                return Response(headers={"HX-Refresh": "true"}) if heading else Response(status_code=204)
            read = self._read(connection, person, referral, heading, request.query_params) if heading else None
        if read is None:
            ended = referral.state in FINAL and not referral.whole_record
            return pages.show(request, person, "record/making.html", status=404 if ended else 200, referral=referral,
                              ended=ended)  # fmt: skip
        return self._shown(request, person, read)

    def _read(self, connection: Connection[Any], person: Person, referral: Referral, heading: Heading,
              asked: Mapping[str, str]) -> _Read:  # fmt: skip
        note(connection, person, "read", "record", referral.id)
        since = looks.look(connection, person.id, referral.id, datetime.now(UTC))
        zone = ZoneInfo(person.organization.timezone)
        view = self._views.of(heading.sha256, zone, lambda: records.document(connection, heading.id))
        standing = marks.standing(connection, referral.id)
        marked = {place: standing[key] for place, key in view.keys.items() if key in standing} if standing else {}
        beside = frozenset(c.id for c in view.conflicts[:CONFLICTS]) if "section" not in asked else frozenset()
        reading = Reading(heading.id, since, asked.get("new") == "1", marked, beside)
        return _Read(referral, heading, view, reading)

    def _shown(self, request: Request, person: Person, read: _Read) -> Response:
        asked, view = request.query_params, read.view
        given: dict[str, Any] = {"referral": read.referral, "record": read.heading, "view": view,
                                 "reading": read.reading, "section_words": words.SECTION,
                                 "conflicts_here": CONFLICTS}  # fmt: skip
        name = asked.get("section")
        if name is None:
            new = read.reading.new
            fresh = sum(new(one.received) for one in view.statements) + sum(new(one.received) for one in view.passages)
            own = fresh or read.reading.marked or read.reading.only_new or any(new(u.received) for u in view.unplaced)
            key = () if own else (read.heading.id, person.organization.timezone, language(request))
            return self._pages.show(request, person, "record/page.html", fresh=fresh, shown=read.reading.shown,
                                    rest=Rest(self._texts, key), **given)  # fmt: skip
        part = view.part(name)
        if part is None:
            return self._pages.missing(request, person)
        title, listed = part
        pages = max(1, -(-len(listed) // PAGE_SIZE))
        number = int(asked["page"]) if re.fullmatch("[0-9]{1,6}", asked.get("page", "")) else 1
        number = min(max(number, 1), pages)
        return self._pages.show(
            request, person, "record/section.html", section=name, title=title, total=len(listed), number=number,
            pages=pages, listed=listed[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
            earlier=_page(name, number - 1) if number > 1 else None,
            later=_page(name, number + 1) if number < pages else None, **given,
        )  # fmt: skip


def _page(section: str, number: int) -> str:
    return f"?section={section}&page={number}"
