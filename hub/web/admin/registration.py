"""The form of an organisation: what was entered, and what is wrong with it field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from starlette.datastructures import FormData as Form

from hub.domain.errors import Cause, Refused
from hub.security.organizations import Answer, Kind, Registered
from hub.web.words import N_

_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Entered:
    """As entered. facilities: from lines; departments: from lines `CODE=NAME`; unread: lines that are none."""

    code: str = ""
    name: str = ""
    kind: str = "hospital"
    charset: str = ""
    timezone: str = "Asia/Shanghai"
    referral_answer: str = "ACK"
    facilities: list[str] = field(default_factory=list)
    departments: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


BLANK = Entered()

_WORDS = {
    ("code", Cause.CODE_INVALID): N_("A code is of letters A-Z, digits and hyphens."),
    ("code", Cause.DUPLICATE_KEY): N_("This code is registered already."),
    ("code", Cause.UNKNOWN_KEY): N_("There is no such organization."),
    ("name", Cause.CODE_INVALID): N_("A name is needed."),
    ("kind", Cause.CODE_INVALID): N_("Choose one of the list."),
    ("facilities", Cause.CODE_INVALID): N_("A sending facility is empty."),
    ("facilities", Cause.DUPLICATE_KEY): N_("One of these is registered to another organization."),
    ("timezone", Cause.CODE_INVALID): N_("This is no time zone of the IANA database."),
    ("departments", Cause.CODE_INVALID): N_("A department is a line CODE=NAME."),
    ("referral_answer", Cause.CODE_INVALID): N_("Choose one of the list."),
}


def read(form: Form) -> Entered:
    def text(name: str) -> str:
        value = form.get(name, "")
        return value.replace("\0", "�")[:_LONGEST].strip() if isinstance(value, str) else ""

    departments, unread = {}, []
    for line in _lines(text("departments")):
        code, equals, name = (part.strip() for part in line.partition("="))
        if code and equals and name:
            departments[code] = name
        else:
            unread.append(line)
    return Entered(
        code=text("code"), name=text("name"), kind=text("kind") or "hospital", charset=text("charset"),
        timezone=text("timezone") or "Asia/Shanghai", referral_answer=text("referral_answer") or "ACK",
        facilities=_lines(text("facilities")), departments=departments, unread=unread,
    )  # fmt: skip


def of(registered: Registered) -> Entered:
    """What is registered, to be edited."""
    return Entered(
        code=registered.code, name=registered.name, kind=registered.kind, charset=registered.charset or "",
        timezone=registered.timezone, referral_answer=registered.referral_answer, facilities=registered.facilities,
        departments=registered.departments,
    )  # fmt: skip


def faults(entered: Entered, codec: Callable[[str], str | None]) -> dict[str, str]:
    """What the register does not check. codec: Python's of a character set, None where there is none."""
    found = {}
    if entered.charset and codec(entered.charset) is None:
        found["charset"] = N_("The hub decodes no character set of this name.")
    if entered.unread:
        found["departments"] = N_("A department is a line CODE=NAME.")
    return found


def refused(error: Refused) -> dict[str, str]:
    """The register's refusals by field; of several on one field the first."""
    found: dict[str, str] = {}
    for refusal in error.refusals:
        found.setdefault(refusal.path, _WORDS.get((refusal.path, refusal.cause), N_("This cannot be understood")))
    return found


def kind(entered: Entered) -> Kind:
    """The register refuses what is none."""
    return cast(Kind, entered.kind)


def answer(entered: Entered) -> Answer:
    """The register refuses what is none."""
    return cast(Answer, entered.referral_answer)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
