"""`/referrals/{id}`: one referral as its sender and its receiver see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection

from hub.domain.errors import Refused, Unavailable
from hub.domain.forms import Action, Filed, StepForm
from hub.domain.patients import INSURANCE, NATIONAL
from hub.domain.referrals import Role, State, owner
from hub.domain.steps import possible
from hub.security import audit
from hub.security.people import Person
from hub.views import attachments, history, looks, marks, patients, referrals
from hub.views.history import Course
from hub.views.patients import Patient
from hub.views.referrals import Party, Referral
from hub.web.pages import Pages
from hub.web.record.patients import age
from hub.web.step_words import CHANNELS, CORRECT_OUTCOME, KINDS, NEXT, OTHER, READ_AND_CLOSE, STANDING, WORDS
from hub.web.words import N_

Move = Callable[[Person, StepForm], Filed]

_CONVERSATION = ("referral.information-requested", "referral.information-supplied", "referral.amended",
                 "referral.cancellation-requested", "referral.cancellation-refused")  # fmt: skip
_NUMBERS = {NATIONAL: N_("Identity number"), INSURANCE: N_("Insurance number")}
_NUMBER = N_("Patient number")
_AT_OUTCOME: dict[Action, str] = {"close": READ_AND_CLOSE, "outcome": CORRECT_OUTCOME}
_OUTCOME = "referral.outcome-sent"


@dataclass(frozen=True, slots=True)
class Button:
    """One thing that the person may do. text: a msgid; kind: its class; skips: steps between are filled in."""

    url: str
    text: str
    kind: str
    skips: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """A referral for one viewer. receives, sends: the viewer's sides; since: when it came into its state; seen_until:
    what came later is new, None at the first look."""

    referral: Referral
    patient: Patient | None
    course: Course
    files: Sequence[attachments.Attached]
    marks: Sequence[marks.Mark]
    viewer: int
    seen_until: datetime | None

    @property
    def receives(self) -> bool:
        return self.referral.receiver.id == self.viewer

    @property
    def sends(self) -> bool:
        return self.referral.sender.id == self.viewer

    @property
    def holder(self) -> Party | None:
        """Whose turn it is; None at the end."""
        turn = owner(self.referral.state)
        return None if turn is None else self.referral.receiver if turn is Role.RECEIVER else self.referral.sender

    @property
    def expected(self) -> str | None:
        """The msgid of what is expected next."""
        return NEXT.get((self.referral.state, owner(self.referral.state)))

    @property
    def since(self) -> datetime:
        return self.course.since or self.referral.updated_at

    @property
    def opening(self) -> history.Event | None:
        return self.course.events[0] if self.course.events else None

    @property
    def conversation(self) -> tuple[history.Event, ...]:
        return self.course.of(*_CONVERSATION)

    @property
    def outcomes(self) -> tuple[history.Event, ...]:
        """Newest first."""
        return self.course.of(_OUTCOME)[::-1]

    @property
    def given(self) -> tuple[history.Said, ...]:
        """What came with the referral, or belongs to it by no step that is told."""
        return (*(self.opening.said if self.opening else ()), *self.course.loose)

    def is_new(self, event: history.Event) -> bool:
        """Whether another organisation did it after the viewer's last look."""
        return self.seen_until is not None and event.at > self.seen_until and event.organization_id != self.viewer

    def files_of(self, fragment_id: str) -> list[attachments.Attached]:
        return [file for file in self.files if file.fragment_id == fragment_id]

    @property
    def buttons(self) -> list[Button]:
        """What the life cycle lets the viewer do now, the next steps first."""
        actions = possible(self.referral.state, roles(self.referral, self.viewer),
                           cancellation_asked=self.referral.cancellation_asked)  # fmt: skip
        made = [self._button(action, skips=len(way) > 1) for action, way in actions.items() if action != "receive"]
        if self.receives and self.referral.state in (State.OUTCOME_SENT, State.CLOSED) and self.course.of(_OUTCOME):
            made.append(Button(f"/referrals/new?from={self.referral.id}&kind=down", N_("Refer back down"), "secondary"))
        return sorted(made, key=lambda button: button.skips)

    def _button(self, action: Action, *, skips: bool) -> Button:
        url = f"/referrals/{self.referral.id}/steps/{action}"
        if action == "refer-onward":
            url = f"/referrals/new?from={self.referral.id}&kind=onward"
        words = WORDS[action]
        sent = self.referral.state is State.OUTCOME_SENT
        text = _AT_OUTCOME.get(action, words.button) if sent else words.button
        second = skips or (sent and self.receives) or action in ("ask", "start", "refer-onward")
        kind = "secondary" if second else "ends" if words.ends else ""
        return Button(url, text, kind, skips)


