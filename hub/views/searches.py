"""What people search for: kept under an id, so that the address of a page names no patient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from uuid_utils import uuid4

from hub.domain.patients import folded
from hub.store.sql import blocks
from hub.views import ids

KEPT = timedelta(hours=12)
"""How long an address with a search stays usable."""

LONGEST = 100
_WORDS = 6
_LONGEST_WORD = 48
_BETWEEN = re.compile(r"[\s·・‧•,，、]+")


@dataclass(frozen=True, slots=True)
class Search:
    """text: as typed, at most LONGEST characters."""

    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """Beginnings of name keys, all of which must be found (see `hub.identity.names`)."""
        words = (folded(word)[:_LONGEST_WORD] for word in _BETWEEN.split(self.text))
        return tuple(dict.fromkeys(filter(None, words)))[:_WORDS]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The text as a number, as typed and as national numbers are stored."""
        text = self.text.strip()
        return tuple(dict.fromkeys(filter(None, (text, text.upper(), text.lower()))))


def keep(connection: Connection[Any], person_id: int, text: str, now: datetime) -> str:
    """The id under which the person finds the search again; searches that are over are forgotten."""
    sql, identifier = blocks("worklist"), str(uuid4())
    connection.execute(sql["forget_searches"], {"before": now - KEPT})
    kept = text.replace("\0", "").strip()[:LONGEST]
    connection.execute(sql["keep_search"], {"id": identifier, "person": person_id, "text": kept, "now": now})
    return identifier


def find(connection: Connection[Any], person_id: int, search_id: str, now: datetime) -> Search | None:
    """The person's own search; None where it is another's, over, or never was."""
    if ids.parse(search_id) is None:
        return None
    parameters = {"id": search_id, "person": person_id, "after": now - KEPT}
    row = connection.execute(blocks("worklist")["search"], parameters).fetchone()
    return Search(row[0]) if row else None
