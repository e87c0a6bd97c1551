"""`referral-hub marks export`: readers' verdicts on the statements of records. The output carries patient data."""

from __future__ import annotations

import argparse

from hub.processes import embedded
from hub.processes.arguments import moment
from hub.processes.lines import DONE, write
from hub.processes.settings import Settings
from hub.security import audit
from hub.store.connections import connect
from hub.views import marks


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="export")
    export = verbs.add_parser("export", help="a line per mark, oldest first")
    export.add_argument("--organization", metavar="CODE", help="who marked")
    export.add_argument("--since", type=moment, metavar="TIME", help="ISO 8601 with offset; marked then or later")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    with embedded.started(settings, database=True) as resolved, connect(resolved.database) as connection:
        audit.write(connection, organization_id=None, actor="command", action="export", object_type="marks",
                    object_id=arguments.organization or "all")  # fmt: skip
        for mark in marks.exported(connection, organization=arguments.organization, since=arguments.since):
            write(mark.line())
    return DONE
