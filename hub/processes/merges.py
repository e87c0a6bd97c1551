"""`referral-hub merges`: which patients were merged on whose word, and the way back. Ids alone, no patient data."""

from __future__ import annotations

import argparse
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from hub.domain.errors import Cause, Refusal, Refused
from hub.intake.committing import open_connection
from hub.intake.merges import undo
from hub.intake.referrals import canonical
from hub.processes import embedded
from hub.processes.arguments import number
from hub.processes.lines import DONE, refuse, write
from hub.processes.settings import Settings
from hub.security import audit
from hub.store.sql import blocks
from hub.stream.lines import append


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|undo")
    listing = verbs.add_parser("list", help="a line per merge, newest first")
    listing.add_argument("--organization", metavar="CODE", help="who said so")
    listing.add_argument("--limit", type=number, default=100, metavar="N")
    undoing = verbs.add_parser("undo", help="what went from one patient to the other goes back")
    undoing.add_argument("id", metavar="ID")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    """`undo` gives 1 when there is no such merge, or the patient was merged into another one since."""
    with embedded.started(settings, database=True) as resolved, open_connection(resolved.database) as connection:
        if arguments.verb == "list":
            return _list(connection, arguments)
        try:
            with connection.transaction():
                told = _undo(connection, arguments.id)
        except Refused as error:
            return refuse({"id": arguments.id}, error)
    return write(told)


def _list(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    asked = {"organization": arguments.organization, "limit": arguments.limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(blocks("merges")["list"], asked):
            write(row)
    return DONE


def _undo(connection: Connection[Any], merge_id: str) -> dict[str, Any]:
    known = canonical(merge_id)
    if known is None:
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "id", "there is no such merge"))
    done = undo(connection, known)
    patients = {"patient_id": done.merge.surviving_id, "prior_patient_id": done.merge.prior_id}
    told = {**patients, "scope": done.merge.scope, "organization": done.organization, "message_id": done.message_id}
    parties = sorted({done.organization_id, *done.parties})
    append(connection, "patient.separated.v1", done.merge.surviving_id, told, parties)
    audit.write(connection, organization_id=None, actor="command", action="separate", object_type="patient",
                object_id=done.merge.surviving_id)  # fmt: skip
    return {"id": known, **patients}
