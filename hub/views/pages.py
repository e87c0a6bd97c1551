"""A page of rows, newest first, that looks at a bounded stretch however rare what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, LiteralString, TypeVar

from psycopg import Connection
from psycopg.rows import class_row

from hub.store.sql import blocks

REACH = 20_000
"""Rows that one page looks at: as many as fit into its time."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """following: after which id the next page begins, None at the end; looked_back_to: where the page ended for the
    number of rows it had looked at, not for those that it found."""

    rows: Sequence[Row]
    following: str | None
    looked_back_to: datetime | None


def read(connection: Connection[Any], kind: type[Row], name: str, stretch: Sequence[str], narrowed: Sequence[str],
         parameters: Mapping[str, Any], *, limit: int, reach: int = REACH) -> Page[Row]:  # fmt: skip
    """One page of the blocks `<name>*` of admin.sql; the rows have `id`. stretch, narrowed: blocks of conditions."""
    sql = blocks("admin")
    inner: LiteralString = " AND ".join(sql[block] for block in stretch)
    outer: LiteralString = " AND ".join(sql[block] for block in narrowed)
    query = " ".join((sql[name], inner, sql[f"{name}_end"], outer, sql[f"{name}_order"]))
    connection.execute(sql["by_index"])
    given = {**parameters, "limit": limit + 1, "reach": reach}
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        rows = cursor.execute(query, given).fetchall()
    if len(rows) > limit:
        last: Any = rows[limit - 1]
        return Page(rows[:limit], str(last.id), None)
    edge = connection.execute(f"{sql[f'{name}_reach']} {inner} {sql[f'{name}_reach_end']}", given).fetchone()
    return Page(rows, str(edge[0]), edge[1]) if edge else Page(rows, None, None)
