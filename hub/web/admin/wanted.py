"""The form of what a receiver wants to know in a referral: a row for each thing, empty rows to add some."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData as Form

from hub.domain.requirements import Requirement
from hub.web.words import N_

MOST = 40
ROOM = 2
_LONGEST = 300
_BETWEEN = re.compile(r"[,，、;；\n]+")


@dataclass(frozen=True, slots=True)
class Row:
    """As entered; a row without text and words is none."""

    text: str = ""
    words: str = ""
    department: str = ""
    mandatory: bool = False


def read(form: Form) -> list[Row]:
    def text(name: str) -> str:
        value = form.get(name, "")
        return value.replace("\0", "�").strip()[: 2 * _LONGEST] if isinstance(value, str) else ""

    rows = [
        Row(text(f"text-{n}"), text(f"words-{n}"), text(f"department-{n}"), form.get(f"mandatory-{n}") == "yes")
        for n in range(MOST)
    ]
    return [row for row in rows if row.text or row.words]


def of(published: Iterable[Requirement]) -> list[Row]:
    return [Row(r.text, "、".join(r.words), r.department or "", r.mandatory) for r in published]


def with_room(rows: Sequence[Row]) -> list[Row]:
    """The rows and some empty ones."""
    return [*rows, *[Row()] * ROOM][:MOST]


def faults(rows: Sequence[Row]) -> dict[str, str]:
    found = {}
    for n, row in enumerate(rows):
        if not row.text or len(row.text) > _LONGEST:
            found[f"text-{n}"] = N_("Say what is wanted, in at most 300 characters.")
        if not _words(row.words) or len(row.words) > _LONGEST:
            found[f"words-{n}"] = N_("Give at least one word by which it is found, in at most 300 characters.")
    return found


def requirements(rows: Iterable[Row]) -> list[Requirement]:
    return [Requirement(row.text, _words(row.words), row.department or None, row.mandatory) for row in rows]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in _BETWEEN.split(text) if word.strip())
