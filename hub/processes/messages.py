"""`referral-hub messages`: what was received, with its bytes and what became of it. The output carries patient data."""

from __future__ import annotations

import argparse
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from psycopg import Connection

from adapters.hl7v2 import charsets
from hub.domain.errors import Refused
from hub.intake.committing import open_connection
from hub.intake.kept import replay
from hub.processes import embedded
from hub.processes.arguments import moment, number
from hub.processes.lines import DONE, REFUSED, write
from hub.processes.settings import Settings
from hub.security import audit
from hub.store.connections import connect, pool
from hub.store.directory import Directory
from hub.views import messages


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show|replay")
    listing = verbs.add_parser("list", help="a line per message, oldest first")
    listing.add_argument("--organization", metavar="CODE", help="who sent it")
    listing.add_argument("--status", choices=("stored", "accepted", "rejected", "parked", "incomplete"))
    listing.add_argument("--type", metavar="TYPE", help="REF^I12, Bundle/message, ...")
    listing.add_argument("--control-id", metavar="ID")
    listing.add_argument("--since", type=moment, metavar="TIME", help="ISO 8601 with offset; received then or later")
    listing.add_argument("--after", metavar="ID", help="the last message of the page before")
    listing.add_argument("--limit", type=number, default=100, metavar="N")
    show = verbs.add_parser("show", help="one message with its bytes, acknowledgement, Bundle and ledger")
    show.add_argument("id", metavar="ID")
    replay = verbs.add_parser("replay", help="put a rejected, parked or stored message through the hub again")
    replay.add_argument("id", metavar="ID")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    verbs = {"list": _list, "show": _show}
    with embedded.started(settings, database=True) as resolved:
        if arguments.verb == "replay":
            return _replay(resolved.database, arguments.id)
        with connect(resolved.database) as connection:
            return verbs[arguments.verb](connection, arguments)


def _list(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    criteria = messages.Criteria(
        organization=arguments.organization,
        status=arguments.status,
        type=arguments.type,
        control_id=arguments.control_id,
        since=arguments.since,
        after=arguments.after,
    )
    for message in messages.listing(connection, criteria, limit=arguments.limit):
        write(asdict(message))
    return DONE


def _show(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    message = messages.read(connection, arguments.id)
    if message is None:
        return _unknown(arguments.id)
    _audit(connection, "read", message.id)
    line = asdict(message)
    for name in ("raw", "acknowledgement", "application_acknowledgement"):
        content = line.pop(name)
        line[name] = None if content is None else _text(content, message.charset)
        line[f"{name}_base64"] = None if content is None else b64encode(content).decode()
    write(line)
    return DONE


def _replay(database: str, message_id: str) -> int:
    from hub.processes.submissions import resubmit

    with pool(database, 1, name="replay") as connections, open_connection(database) as connection:
        directory = Directory(connections)
        try:
            receipt = replay(connection, directory, message_id, resubmit(directory))
        except Refused as error:
            [refusal] = error.refusals
            return _refuse(message_id, {"code": refusal.cause.value, "path": refusal.path, "text": refusal.text})
        _audit(connection, "replay", message_id)
        [message] = messages.listing(connection, messages.Criteria(ids=(message_id,)), limit=1)
    write({**asdict(message), "repeated": receipt.repeated})
    return DONE if receipt.outcome.accepted else REFUSED


def _audit(connection: Connection[Any], action: str, message_id: str) -> None:
    audit.write(connection, organization_id=None, actor="command", action=action, object_type="message",
                object_id=message_id)  # fmt: skip


def _unknown(message_id: str) -> int:
    return _refuse(message_id, {"code": "unknown-key", "path": "id", "text": "there is no such message"})


def _refuse(message_id: str, error: Mapping[str, str]) -> int:
    write({"id": message_id, "error": error})
    return REFUSED


def _text(content: bytes, charset: str) -> str | None:
    """The bytes as text, None where they are not of the character set."""
    try:
        return charsets.decode(content, charset, None)[0]
    except Refused:
        return None
