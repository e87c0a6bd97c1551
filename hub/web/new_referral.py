"""`/referrals/new` and `/drafts/{id}`: a referral is written in one screen, kept as it is typed, and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection
from starlette.datastructures import FormData as Form

from hub.domain.errors import Refusal, Refused, Unavailable
from hub.domain.forms import Attachment, Filed, ReferralForm, StepForm
from hub.domain.referrals import Role, State
from hub.domain.steps import possible
from hub.security import audit
from hub.security.people import Person
from hub.views import drafts, ids, referrals
from hub.views.referrals import Referral
from hub.web import referral_form
from hub.web.languages import catalogue
from hub.web.pages import Pages, language
from hub.web.words import N_

PAGE = "clinic/new_referral.html"
SENT = N_("The referral is sent. The receiving hospital has been told.")
SENT_BEFORE = N_("This referral had been sent before. What was changed afterwards was not sent.")
STANDS = N_("This referral has been sent. Here you see where it stands.")
NOT_MARKED = N_("The new referral is sent, but the earlier one could not be marked as referred onward.")
LEFT_OUT = N_("Not added: %(names)s. Add another file, or send again without it.")
TOO_LATE = N_("The earlier referral can no longer be referred onward: open it to see why.")
AWAY = N_("The hub cannot send now. What you wrote is kept as a draft: send it again in a moment.")

Refer = Callable[[Person, ReferralForm], Filed]
Attach = Callable[[str, bytes, tuple[int, ...]], Attachment]


@dataclass(frozen=True, slots=True)
class Commands:
    """refer, move: raise Refused at fields of the form, and Unavailable; attach: raises Refused."""

    refer: Refer
    attach: Attach
    move: Callable[[Person, StepForm], Filed]


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/referrals/new")
    def new(request: Request, person: Person = Depends(pages.clinician)) -> Response:
        asked = request.query_params.get("from", "")
        kind = request.query_params.get("kind", "")
        with pages.connection() as connection:
            fields: dict[str, str] = {}
            if asked:
                referral = referrals.read(connection, person.organization.id, asked)
                if referral is None or not _may_follow(person, referral, kind):
                    return pages.missing(request, person)
                fields = referral_form.following(connection, person, referral, kind)
                audit.write(connection, organization_id=person.organization.id, actor=person.login, action="read",
                            object_type="patient", object_id=referral.patient_id)  # fmt: skip
            beside = referral_form.beside(connection, person, drafts.new_key(), fields)
        return pages.show(request, person, PAGE, errors={}, saved_at=None, warned=False, **beside)

    @routes.get("/drafts/{key}")
    def resume(request: Request, key: str, person: Person = Depends(pages.clinician)) -> Response:
        with pages.connection() as connection:
            draft = drafts.read(connection, person.id, key)
            if draft is None or "import" in draft.fields:
                done = drafts.sent(connection, person.organization.id, [key]).get(key)
                if done:
                    return pages.see_other(f"/referrals/{done.filed.referral_id}", told=STANDS)
                return pages.missing(request, person)
            beside = referral_form.beside(connection, person, key, draft.fields)
        return pages.show(request, person, PAGE, errors={}, saved_at=draft.updated_at, warned=False, **beside)

    @routes.post("/referrals/new")
    def write(
        request: Request, person: Person = Depends(pages.clinician), form: Form = Depends(pages.form)
    ) -> Response:
        return _Writing(pages, commands, request, person, form).answer()

    @routes.post("/referrals/new/wanted")
    def wanted(
        request: Request, person: Person = Depends(pages.clinician), form: Form = Depends(pages.form)
    ) -> Response:
        """What the page shows for the receiver that is chosen, while it is written."""
        fields, key = referral_form.entered(form), str(form.get("key", ""))
        with pages.connection() as connection:
            own = key if drafts.read(connection, person.id, key) else ""
            missing = referral_form.wanted(connection, own, fields)
            offered = referral_form.departments(
                drafts.receivers(connection, person.organization.id), fields.get("receiver", "")
            )
        return pages.show(request, person, "clinic/wanted_part.html", wanted=missing, departments=offered)

    return routes


def add_files(pages: Pages, commands: Commands, request: Request, person: Person, key: str, form: Form) -> list[str]:
    """Keep the uploaded files with the draft; what is wrong with those that are not taken, each under its name."""
    faults: list[str] = []
    for upload in referral_form.uploads(form):
        name = upload.filename or ""
        with pages.connection() as connection:
            beside = tuple(file.size for file in drafts.files(connection, key))
        try:
            attachment = commands.attach(name, upload.file.read(), beside)
        except Refused as refused:
            faults += [f"{name}: {catalogue(language(request)).gettext(r.text)}" for r in refused.refusals]
            continue
        with pages.connection() as connection:
            if drafts.lock(connection, person.id, key):
                drafts.add_file(connection, key, attachment)
    return faults


@dataclass(frozen=True, slots=True)
class _Writing:
    """One press of a button of the form."""

    pages: Pages
    commands: Commands
    request: Request
    person: Person
    form: Form

    def answer(self) -> Response:
        key, action = str(self.form.get("key", "")), str(self.form.get("do", "send"))
        fields = referral_form.entered(self.form)
        with self.pages.connection() as connection:
            kept = drafts.save(connection, self.person.id, key, fields)
            sent = {} if kept else drafts.sent(connection, self.person.organization.id, [key])
        if key in sent:
            return self._done(key, sent[key].filed, self._followed(key, fields) or SENT_BEFORE)
        if not kept:
            return self.pages.missing(self.request, self.person)
        faults = add_files(self.pages, self.commands, self.request, self.person, key, self.form)
        if action.startswith("remove:"):
            with self.pages.connection() as connection:
                drafts.remove_file(connection, self.person.id, key, action.removeprefix("remove:"))
        if faults:
            return self._again(key, fields, {"attachments": " ".join(faults)}, 422)
        refused = str(self.form.get("refused", ""))[:500]
        if refused and action == "send":
            text = catalogue(language(self.request)).gettext(LEFT_OUT) % {"names": refused}
            return self._again(key, fields, {"attachments": text}, 422)
        if action == "save":
            return self.pages.see_other("/drafts", told=N_("The draft is saved."))
        if action not in ("send", "send-anyway"):
            return self.pages.see_other(f"/drafts/{key}{_PLACES.get(action.partition(':')[0], '')}")
        return self._send(key, fields, anyway=action == "send-anyway")

    def _send(self, key: str, fields: dict[str, str], *, anyway: bool) -> Response:
        with self.pages.connection() as connection:
            form = referral_form.form_of(key, fields, drafts.contents(connection, key))
            missing = () if anyway else referral_form.wanted(connection, key, fields)
            earlier = _earlier(connection, self.person, fields)
        if earlier and fields.get("kind") == "onward" and not _may_follow(self.person, earlier, "onward"):
            return self._again(key, fields, {"entered": catalogue(language(self.request)).gettext(TOO_LATE)}, 422)
        try:
            if any(not r.mandatory for r in missing) and (form.reason or form.question):
                return self._again(key, fields, {}, 200, warned=True)
            filed = self.commands.refer(self.person, form)
        except Refused as refused:
            return self._again(key, fields, self._told(refused.refusals), 422)
        except Unavailable:
            return self._again(key, fields, {"entered": catalogue(language(self.request)).gettext(AWAY)}, 503)
        return self._done(key, filed, self._followed(key, fields) or (SENT_BEFORE if filed.repeated else SENT))

    def _followed(self, key: str, fields: dict[str, str]) -> str | None:
        """The earlier referral is marked as referred onward; what to tell where it could not be."""
        if fields.get("kind") != "onward":
            return None
        with self.pages.connection() as connection:
            earlier = _earlier(connection, self.person, fields)
        if earlier is None or earlier.state is State.REFERRED_ONWARD:
            return None
        step = StepForm(key, earlier.id, earlier.version, "refer-onward", author=self.person.name)
        try:
            self.commands.move(self.person, step)
        except (Refused, Unavailable):
            return NOT_MARKED
        return None

    def _again(self, key: str, fields: dict[str, str], errors: dict[str, str], status: int, *,
               warned: bool = False) -> Response:  # fmt: skip
        """The page once more, with all that was entered."""
        shown = {**fields, **_filled(referral_form.form_of(key, fields))}
        with self.pages.connection() as connection:
            beside: dict[str, Any] = referral_form.beside(connection, self.person, key, shown)
        return self.pages.show(self.request, self.person, PAGE, status=status, errors=errors, saved_at=None,
                               warned=warned, kept=True, **beside)  # fmt: skip

    def _told(self, faults: Iterable[Refusal]) -> dict[str, str]:
        return referral_form.told(language(self.request), faults)

    def _done(self, key: str, filed: Filed, text: str) -> Response:
        with self.pages.connection() as connection:
            drafts.delete(connection, self.person.id, key)
        response = self.pages.see_other(f"/referrals/{filed.referral_id}", told=text)
        if ids.parse(key):
            response.set_cookie("sent", key, max_age=3600, samesite="lax")
        return response


def _earlier(connection: Connection[Any], person: Person, fields: dict[str, str]) -> Referral | None:
    based_on = fields.get("based_on")
    return referrals.read(connection, person.organization.id, based_on) if based_on else None


def _may_follow(person: Person, referral: Referral, kind: str) -> bool:
    """Whether its receiver may now refer the patient down, or onward instead of accepting."""
    if referral.receiver.id != person.organization.id:
        return False
    asked = referral.cancellation_asked
    onward = "refer-onward" in possible(referral.state, {Role.RECEIVER}, cancellation_asked=asked)
    return kind == "down" or (kind == "onward" and onward)


_PLACES = {"choose": "#receiver", "remove": "#attachments", "upload": "#attachments"}
"""Where on the page the person goes on after a button that keeps and does nothing more."""


def _filled(form: ReferralForm) -> dict[str, str]:
    """What a valid national identifier has filled in."""
    return {name: value for name in ("birth_date", "gender") if (value := getattr(form, name))}
