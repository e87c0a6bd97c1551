"""`/worklist` and `/referrals`: what a clinician's organisation received, and what it sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection
from starlette.datastructures import FormData as Form
from starlette.datastructures import QueryParams

from hub.security import audit
from hub.security.people import Person
from hub.views import searches, worklist
from hub.views.worklist import Criteria, Listing, Position, Side
from hub.web.list_rows import PRIORITIES, rows, words
from hub.web.page import Page
from hub.web.pages import Pages
from hub.web.words import N_

_PATHS: dict[Side, str] = {"received": "/worklist", "sent": "/referrals"}
_SIDES: dict[str, Side] = {path: side for side, path in _PATHS.items()}
_TABS: dict[Side, dict[str, str]] = {
    "received": {"open": N_("All open"), "ours": N_("Waiting for us"), "theirs": N_("Waiting for the sender"),
                 "closed": N_("Ended"), "all": N_("All")},
    "sent": {"open": N_("All open"), "ours": N_("Waiting for us"), "theirs": N_("Waiting for the receiver"),
             "closed": N_("Ended"), "all": N_("All")},
}  # fmt: skip
_SORTS: dict[Side, str] = {"received": N_("Urgency, then waiting time"), "sent": N_("What needs an answer first")}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as its address asks for it. search: id of the search in it; lost: it names none that can be used."""

    criteria: Criteria
    search: str = ""
    lost: bool = False

    @property
    def path(self) -> str:
        return _PATHS[self.criteria.side]

    def parameters(self, **changed: str) -> dict[str, str]:
        """What the address carries, as changed; what is as usual is left out."""
        c = self.criteria
        given = {"tab": c.tab, "priority": c.priority, "department": c.department, "party": c.party,
                 "changed": "1" if c.changed else "", "sort": c.sort, "search": self.search, **changed}  # fmt: skip
        return {name: value for name, value in given.items() if value and (name, value) != ("tab", "open")}

    def url(self, **changed: str) -> str:
        query = urlencode(self.parameters(**changed))
        return f"{self.path}?{query}" if query else self.path

    @property
    def filtered(self) -> bool:
        c = self.criteria
        return bool(c.priority or c.department or c.party or c.changed or c.search)


def router(pages: Pages) -> APIRouter:
    routes = APIRouter()

    @routes.get("/worklist")
    @routes.get("/referrals")
    def listing(request: Request, person: Person = Depends(pages.clinician)) -> Response:
        return _listing(pages, request, person)

    @routes.post("/worklist/search")
    def search(person: Person = Depends(pages.clinician), form: Form = Depends(pages.form)) -> Response:
        side, text = _side(form.get("side")), form.get("text")
        asked = Asked(Criteria(side))
        if not isinstance(text, str) or not text.strip():
            return pages.see_other(asked.url())
        with pages.connection() as connection:
            kept = searches.keep(connection, person.id, text, datetime.now(UTC))
        return pages.see_other(asked.url(search=kept, tab="all"))

    @routes.get("/worklist/news")
    def news(request: Request, person: Person = Depends(pages.watcher)) -> Response:
        side = _side(request.query_params.get("side"))
        since = _moment(request.query_params.get("since", ""))
        if since is None:
            return Response(status_code=204)
        with pages.connection() as connection:
            arrived, changed = worklist.news(connection, person.id, person.organization, side, since)
        if not changed:
            return Response(status_code=204)
        return pages.show(request, person, "lists/news.html", arrived=arrived, changed=changed - arrived)

    return routes


def _listing(pages: Pages, request: Request, person: Person) -> Response:
    parameters = request.query_params
    with pages.connection() as connection:
        asked = _asked(connection, person, _SIDES[request.url.path], parameters)
        after = Position.parse(parameters.get("after", ""))
        found = worklist.read(connection, person.id, person.organization, asked.criteria, after)
        audit.write(connection, organization_id=person.organization.id, actor=person.login,
                    action="search" if asked.criteria.search else "read", object_type="list",
                    object_id=asked.criteria.side, soon=True)  # fmt: skip
    page, side = pages.page(request, person), asked.criteria.side
    return pages.show(
        request, person, "lists/list.html", asked=asked, side=side, listing=found, first=after is None,
        rows=rows(page, side, found.entries), words=words(page, side), tabs=_tabs(asked, found.counts),
        choices=_choices(page, asked.criteria, found), sort_text=_SORTS[side], most=worklist.MOST,
        since=int(page.now.timestamp() * 1_000_000),
    )  # fmt: skip


def _asked(connection: Connection[Any], person: Person, side: Side, parameters: QueryParams) -> Asked:
    criteria, search_id = _criteria(side, parameters), parameters.get("search", "")
    if not search_id:
        return Asked(criteria)
    found = searches.find(connection, person.id, search_id, datetime.now(UTC))
    if found is None:
        return Asked(criteria, lost=True)
    return Asked(replace(criteria, search=found), search_id)


def _criteria(side: Side, given: Mapping[str, str]) -> Criteria:
    """What is no choice of ours is not asked for."""

    def text(name: str) -> str:
        value = given.get(name, "")[:_LONGEST]
        return value if value.isprintable() else ""

    def one_of(name: str, choices: tuple[Any, ...], usual: Any) -> Any:
        return given.get(name) if given.get(name) in choices else usual

    return Criteria(
        side, one_of("tab", worklist.TABS, "open"), one_of("priority", PRIORITIES, ""), text("department"),
        text("party"), given.get("changed") == "1", one_of("sort", worklist.SORTS, ""),
    )  # fmt: skip


def _tabs(asked: Asked, counts: Mapping[str, int]) -> list[tuple[str, str, int, bool]]:
    """Address, msgid, how many, whether it is shown."""
    texts = _TABS[asked.criteria.side]
    return [(asked.url(tab=tab), text, counts[tab], tab == asked.criteria.tab) for tab, text in texts.items()]


def _choices(page: Page, criteria: Criteria, found: Listing) -> dict[Literal["departments", "parties"], Any]:
    """What can be chosen of the filters: what there is, and what is chosen now."""
    departments = dict.fromkeys(found.departments.values())
    parties = dict(found.parties)
    if criteria.department:
        departments.setdefault(criteria.department)
    if criteria.party:
        parties.setdefault(criteria.party, criteria.party)
    return {"departments": [(name, name) for name in departments], "parties": list(parties.items())}


def _side(given: object) -> Side:
    return "sent" if given == "sent" else "received"


def _moment(text: str) -> datetime | None:
    """Microseconds since 1970, as the page wrote them."""
    found = Position.parse(f"0.{text}.00000000-0000-4000-8000-000000000000")
    return found.time if found else None
