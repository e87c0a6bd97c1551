"""The register of organisations: who may send and receive, under which names, and their tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args
from zoneinfo import available_timezones

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Sender
from hub.security import audit, tokens
from hub.store.sql import blocks

Kind = Literal["clinic", "hospital"]
Answer = Literal["ACK", "RRI"]


@dataclass(frozen=True, slots=True)
class Registered:
    """An organisation as registered. facilities: MSH-4 values; departments: code -> name."""

    code: str
    name: str
    kind: Kind
    charset: str | None
    timezone: str
    referral_answer: Answer
    created_at: datetime
    facilities: list[str]
    departments: dict[str, str]


def add(connection: Connection[Any], code: str, name: str, kind: Kind, facilities: Sequence[str] = (),
        charset: str | None = None, timezone: str = "Asia/Shanghai", departments: Mapping[str, str] | None = None,
        referral_answer: Answer = "ACK", actor: str = "command") -> tuple[Sender, str]:  # fmt: skip
    """Register an organisation; returns it and its first token, which is shown this once.

    charset: an HL7 table 0211 name that the caller has checked; actor: a login, or `command`. Raises Refused, all
    faults at once, their `path` the argument's name: CODE_INVALID (code, name, kind, timezone, ...), DUPLICATE_KEY
    (code without regard to case, facility); nothing is then stored.
    """
    facilities, departments = list(dict.fromkeys(facilities)), departments or {}
    faults = [*_faults(code, name, kind, facilities, timezone, departments, referral_answer)]
    faults += _taken(connection, code, facilities)
    if faults:
        raise Refused(*faults)
    try:
        with connection.transaction():
            sender = _insert(connection, Sender(0, code, name, kind, charset, timezone, referral_answer))
            _insert_parts(connection, sender.id, facilities, departments)
            token = tokens.issue(connection, sender.id)
            _audit(connection, sender, "add", actor)
    except UniqueViolation as error:
        raise Refused(Refusal(Cause.DUPLICATE_KEY, "code", "the code or a facility was just registered")) from error
    return sender, token


def edit(connection: Connection[Any], code: str, *, name: str, facilities: Sequence[str], charset: str | None,
         timezone: str, departments: Mapping[str, str], referral_answer: Answer,
         actor: str = "command") -> Sender:  # fmt: skip
    """Register these values instead of those that the organisation had; its code and kind stay.

    Raises Refused as `add` does, and UNKNOWN_KEY at `code`; nothing is then changed.
    """
    facilities = list(dict.fromkeys(facilities))
    with connection.transaction():
        before = _known(connection, code)
        faults = [*_faults(before.code, name, before.kind, facilities, timezone, departments, referral_answer)]
        faults += _taken_by_others(connection, before.code, facilities)
        if faults:
            raise Refused(*faults)
        after = replace(before, name=name, charset=charset, timezone=timezone, referral_answer=referral_answer)
        connection.execute(blocks("security")["edit_organization"], {f: getattr(after, f) for f in Sender.__slots__})
        connection.execute(blocks("security")["remove_facilities"], {"organization_id": after.id})
        connection.execute(blocks("security")["remove_departments"], {"organization_id": after.id})
        try:
            with connection.transaction():
                _insert_parts(connection, after.id, facilities, departments)
        except UniqueViolation as error:
            raise Refused(Refusal(Cause.DUPLICATE_KEY, "facilities", "a facility was just registered")) from error
        _audit(connection, after, "edit", actor)
    return after


def rotate_token(connection: Connection[Any], code: str, *, actor: str = "command") -> tuple[Sender, str]:
    """A new token; those before are revoked at once. Raises Refused (UNKNOWN_KEY at `code`)."""
    with connection.transaction():
        sender = _known(connection, code)
        token = tokens.rotate(connection, sender.id)
        _audit(connection, sender, "rotate-token", actor)
    return sender, token


def find(connection: Connection[Any], code: str) -> Sender | None:
    """The organisation with this code, without regard to case."""
    row = connection.execute(blocks("security")["by_code"], {"code": code}).fetchone()
    return Sender(*row) if row else None


def listing(connection: Connection[Any]) -> list[Registered]:
    """All organisations by code."""
    with connection.cursor(row_factory=class_row(Registered)) as cursor:
        return cursor.execute(blocks("security")["organizations"]).fetchall()


def registered(connection: Connection[Any], code: str) -> Registered | None:
    """All that is registered of the organisation with this code, without regard to case."""
    with connection.cursor(row_factory=class_row(Registered)) as cursor:
        return cursor.execute(blocks("security")["organization"], {"code": code.replace("\0", "")}).fetchone()


def _known(connection: Connection[Any], code: str) -> Sender:
    sender = find(connection, code.replace("\0", ""))
    if sender is None:
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "code", f"no organization {code!r} is registered"))
    return sender


def _faults(code: str, name: str, kind: str, facilities: Sequence[str], timezone: str,
            departments: Mapping[str, str], referral_answer: str) -> Iterator[Refusal]:  # fmt: skip
    texts = [code, name, *facilities, *departments, *departments.values()]
    checks = (
        ("code", re.fullmatch(r"[A-Za-z0-9-]+", code), f"{code!r} is not of letters A-Z, digits and hyphens"),
        ("name", name.strip(), "a name is needed"),
        ("kind", kind in get_args(Kind), f"{kind!r} is not one of {', '.join(get_args(Kind))}"),
        ("facilities", all(f.strip() for f in facilities), "a facility is empty"),
        ("timezone", timezone in available_timezones(), f"{timezone!r} is no time zone of the IANA database"),
        ("departments", all(c.strip() and n.strip() for c, n in departments.items()), "a department needs CODE=NAME"),
        ("referral_answer", referral_answer in get_args(Answer), f"{referral_answer!r} is not ACK or RRI"),
        ("name", not any("\0" in text for text in texts), "a text holds the character NUL"),
    )
    return (Refusal(Cause.CODE_INVALID, path, text) for path, valid, text in checks if not valid)


def _taken(connection: Connection[Any], code: str, facilities: Sequence[str]) -> Iterator[Refusal]:
    held = "".join([code, *facilities])
    if "\0" in held:
        return
    other = find(connection, code)
    if other is not None:
        yield Refusal(Cause.DUPLICATE_KEY, "code", f"{code!r} is registered already, as {other.code!r}")
    yield from _taken_by_others(connection, None, facilities)


def _taken_by_others(connection: Connection[Any], code: str | None, facilities: Sequence[str]) -> Iterator[Refusal]:
    if any("\0" in facility for facility in facilities):
        return
    rows = connection.execute(blocks("security")["taken_facilities"], {"facilities": list(facilities)})
    for facility, owner in rows:
        if owner != code:
            yield Refusal(Cause.DUPLICATE_KEY, "facilities", f"{facility!r} is registered to {owner!r} already")


def _insert(connection: Connection[Any], sender: Sender) -> Sender:
    parameters = {field: getattr(sender, field) for field in Sender.__slots__}
    [(identifier,)] = connection.execute(blocks("security")["add_organization"], parameters).fetchall()
    return Sender(**parameters | {"id": identifier})


def _insert_parts(connection: Connection[Any], organization_id: int, facilities: Sequence[str],
                  departments: Mapping[str, str]) -> None:  # fmt: skip
    sql = blocks("security")
    for facility in facilities:
        connection.execute(sql["add_facility"], {"facility": facility, "organization_id": organization_id})
    for code, name in departments.items():
        connection.execute(sql["add_department"], {"organization_id": organization_id, "code": code, "name": name})


def _audit(connection: Connection[Any], sender: Sender, action: str, actor: str) -> None:
    audit.write(connection, organization_id=sender.id, actor=actor, action=action, object_type="organization",
                object_id=sender.code)  # fmt: skip
