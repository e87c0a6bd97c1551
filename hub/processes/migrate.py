"""Bring a database to the newest schema (`referral-hub migrate`)."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from hub.processes import embedded_postgres, schema
from hub.processes.settings import EMBEDDED, Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments: which database it is, the settings say."""


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    """Migrate the configured database; prints `{"schema": REVISION}`."""
    if settings.database == EMBEDDED:
        with embedded_postgres.running(settings.home) as url:
            migrate(url)
    else:
        schema.current(settings.database)
        migrate(settings.database)
    sys.stdout.write(json.dumps({"schema": schema.newest()}) + "\n")
    return 0


def migrate(url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision` (or down to it, where it is older: `base` is an empty database).

    url: `postgresql://...`. Two callers at once are safe: the second waits for the first.
    """
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext('referral-hub migrate'))")
        connection.commit()
        config = Config()
        config.set_main_option("script_location", str(files("migrations")))
        config.attributes["connection"] = connection
        run = command.downgrade if revision == "base" else command.upgrade
        run(config, revision)
        connection.commit()
