"""A referral that a person enters goes in as a FHIR message does: normalised, validated, accepted once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from adapters.fhir import acknowledgement
from adapters.fhir.document import envelope
from adapters.fhir.normalise import normalise_resource
from adapters.fhir.parsing import encode, read
from adapters.forms import checking, table
from adapters.forms.referral import bundle
from hub.domain.errors import Cause, Refusal, Refused, Unavailable
from hub.domain.forms import Filed, Line, ReferralForm, completed, said
from hub.domain.messages import Receipt, Sender, Submission
from hub.domain.requirements import Requirement, unmet
from hub.security import audit
from hub.security.people import Person
from hub.store.directory import Directory
from hub.views import drafts, referrals, requirements

TAKEN = "the referral was taken in"

AT_ONCE = 6
"""Lines of a file that are sent together: their messages share commits."""

Wanted = Callable[[str, str], tuple[Requirement, ...]]
"""What a receiver (its CODE) wants to know in a referral to a department."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Referring:
    """connection: one of the pool's, committed at the end; accept: `Intake.accept`."""

    connection: Callable[[], AbstractContextManager[Connection[Any]]]
    accept: Callable[[Submission], Receipt]
    directory: Directory
    now: Callable[[], datetime] = _now

    def refer(self, person: Person, form: ReferralForm) -> Filed:
        """The referral as it then stands. The same form sent twice takes effect once: then `repeated`.

        Raises Refused at the form's fields ("" the form as a whole, `requirements`: what its receiver must know, in the
        receiver's own words) and Unavailable.
        """
        form = completed(replace(form, author=person.name))
        filed = self._filed(person, form)
        if filed:
            return filed
        receiver = self._checked(person, form)
        receipt = self.accept(self._submission(person, replace(form, receiver=receiver.code), receiver))
        outcome = receipt.outcome
        if outcome.unavailable:
            raise Unavailable("the hub cannot store now")
        if outcome.refusals:
            filed = self._filed(person, form) if _taken(outcome.refusals) else None
            if filed:
                return filed
            raise Refused(*checking.at_fields(outcome.refusals))
        assert outcome.referral is not None
        self._audit(person, outcome.referral.id)
        return Filed(outcome.referral.id, outcome.referral.version, outcome.referral.state, receipt.repeated)

    def lines(self, person: Person, content: bytes) -> tuple[Line, ...]:
        """The referrals of a CSV file, each with its faults or with what became of it. Raises Refused: the file."""
        rows = table.read(content, person.name)
        with self.connection() as connection:
            sent = drafts.sent(connection, person.organization.id, [row.form.key for row in rows])
            wanted = cache(partial(requirements.of_receiver, connection))
            return tuple(
                Line(row.line, row.form, filed=sent[row.form.key].filed) if row.form.key in sent
                else Line(row.line, row.form, row.faults or self._faults(person, row.form, wanted))
                for row in rows
            )  # fmt: skip

    def send(self, person: Person, content: bytes) -> tuple[Line, ...]:
        """Send the lines of a CSV file that have no fault and were not sent before. Raises Refused, Unavailable."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="referring") as threads:
            return tuple(threads.map(partial(self._sent, person), self.lines(person, content)))

    def _sent(self, person: Person, line: Line) -> Line:
        if line.faults or line.filed:
            return line
        try:
            return replace(line, filed=self.refer(person, line.form))
        except Refused as refused:
            return replace(line, faults=refused.refusals)

    def _checked(self, person: Person, form: ReferralForm) -> Sender:
        """Who shall receive it. Raises Refused."""
        with self.connection() as connection:
            faults = self._faults(person, form, partial(requirements.of_receiver, connection))
            earlier = form.based_on and referrals.read(connection, person.organization.id, form.based_on)
        if form.based_on and not earlier:
            faults = (*faults, Refusal(Cause.UNKNOWN_KEY, "based_on", checking.EARLIER_UNKNOWN))
        receiver = self._receiver(form.receiver)
        if faults or receiver is None:
            raise Refused(*faults)
        return receiver

    def _faults(self, person: Person, form: ReferralForm, wanted: Wanted) -> tuple[Refusal, ...]:
        found = list(checking.check(form, self.now().astimezone(ZoneInfo(person.organization.timezone)).date()))
        receiver = self._receiver(form.receiver) if form.receiver else None
        if form.receiver and receiver is None:
            found.append(Refusal(Cause.UNKNOWN_KEY, "receiver", checking.RECEIVER_UNKNOWN))
        if receiver is not None and receiver.id == person.organization.id:
            found.append(Refusal(Cause.NOT_PERMITTED, "receiver", checking.RECEIVER_OWN))
        asked = wanted(receiver.code, form.department) if receiver else ()
        missing = unmet((r for r in asked if r.mandatory), said(form))
        return (*found, *(Refusal(Cause.REQUIRED_MISSING, "requirements", r.text) for r in missing))

    def _receiver(self, named: str) -> Sender | None:
        return self.directory.by_code(named) or self.directory.by_name(named)

    def _filed(self, person: Person, form: ReferralForm) -> Filed | None:
        """What became of the form where it was sent before. Raises Refused where it then said something else."""
        with self.connection() as connection:
            earlier = drafts.sent(connection, person.organization.id, [form.key]).get(form.key)
        if earlier is None:
            return None
        receiver = self._receiver(form.receiver)
        made = receiver and _document(person, replace(form, receiver=receiver.code), receiver, earlier.at)
        if not made or sha256(made).digest() != earlier.sha256:
            raise Refused(Refusal(Cause.DUPLICATE_KEY, "", checking.SENT_ALREADY))
        return earlier.filed

    def _submission(self, person: Person, form: ReferralForm, receiver: Sender) -> Submission:
        """Raises Refused at the form's fields."""
        sender, at = person.organization, self.now()
        raw = _document(person, form, receiver, at)
        resource = read(raw)
        head = envelope(resource)
        try:
            made = normalise_resource(resource, head, timezone=sender.timezone, received_at=at)
        except Refused as refused:
            raise Refused(*checking.at_fields(refused.refusals)) from None
        answer = acknowledgement.acknowledger(acknowledgement.history(200, TAKEN))
        return Submission("form", raw, at, sender, head, lambda: made, answer)

    def _audit(self, person: Person, referral_id: str) -> None:
        with self.connection() as connection:
            audit.write(connection, organization_id=person.organization.id, actor=person.login, action="refer",
                        object_type="referral", object_id=referral_id)  # fmt: skip


def _document(person: Person, form: ReferralForm, receiver: Sender, at: datetime) -> bytes:
    return encode(bundle(form, person.organization, receiver.name, at))


def _taken(refusals: tuple[Refusal, ...]) -> bool:
    """Whether another press of the same button was faster."""
    return any(refusal.cause is Cause.DUPLICATE_KEY for refusal in refusals)
