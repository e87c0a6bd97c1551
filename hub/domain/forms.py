"""What a person enters: a referral, a step of one, and the files that go with them; the adapters make FHIR of it.

Values are the characters as typed, "" where nothing was; the field's name is the `path` of a Refusal about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from hub.domain.entered import iso_date, narrow
from hub.domain.errors import Refusal
from hub.domain.patients import valid_national_identifier
from hub.domain.referrals import State

Action = Literal[
    "receive", "accept", "reject", "ask", "supply", "book", "arrive", "no-show", "start", "outcome", "refer-onward",
    "cancel", "ask-cancellation", "grant-cancellation", "refuse-cancellation", "close",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as uploaded, its type found from its bytes. text: what it says, extracted; "" of an image."""

    name: str
    content_type: str
    content: bytes
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReferralForm:
    """A new referral. key: its draft's id, becomes Bundle.identifier: sent twice it takes effect once.

    gender: FHIR code; birth_date: ISO; receiver: CODE; department: code or name; priority: FHIR request-priority;
    reason: why (diagnosis, finding); question: what the receiver is asked; history: pasted free text;
    based_on: id of the referral that this one follows from; author: the person's name.
    """

    key: str
    patient_name: str = ""
    national_identifier: str = ""
    insurance_identifier: str = ""
    local_identifier: str = ""
    gender: str = ""
    birth_date: str = ""
    phone: str = ""
    address: str = ""
    receiver: str = ""
    department: str = ""
    priority: str = "routine"
    reason: str = ""
    question: str = ""
    history: str = ""
    attachments: tuple[Attachment, ...] = ()
    based_on: str = ""
    direction: Literal["up", "down", ""] = ""
    author: str = ""


_EXACT = frozenset({"key", "history", "attachments"})
"""Fields whose blanks are kept as typed."""

_NUMBERS = ("national_identifier", "insurance_identifier", "local_identifier", "phone")
"""Fields where digits of full width are digits."""


def completed(form: ReferralForm) -> ReferralForm:
    """The form as it is sent: without blanks around its fields, numbers and dates in their plain spelling, birth date
    and sex filled from the national identifier where it is valid.

    What was entered of the two stays, also where it contradicts.
    """
    plain = {name: getattr(form, name).strip() for name in ReferralForm.__slots__ if name not in _EXACT}
    plain |= {name: narrow(plain[name]) for name in _NUMBERS}
    number = "".join(plain["national_identifier"].split()).upper()
    plain |= {"national_identifier": number, "birth_date": iso_date(form.birth_date)}
    form = replace(form, **plain)
    if not valid_national_identifier(number):
        return form
    born, sex = born_as(number)
    return replace(form, birth_date=form.birth_date or born, gender=form.gender or sex)


def said(form: ReferralForm) -> str:
    """All that a form says of why the patient comes, with what its files say."""
    return "\n".join((form.reason, form.question, form.history, *(a.text for a in form.attachments)))


def born_as(number: str) -> tuple[str, str]:
    """Birth date and sex (FHIR code) that a valid national identifier states."""
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}", "male" if int(number[16]) % 2 else "female"


@dataclass(frozen=True, slots=True)
class StepForm:
    """One step of a referral. version: of the referral that the person saw; key: of this form, see ReferralForm.

    text: the reason, the question, the answer or the outcome; plan: the follow-up plan; start, end: of an appointment,
    aware; location: where.
    """

    key: str
    referral_id: str
    version: int
    action: Action
    text: str = ""
    plan: str = ""
    start: datetime | None = None
    end: datetime | None = None
    location: str = ""
    attachments: tuple[Attachment, ...] = ()
    author: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """What was entered took effect: the referral as it then stands."""

    referral_id: str
    version: int
    state: State
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One referral of a file of several. number: of the line, counted from 1; filed: once it has been sent."""

    number: int
    form: ReferralForm
    faults: tuple[Refusal, ...] = ()
    filed: Filed | None = None
