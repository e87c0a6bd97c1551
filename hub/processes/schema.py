"""Whether a database has the schema that this version works with."""

from __future__ import annotations

from importlib.resources import files

import psycopg

from hub.domain.errors import Unavailable


def newest() -> str:
    """The newest revision, by the file names of `migrations/versions`: asked so, alembic need not be imported."""
    names = (entry.name for entry in files("migrations").joinpath("versions").iterdir())
    return max(name.split("_", 1)[0] for name in names if name.endswith(".py") and name[0].isdigit())


def current(url: str) -> str | None:
    """The revision of the database, None where nothing was migrated yet."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def bring_up(url: str) -> None:
    """Migrate where that is needed."""
    if current(url) != newest():
        from hub.processes.migrate import migrate

        migrate(url)


def check(url: str) -> None:
    """Raises Unavailable where the database is not at the newest schema."""
    found = current(url)
    if found != newest():
        raise Unavailable(f"the database is at schema {found or 'none'}, not {newest()}: run `referral-hub migrate`")
