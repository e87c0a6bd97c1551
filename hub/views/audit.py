"""The audit trail as an administrator searches it: newest first. It names objects by id and holds no patient data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from psycopg import Connection

from hub.views import pages

_IN_STRETCH = ("since", "until", "organization", "object_id")
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to show: all that is given must agree. organization: CODE; refused: refused attempts alone."""

    since: datetime | None = None
    until: datetime | None = None
    organization: str | None = None
    actor: str | None = None
    action: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    refused: bool | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail. organization: CODE, None for nobody known; allowed: False for a refused attempt."""

    id: int
    at: datetime
    organization: str | None
    actor: str
    action: str
    object_type: str
    object_id: str
    allowed: bool


def page(connection: Connection[Any], criteria: Criteria, *, limit: int, after: str | None = None,
         reach: int = pages.REACH) -> pages.Page[Entry]:  # fmt: skip
    """At most `limit` entries after the one with the id `after`."""
    given = {f.name: getattr(criteria, f.name) for f in fields(criteria) if getattr(criteria, f.name) is not None}
    stretch = ["trail_all", *("trail_" + name for name in given if name in _IN_STRETCH)]
    parameters = dict(given)
    if after is not None:
        stretch.append("trail_after")
        parameters["after"] = _number(after)
    narrowed = ["among_all", *("among_" + name for name in given if name not in _IN_STRETCH)]
    return pages.read(connection, Entry, "trail", stretch, narrowed, parameters, limit=limit, reach=reach)


def _number(text: str) -> int | None:
    """The id, None where it is none: after it comes nothing."""
    written = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if written and int(text) <= _LARGEST_ID else None
