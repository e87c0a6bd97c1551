"""What is wrong with a referral that a person entered: each fault at the field of the form that it is about.

Texts are msgids of the pages' catalogues: whole sentences without anything that was entered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from hub.domain.errors import Cause, Refusal
from hub.domain.forms import ReferralForm, born_as
from hub.domain.patients import valid_national_identifier

LONGEST = {
    "patient_name": 100, "national_identifier": 18, "insurance_identifier": 50, "local_identifier": 50, "phone": 50,
    "address": 300, "receiver": 100, "department": 100, "reason": 2000, "question": 2000, "history": 100_000,
    "author": 200,
}  # fmt: skip
"""Characters that a field takes."""

SEVERAL_LINES = frozenset({"reason", "question", "history"})
GENDERS = ("male", "female", "other", "unknown")
PRIORITIES = ("routine", "urgent", "asap", "stat")

NAME_MISSING = "Enter the patient's name"
RECEIVER_MISSING = "Choose the hospital that shall receive the patient"
RECEIVER_UNKNOWN = "This hospital is not registered: choose one of the list"
RECEIVER_OWN = "A referral goes to another organization: choose one of the list"
REASON_MISSING = "Write why the patient is referred, or what you ask"
NUMBER_LENGTH = "A national identifier has 18 digits, the last may be X"
NUMBER_OLD = "This is an old number of 15 digits: enter today's of 18, or leave it empty and write it into the history"
NUMBER_ROUNDED = "The spreadsheet has rounded this number: format its column as text and enter the number again"
NUMBER_DATE = "The birth date within the national identifier does not exist"
NUMBER_WRONG = "The check digit does not fit: compare the number with the card, or leave it empty"
NOT_A_DATE = "Enter a date that exists: year, month and day"
IN_FUTURE = "This date is in the future"
TOO_OLD = "This date is too long ago"
BIRTH_DIFFERS = "The birth date differs from the one in the national identifier"
SEX_DIFFERS = "The sex differs from the one in the national identifier"
UNKNOWN_CHOICE = "Choose one of the offered values"
TOO_LONG = "This is too long"
CONTROL = "This holds a character that cannot be read: type it again"
NOT_TAKEN = "The hub does not take this as it is"
SENT_ALREADY = "This referral was sent before with other content; open it to change it"
EARLIER_UNKNOWN = "The earlier referral is not one of yours"

TEXTS = (
    NAME_MISSING, RECEIVER_MISSING, RECEIVER_UNKNOWN, RECEIVER_OWN, REASON_MISSING, NUMBER_LENGTH, NUMBER_DATE,
    NUMBER_WRONG, NOT_A_DATE, IN_FUTURE, TOO_OLD, BIRTH_DIFFERS, SEX_DIFFERS, UNKNOWN_CHOICE, TOO_LONG, CONTROL,
    NOT_TAKEN, SENT_ALREADY, EARLIER_UNKNOWN, NUMBER_OLD, NUMBER_ROUNDED,
)  # fmt: skip

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_FIELDS = (
    (r"\.performer|Task\.owner|receiver", "receiver", RECEIVER_UNKNOWN),
    (r"performerType|/performerType", "department", NOT_TAKEN),
    (r"Bundle\.identifier", "", SENT_ALREADY),
    (r"reasonCode", "reason", NOT_TAKEN),
    (r"\.priority", "priority", UNKNOWN_CHOICE),
    (r"basedOn", "based_on", EARLIER_UNKNOWN),
    (r"[./]birthDate", "birth_date", NOT_A_DATE),
    (r"[./]gender", "gender", UNKNOWN_CHOICE),
    (r"entry.2.*[./]name", "patient_name", NOT_TAKEN),
    (r"entry.2.*[./]telecom", "phone", NOT_TAKEN),
    (r"entry.2.*[./]address", "address", NOT_TAKEN),
    (r"(entry.2.*|Patient)[./]identifier", "national_identifier", NOT_TAKEN),
    (r"entry.\d+.*[./]content", "attachments", NOT_TAKEN),
)
"""Places of the Bundle that `adapters.forms.referral` makes, the fields that they were made of, and what to say."""


def check(form: ReferralForm, today: date) -> tuple[Refusal, ...]:
    """The faults of a completed form (`hub.domain.forms.completed`), in the order of its fields, one for each field."""
    found = chain(_characters(form), _missing(form), _number(form), _birth(form, today), _choices(form))
    first: dict[str, Refusal] = {}
    for refusal in found:
        first.setdefault(refusal.path, refusal)
    order = list(ReferralForm.__slots__)
    return tuple(sorted(first.values(), key=lambda refusal: order.index(refusal.path)))


def at_fields(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Refusals of the Bundle as refusals of the form; path "": of the form as a whole."""
    found = (
        next((Refusal(r.cause, field, text) for at, field, text in _FIELDS if re.search(at, r.path)),
             Refusal(r.cause, "", NOT_TAKEN))
        for r in refusals
    )  # fmt: skip
    return tuple(dict.fromkeys(found))


