"""How PostgreSQL answers the queries of tests: their plans, and databases at the size at which those matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from hub.store.connections import connect
from tests.conftest import cloned
from tests.integration.seeds import Seeds

PLANS: list[str] = []
"""Of the queries since it was cleared."""


class Explained(psycopg.Cursor[Any]):
    """A cursor that explains its query before it runs it."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if not query.startswith("SET"):
            lines = psycopg.Cursor(self.connection).execute("EXPLAIN " + query, params).fetchall()
            PLANS.append("\n".join(line for (line,) in lines))
        return super().execute(query, params, **options)


@contextmanager
def growing(postgres: str, template: str, statements: Iterable[str]) -> Iterator[str]:
    """Name of a database with an organisation and what the statements make, that each test's own is cloned from."""
    with cloned(postgres, template) as url:
        with connect(url, autocommit=True) as connection:
            Seeds(connection).organization("org-0")
            for statement in statements:
                connection.execute(statement)
            connection.execute("VACUUM ANALYZE")
            name = connection.info.dbname
        yield name


@contextmanager
def explained(postgres: str, name: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a clone of a grown database, whose queries are explained."""
    with cloned(postgres, name) as url, connect(url, autocommit=autocommit) as connection:
        PLANS.clear()
        connection.cursor_factory = Explained
        yield connection
