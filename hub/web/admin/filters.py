"""What the address of a list asks for: checked, and told field by field where it cannot be meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request

from hub.security.people import Person
from hub.web.languages import catalogue
from hub.web.pages import language
from hub.web.words import N_

_LONGEST = 200
_YEARS = range(1970, 9000)

Parse = Callable[[str, ZoneInfo], Any]
"""The value of a text that was given. Raises ValueError, whose text is a msgid."""


@dataclass(frozen=True, slots=True)
class Asked:
    """given: as typed, "" where nothing was; values: what was understood; faults: msgids by field."""

    given: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def address(self, path: str, **more: str) -> str:
        """The address of the same question at `path`."""
        asked = {name: value for name, value in {**self.given, **more}.items() if value}
        return f"{path}?{urlencode(asked)}" if asked else path


def read(query: QueryParams, fields: Mapping[str, Parse], zone: ZoneInfo) -> Asked:
    """zone: of times that are given without one."""
    asked = Asked({name: query.get(name, "").strip() for name in fields})
    for name, parse in fields.items():
        if asked.given[name]:
            try:
                asked.values[name] = parse(asked.given[name], zone)
            except ValueError as error:
                asked.faults[name] = str(error)
    return asked


def zone(person: Person) -> ZoneInfo:
    return ZoneInfo(person.organization.timezone)


def told(request: Request, faults: Mapping[str, str]) -> dict[str, str]:
    """Faults in the page's language."""
    translate = catalogue(language(request)).gettext
    return {name: translate(text) for name, text in faults.items()}


def text(value: str, _: ZoneInfo) -> str:
    if len(value) > _LONGEST or "\0" in value:
        raise ValueError(N_("At most 200 characters, none of them NUL."))
    return value


def time(value: str, zone: ZoneInfo) -> datetime:
    """ISO 8601; a date is its first moment."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise ValueError(N_("Write the time as 2026-05-01T08:00."))
    return found if found.tzinfo else found.replace(tzinfo=zone)


def flag(_: str, __: ZoneInfo) -> bool:
    """Given at all is yes."""
    return True


def one_of(choices: Sequence[str]) -> Parse:
    def parse(value: str, _: ZoneInfo) -> str:
        if value not in choices:
            raise ValueError(N_("Choose one of the list."))
        return value

    return parse