def _characters(form: ReferralForm) -> Iterator[Refusal]:
    for field, longest in LONGEST.items():
        value = getattr(form, field)
        allowed = "\n\r\t" if field in SEVERAL_LINES else ""
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in value):
            yield Refusal(Cause.WRONG_DATATYPE, field, CONTROL)
        elif len(value) > longest and field != "national_identifier":
            yield Refusal(Cause.TOO_LARGE, field, TOO_LONG)


def _missing(form: ReferralForm) -> Iterator[Refusal]:
    if not form.patient_name.strip():
        yield Refusal(Cause.REQUIRED_MISSING, "patient_name", NAME_MISSING)
    if not form.receiver.strip():
        yield Refusal(Cause.REQUIRED_MISSING, "receiver", RECEIVER_MISSING)
    if not form.reason.strip() and not form.question.strip():
        yield Refusal(Cause.REQUIRED_MISSING, "reason", REASON_MISSING)


def _number(form: ReferralForm) -> Iterator[Refusal]:
    number = form.national_identifier
    if not number or valid_national_identifier(number):
        return
    if re.fullmatch(r"[0-9]{15}", number):
        yield Refusal(Cause.WRONG_DATATYPE, "national_identifier", NUMBER_OLD)
    elif re.fullmatch(r"[0-9.]+E[+]?[0-9]+", number):
        yield Refusal(Cause.WRONG_DATATYPE, "national_identifier", NUMBER_ROUNDED)
    elif not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        yield Refusal(Cause.WRONG_DATATYPE, "national_identifier", NUMBER_LENGTH)
    elif _date(f"{number[6:10]}-{number[10:12]}-{number[12:14]}") is None:
        yield Refusal(Cause.WRONG_DATATYPE, "national_identifier", NUMBER_DATE)
    else:
        yield Refusal(Cause.CODE_INVALID, "national_identifier", NUMBER_WRONG)


def _birth(form: ReferralForm, today: date) -> Iterator[Refusal]:
    number = form.national_identifier
    born, sex = born_as(number) if valid_national_identifier(number) else ("", "")
    at = _date(form.birth_date) if form.birth_date else None
    if form.birth_date and at is None:
        yield Refusal(Cause.WRONG_DATATYPE, "birth_date", NOT_A_DATE)
    elif at and at > today:
        yield Refusal(Cause.WRONG_DATATYPE, "birth_date", IN_FUTURE)
    elif at and today.year - at.year > 150:
        yield Refusal(Cause.WRONG_DATATYPE, "birth_date", TOO_OLD)
    elif born and not born.startswith(form.birth_date):
        yield Refusal(Cause.CODE_INVALID, "birth_date", BIRTH_DIFFERS)
    if sex and form.gender in ("male", "female") and form.gender != sex:
        yield Refusal(Cause.CODE_INVALID, "gender", SEX_DIFFERS)


def _date(text: str) -> date | None:
    """The first day of a FHIR date."""
    found = _DATE.fullmatch(text)
    try:
        return date(*(int(part or 1) for part in found.groups())) if found and text.isascii() else None
    except ValueError:
        return None


def _choices(form: ReferralForm) -> Iterator[Refusal]:
    for field, offered in (("gender", ("", *GENDERS)), ("priority", PRIORITIES), ("direction", ("", "up", "down"))):
        if getattr(form, field) not in offered:
            yield Refusal(Cause.CODE_INVALID, field, UNKNOWN_CHOICE)
