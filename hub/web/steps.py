"""`/referrals/{id}/steps/{action}`: one form for each thing that may be done with a referral."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData as Form
from starlette.datastructures import UploadFile

from hub.domain.errors import Cause, Refusal, Refused, Unavailable
from hub.domain.forms import Action, Attachment, StepForm
from hub.domain.referrals import State
from hub.domain.steps import ACTIONS, NO_START, WORDED, Way, possible
from hub.security import audit
from hub.security.people import Person
from hub.views import history, patients
from hub.views.referrals import Referral
from hub.web.pages import Pages
from hub.web.referral import Move, find, moment, roles, today, years
from hub.web.step_words import WORDS
from hub.web.words import N_

Attach = Callable[[str, bytes, tuple[int, ...]], Attachment]
"""The file of a name and its bytes, beside others of these sizes; may raise Refused at `attachments`."""

Fields = dict[str, str]

_TYPED = ("text", "plan", "date", "start", "end", "location")
_BAD_DATE = N_("Write the date as 2026-11-25.")
_BAD_TIME = N_("Write the time as 14:30.")
_AWAY = N_("The hub cannot store anything at the moment. What you wrote is kept on this page: send it again.")
_WITH_FILES = frozenset({"supply", "outcome"})
_FILES_AGAIN = N_("Please choose the files again.")


def router(pages: Pages, move: Move, attach: Attach) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/referrals/{referral_id:uuid}/steps/{action}")
    def ask(request: Request, referral_id: UUID, action: str, person: Person = Depends(pages.clinician)) -> Response:
        referral, step = find(pages, person, referral_id), _action(action)
        if referral is None or step is None:
            return pages.missing(request, person)
        fields = _prefilled(pages, person, referral, step)
        return _form(pages, request, person, referral, step, fields, {})

    @routes.post("/referrals/{referral_id:uuid}/steps/{action}")
    def take(request: Request, referral_id: UUID, action: str, person: Person = Depends(pages.clinician),
             form: Form = Depends(pages.form)) -> Response:  # fmt: skip
        referral, step = find(pages, person, referral_id), _action(action)
        if referral is None or step is None:
            return pages.missing(request, person)
        fields = _typed(form)
        try:
            move(person, _step(person, referral, step, form, fields, attach))
        except Refused as refused:
            return _again(pages, request, person, referral, step, fields, refused)
        except Unavailable:
            return _form(pages, request, person, referral, step, fields, {"text": _AWAY}, status=503)
        return pages.see_other(f"/referrals/{referral.id}", told=WORDS[step].done)

    return routes


def _action(name: str) -> Action | None:
    return next((action for action in ACTIONS if action == name), None)


def _form(pages: Pages, request: Request, person: Person, referral: Referral, action: Action, fields: Fields,
          errors: Mapping[str, str], *, status: int = 200, stale: bool = False) -> Response:  # fmt: skip
    """The form of a step; where the step is no longer possible, what was entered, to be copied."""
    viewer = person.organization.id
    way = possible(referral.state, roles(referral, viewer), cancellation_asked=referral.cancellation_asked).get(action)
    with pages.connection() as connection:
        patient = patients.read(connection, viewer, referral.patient_id)
        audit.write(connection, organization_id=viewer, actor=person.login, action="read", object_type="referral",
                    object_id=referral.id)  # fmt: skip
    other = referral.sender if referral.receiver.id == viewer else referral.receiver
    return pages.show(
        request, person, "steps/step.html" if way is not None else "steps/impossible.html",
        status=status if way is not None else 409, referral=referral, patient=patient, years=years(patient, person),
        action=action, today=today(person), moment=moment,
        words=WORDS[action], other=other.name, fields=fields, errors=errors, key=fields.get("key") or str(uuid4()),
        skipped=_skipped(way), stale=stale, needed=action in WORDED, with_files=action in _WITH_FILES,
        files_again=_FILES_AGAIN if (errors or stale) and action in _WITH_FILES else "",
    )  # fmt: skip


def _skipped(way: Way | None) -> list[State]:
    """States that the step fills in on its way."""
    return [step.target for step in (way or ())[:-1]]


def _again(pages: Pages, request: Request, person: Person, referral: Referral, action: Action, fields: Fields,
           refused: Refused) -> Response:  # fmt: skip
    """The form with what was entered, what is wrong, and the referral as it is now."""
    causes = {refusal.cause for refusal in refused.refusals}
    errors = {refusal.path: refusal.text for refusal in refused.refusals if refusal.path in (*_TYPED, "attachments")}
    if not errors:
        now = find(pages, person, UUID(referral.id)) or referral
        stale = bool(causes & {Cause.STALE_VERSION, Cause.FORBIDDEN_STATE, Cause.DUPLICATE_KEY})
        other = {} if stale else {"text": "; ".join(refusal.text for refusal in refused.refusals)}
        return _form(pages, request, person, now, action, fields | {"key": ""}, other, status=409, stale=stale)
    return _form(pages, request, person, referral, action, fields, errors, status=422)


def _typed(form: Form) -> Fields:
    """The fields as entered, the chosen phrases before the text; the form's own key."""
    fields = {name: _plain(form.get(name)) for name in _TYPED}
    chosen = [_plain(phrase) for phrase in form.getlist("phrase")]
    fields["text"] = "\n".join(filter(None, (*chosen, fields["text"])))
    with suppress(ValueError):
        fields["key"] = str(UUID(_plain(form.get("key"))))
    return fields