def router(pages: Pages, move: Move) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/referrals/{referral_id:uuid}")
    def show(request: Request, referral_id: UUID, person: Person = Depends(pages.clinician)) -> Response:
        referral = find(pages, person, referral_id)
        if referral is None:
            return pages.missing(request, person)
        arrives = referral.state is State.REQUESTED and referral.receiver.id == person.organization.id
        if arrives and _meant(request):
            with suppress(Refused, Unavailable):  # a colleague was faster, or it is received when opened next
                move(person, StepForm(str(uuid4()), referral.id, referral.version, "receive"))
        with pages.connection() as connection:
            if arrives:
                referral = referrals.read(connection, person.organization.id, referral.id) or referral
            seen = sight(connection, person, referral)
            audit.write(connection, organization_id=person.organization.id, actor=person.login, action="read",
                        object_type="referral", object_id=referral.id)  # fmt: skip
        return pages.show(request, person, "steps/referral.html", seen=seen, years=years(seen.patient, person),
                          channels=CHANNELS, moment=moment, number_word=number_word,
                          groups=groups, standings=STANDING)  # fmt: skip

    return routes


def find(pages: Pages, person: Person, referral_id: UUID) -> Referral | None:
    """The referral that the person's organisation sends or receives; who looks for another's leaves a trace."""
    with pages.connection() as connection:
        found = referrals.read(connection, person.organization.id, str(referral_id))
        if found is None:
            audit.write(connection, organization_id=person.organization.id, actor=person.login, action="read",
                        object_type="referral", object_id=str(referral_id), allowed=False)  # fmt: skip
    return found


def sight(connection: Connection[Any], person: Person, referral: Referral) -> Sight:
    """All that the page shows; that the person looked is noted."""
    viewer = person.organization.id
    return Sight(
        referral,
        patients.read(connection, viewer, referral.patient_id),
        history.read(connection, viewer, referral),
        attachments.of_referral(connection, viewer, referral.id),
        marks.of_referral(connection, viewer, referral.id),
        viewer,
        looks.look(connection, person.id, referral.id, datetime.now(UTC)),
    )


def roles(referral: Referral, viewer: int) -> list[Role]:
    """The viewer's sides of the referral, the receiver's first."""
    sides = ((Role.RECEIVER, referral.receiver), (Role.SENDER, referral.sender))
    return [role for role, party in sides if party.id == viewer]


def moment(value: object) -> datetime | None:
    """A FHIR dateTime with time and zone; None for one that is less exact."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else None


def number_word(system: str) -> str:
    """What kind of number a system of identifiers holds, a msgid."""
    return _NUMBERS.get(system, _NUMBER)


def groups(given: Sequence[history.Said]) -> list[tuple[str, list[history.Said]]]:
    """What is coded by kind: a msgid and its lines, what matters first."""
    found: dict[str, list[history.Said]] = {name: [] for name in (*KINDS.values(), OTHER)}
    for said in given:
        if said.line:
            found[KINDS.get(said.resource_type, OTHER)].append(said)
    return [(name, lines) for name, lines in found.items() if lines]


def today(person: Person) -> str:
    """The date at the person's, ISO."""
    return datetime.now(ZoneInfo(person.organization.timezone)).date().isoformat()


def years(patient: Patient | None, person: Person) -> int | None:
    """The patient's age today."""
    return age(patient.birth_date, today(person)) if patient else None


def _meant(request: Request) -> bool:
    """Whether the page is asked for to be read, not fetched by a browser in advance."""
    return "prefetch" not in request.headers.get("sec-purpose", request.headers.get("purpose", ""))
