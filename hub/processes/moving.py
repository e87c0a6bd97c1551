"""A step that a person enters moves its referral, through the same path as a Task that a machine sends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from psycopg import Connection

from adapters.fhir.document import Key
from adapters.fhir.parsing import encode
from adapters.fhir.resources import task as task_of
from adapters.fhir.task_updates import Update, put
from adapters.forms.step import task
from hub.domain import steps
from hub.domain.errors import Cause, Refusal, Refused, Unavailable
from hub.domain.forms import Filed, StepForm
from hub.domain.messages import Receipt, Submission
from hub.domain.referrals import Role
from hub.security import audit
from hub.security.people import Person
from hub.views import history, referrals
from hub.views.referrals import Referral

_FIELDS = {"Task.meta.versionId": "version", "Task.status": "action", "Task.statusReason": "text"}
"""The form's field of each place that the intake names."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Moving:
    """connection: one of the pool's, committed at the end; accept: `Intake.accept`."""

    connection: Callable[[], AbstractContextManager[Connection[Any]]]
    accept: Callable[[Submission], Receipt]
    now: Callable[[], datetime] = _now

    def move(self, person: Person, step: StepForm) -> Filed:
        """The referral as it then stands. The same form sent twice takes effect once.

        Raises Refused at the form's fields: UNKNOWN_KEY (no such referral), STALE_VERSION (it changed meanwhile),
        FORBIDDEN_STATE, NOT_PERMITTED, REQUIRED_MISSING; Unavailable.
        """
        referral, filed = self._look(person, step)
        if filed:
            return filed
        if referral.version == step.version:
            self._check(person, step, referral)
        receipt = self.accept(self._submission(person, step, referral))
        outcome = receipt.outcome
        if outcome.unavailable:
            raise Unavailable("the hub cannot store now")
        if outcome.refusals:
            return self._refused(person, step, outcome.refusals)
        assert outcome.referral is not None
        self._audit(person, step, allowed=True)
        return Filed(referral.id, outcome.referral.version, outcome.referral.state, receipt.repeated)

    def _look(self, person: Person, step: StepForm) -> tuple[Referral, Filed | None]:
        """The referral, and what became of the form where it has been sent before."""
        with self.connection() as connection:
            referral = referrals.read(connection, person.organization.id, step.referral_id)
            if referral is None:
                _write(connection, person, step, allowed=False)
        if referral is None:
            raise Refused(Refusal(Cause.UNKNOWN_KEY, "referral_id", "there is no such referral"))
        return referral, self._filed(person, step, referral) if referral.version != step.version else None

    def _check(self, person: Person, step: StepForm, referral: Referral) -> None:
        """Raises Refused where this step, told apart from others to the same state, is not the person's to take."""
        sides = ((Role.RECEIVER, referral.receiver.id), (Role.SENDER, referral.sender.id))
        roles = [role for role, party in sides if party == person.organization.id]
        asked = referral.cancellation_asked
        if step.action not in steps.possible(referral.state, roles, cancellation_asked=asked):
            others = step.action in steps.possible(referral.state, list(Role), cancellation_asked=asked)
            self._audit(person, step, allowed=False)
            cause = Cause.NOT_PERMITTED if others else Cause.FORBIDDEN_STATE
            raise Refused(Refusal(cause, "action", f"{step.action} is not possible while {referral.state.value}"))
        wrong = tuple(steps.faults(step, self.now()))
        if wrong:
            raise Refused(*wrong)

    def _filed(self, person: Person, step: StepForm, referral: Referral) -> Filed | None:
        key = _key(person, step)
        with self.connection() as connection:
            known = history.accepted(connection, person.organization.id, key.kind, key.value)
        return Filed(referral.id, referral.version, referral.state, repeated=True) if known else None

    def _submission(self, person: Person, step: StepForm, referral: Referral) -> Submission:
        at = self.now()
        signed = replace(step, author=step.author or person.name)
        raw = encode(task(signed, task_of(referral), referral.patient_id, at))
        update = Update("form", raw, person.organization, at, referral, step.version, _key(person, step))
        return update.submission(lambda: put(raw))

    def _refused(self, person: Person, step: StepForm, refusals: tuple[Refusal, ...]) -> Filed:
        """What became of the other one, where two of the same form came at once. Raises Refused."""
        causes = {refusal.cause for refusal in refusals}
        if causes & {Cause.STALE_VERSION, Cause.DUPLICATE_KEY}:
            _, filed = self._look(person, step)
            if filed:
                return filed
        raise Refused(*(replace(refusal, path=_FIELDS.get(refusal.path, refusal.path)) for refusal in refusals))

    def _audit(self, person: Person, step: StepForm, *, allowed: bool) -> None:
        with self.connection() as connection:
            _write(connection, person, step, allowed=allowed)


def _key(person: Person, step: StepForm) -> Key:
    """What the same form with the same content is known by: a corrected one is another."""
    written = (step.referral_id, step.action, step.text, step.plan, step.start, step.end, step.location,
               *(sha256(a.content).hexdigest() for a in step.attachments))  # fmt: skip
    digest = sha256("\0".join(map(str, (person.id, step.version, *written))).encode()).hexdigest()
    return Key(f"form:{digest}", step.key)


def _write(connection: Connection[Any], person: Person, step: StepForm, *, allowed: bool) -> None:
    audit.write(
        connection,
        organization_id=person.organization.id,
        actor=person.login,
        action=step.action,
        object_type="referral",
        object_id=step.referral_id[:64],
        allowed=allowed,
    )