def _step(person: Person, referral: Referral, action: Action, form: Form, fields: Fields, attach: Attach) -> StepForm:
    """Raises Refused at the fields that cannot be read."""
    version = _plain(form.get("version"))
    step = StepForm(
        key=fields.get("key") or str(uuid4()),
        referral_id=referral.id,
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
        action=action,
        text=fields["text"],
        author=person.name,
    )
    if action == "book":
        return _booked(step, fields, ZoneInfo(person.organization.timezone))
    if action in _WITH_FILES:
        return replace(step, plan=fields["plan"], attachments=tuple(_attached(form, attach)))
    return step


def _booked(step: StepForm, fields: Fields, zone: ZoneInfo) -> StepForm:
    if not (fields["date"] and fields["start"]):
        missing = "date" if not fields["date"] else "start"
        raise _wrong(Cause.REQUIRED_MISSING, missing, NO_START)
    try:
        day = date.fromisoformat(fields["date"])
    except ValueError:
        raise _wrong(Cause.WRONG_DATATYPE, "date", _BAD_DATE) from None
    start, end = (_at(day, name, fields[name], zone) for name in ("start", "end"))
    return replace(step, start=start, end=end, location=fields["location"])


def _at(day: date, name: str, value: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.combine(day, time.fromisoformat(value).replace(tzinfo=None), zone) if value else None
    except ValueError:
        raise _wrong(Cause.WRONG_DATATYPE, name, _BAD_TIME) from None


def _attached(form: Form, attach: Attach) -> Iterator[Attachment]:
    sizes: tuple[int, ...] = ()
    for upload in form.getlist("attachments"):
        if isinstance(upload, UploadFile) and upload.filename:
            content = upload.file.read()
            yield attach(upload.filename, content, sizes)
            sizes += (len(content),)


def _prefilled(pages: Pages, person: Person, referral: Referral, action: Action) -> Fields:
    """What stands already: the appointment that is moved, the outcome that is corrected."""
    fields = dict.fromkeys(_TYPED, "")
    if action == "book":
        fields |= _appointment(referral.details.get("appointment", {}), ZoneInfo(person.organization.timezone))
    if action == "outcome" and referral.state is State.OUTCOME_SENT:
        with pages.connection() as connection:
            sent = history.read(connection, person.organization.id, referral).newest("referral.outcome-sent")
        said = {s.title: s.text for s in (sent.said if sent else ())}
        fields |= {"text": said.get("会诊结论", ""), "plan": said.get("随访计划", "")}
    return fields


def _appointment(booked: Mapping[str, Any], zone: ZoneInfo) -> Fields:
    fields = {"location": str(booked.get("location", ""))}
    for name in ("start", "end"):
        with suppress(ValueError):  # another system's appointment may be known to the day only
            at = datetime.fromisoformat(str(booked.get(name, ""))).astimezone(zone)
            fields |= {"date": at.date().isoformat(), name: f"{at:%H:%M}"}
    return fields


def _plain(value: object) -> str:
    """A text field without what cannot be seen, its lines ended alike."""
    if not isinstance(value, str):
        return ""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def _wrong(cause: Cause, field: str, text: str) -> Refused:
    return Refused(Refusal(cause, field, text))
