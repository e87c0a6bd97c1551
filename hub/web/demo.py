"""The first page of `referral-hub demo`: three roles to enter with one press, and a tour of the story.

Part of the server only where `REFERRAL_HUB_DEMO_FILE` is set: it gives log-ins away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData as Form

from hub.security import login, sessions
from hub.web.pages import Pages, session_cookie
from hub.web.words import N_


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the tour. role: key of who sees it; path: with the names of `places` in braces."""

    role: str
    title: str
    text: str
    path: str

    def address(self, places: dict[str, str]) -> str | None:
        """None while the story has not come to it."""
        try:
            return self.path.format_map(places)
        except KeyError:
            return None


ROLES = {
    "clinic": N_("Clinic: writes referrals and reads what comes back"),
    "specialist": N_("Specialist: reads, decides, answers"),
    "administrator": N_("Administrator: sees what is stuck"),
}
TOUR = (
    Stop("clinic", N_("Where each referral stands"),
         N_("The township sees who has a referral and since when, what the hospital asks, and what is new."),
         "/referrals"),
    Stop("clinic", N_("A new referral in one screen"),
         N_("Sex and birth date come from the national identifier; what is typed is kept as a draft."),
         "/referrals/new"),
    Stop("specialist", N_("The worklist"),
         N_("The most urgent first, how long each has waited, what changed; found by name, number or pinyin."),
         "/worklist"),
    Stop("specialist", N_("One referral, before it is accepted"),
         N_("Why he comes and what came with it. Accept, ask, book or reject: each says who will be told."),
         "/referrals/{urgent}"),
    Stop("specialist", N_("One record from five institutions"),
         N_("Why she comes, what contradicts and what is missing, on the first screen."),
         "/referrals/{her}/record"),
    Stop("specialist", N_("A statement and its source"),
         N_("The original message beside it, the cited characters marked: two doses of one medicine, both shown."),
         "/referrals/{her}/record/sources?item={item}"),
    Stop("clinic", N_("What came back"),
         N_("The outcome and the follow-up plan, and the referral back down to the township."),
         "/referrals/{her}"),
    Stop("administrator", N_("The message that brought her"),
         N_("Its bytes, its acknowledgement, the Bundle that it became, and the ledger of every field."),
         "/admin/messages/{message}"),
    Stop("administrator", N_("Queues and lag"), N_("What waits, where, and for how long."), "/admin"),
)  # fmt: skip


def router(pages: Pages, file: Path) -> APIRouter:
    """file: `{people: [{key, login, password, name, organization}], places: {name: id}}`, read at each look."""
    routes = APIRouter(include_in_schema=False)

    async def fields(request: Request) -> Form:
        known = await run_in_threadpool(pages.visitor, request)
        return await (pages.form(request) if known else pages.public_form(request))

    @routes.get("/")
    def welcome(request: Request) -> Response:
        told = _read(file)
        stops = [(number, stop) for number, stop in enumerate(TOUR) if stop.address(told["places"])]
        return pages.show(request, pages.visitor(request), "demo/welcome.html", people=told["people"], roles=ROLES,
                          stops=stops, names={p["key"]: p["name"] for p in told["people"]})  # fmt: skip

    @routes.post("/demo/enter")
    def enter(request: Request, form: Form = Depends(fields)) -> Response:
        told, known = _read(file), pages.visitor(request)
        role, url = _chosen(form, told["places"])
        person = next((p for p in told["people"] if p["key"] == role), None)
        if person is None or url is None:
            return pages.missing(request, known)
        response = pages.see_other(url)
        if known and known.login == person["login"]:
            return response
        value = login.log_in(pages.connection, person["login"], person["password"])
        if value is None:
            return pages.error(request, 403, known)
        if old := session_cookie(request):
            with pages.connection() as connection:
                sessions.close(connection, old)
        pages.keep(request, response, "session", value)
        pages.forget(request, response, "visit")
        return response

    return routes


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))


def _chosen(form: Form, places: dict[str, str]) -> tuple[str, str | None]:
    """The role to enter as and the address: of a stop of the tour, or the role's own first page."""
    number = str(form.get("stop", ""))
    if number.isdecimal() and len(number) < 4 and int(number) < len(TOUR):
        stop = TOUR[int(number)]
        return stop.role, stop.address(places)
    homes = {"clinic": "/referrals", "specialist": "/worklist", "administrator": "/admin"}
    role = str(form.get("role", ""))
    return role, homes.get(role)
