"""`referral-hub deliveries`: what is sent to the organisations' own systems; its dead letters, once more or skipped."""

from __future__ import annotations

import argparse
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from psycopg import Connection

from adapters.hl7v2 import charsets
from hub.delivery import letters
from hub.domain.errors import Refused
from hub.processes import embedded
from hub.processes.arguments import number
from hub.processes.lines import DONE, REFUSED, write
from hub.processes.settings import Settings
from hub.security import audit
from hub.store.connections import connect
from hub.views import deliveries


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show|replay|skip")
    listing = verbs.add_parser("list", help="a line per delivery, oldest first")
    listing.add_argument("--status", choices=deliveries.STATUSES)
    listing.add_argument("--referral", metavar="ID")
    listing.add_argument("--after", type=number, metavar="ID", help="the last delivery of the page before")
    listing.add_argument("--limit", type=number, default=100, metavar="N")
    show = verbs.add_parser("show", help="one with its attempts, its message and the last answer: patient data")
    show.add_argument("id", type=number, metavar="ID")
    replay = verbs.add_parser("replay", help="send dead letters again, each referral's in order")
    skip = verbs.add_parser("skip", help="never send these, so that what waits behind them goes on")
    skip.add_argument("ids", type=number, nargs="+", metavar="ID")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", type=number, nargs="*", default=[], metavar="ID")
    which.add_argument("--all", action="store_true", help="all dead letters, or those of --organization, --destination")
    for verb in (listing, replay):
        verb.add_argument("--organization", metavar="CODE", help="to its systems")
        verb.add_argument("--destination", metavar="NAME")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    """`replay` and `skip` give 1 where a delivery is none that waits for it."""
    verbs = {"list": _list, "show": _show, "replay": _replay, "skip": _skip}
    with embedded.started(settings, database=True) as resolved, connect(resolved.database) as connection:
        return verbs[arguments.verb](connection, arguments)


def _list(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    criteria = deliveries.Criteria(
        organization=arguments.organization,
        destination=arguments.destination,
        status=arguments.status,
        referral_id=arguments.referral,
        after=arguments.after,
    )
    for delivery in deliveries.listing(connection, criteria, limit=arguments.limit):
        write(asdict(delivery))
    return DONE


def _show(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    delivery, contents = deliveries.read(connection, arguments.id), deliveries.contents(connection, arguments.id)
    if delivery is None or contents is None:
        return _refuse(arguments.id, "there is no such delivery")
    _audit(connection, "read", delivery.id)
    attempts = [asdict(attempt) for attempt in deliveries.attempts(connection, delivery.id)]
    told: dict[str, Any] = {**asdict(delivery), "tries": attempts}
    for name, content in (("payload", contents.payload), ("answer", contents.answer)):
        told[name] = None if content is None else _text(content, contents.charset)
        told[f"{name}_base64"] = None if content is None else b64encode(content).decode()
    write(told)
    return DONE


def _replay(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    chosen = arguments.ids
    if arguments.all:
        criteria = deliveries.Criteria(arguments.organization, arguments.destination, "dead")
        chosen = [letter.id for letter in deliveries.listing(connection, criteria, limit=sys.maxsize)]
    return _each(connection, chosen, "replay", letters.replay, "it is no dead letter")


def _skip(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    return _each(connection, arguments.ids, "skip", letters.skip, "it does not wait")


def _each(connection: Connection[Any], chosen: list[int], action: str, act: Callable[[Connection[Any], int], bool],
          otherwise: str) -> int:  # fmt: skip
    status = DONE
    for identifier in chosen:
        done = act(connection, identifier)
        if done:
            _audit(connection, action, identifier)
            connection.commit()
            found = deliveries.read(connection, identifier)
            assert found is not None
            write(asdict(found))
        else:
            status = _refuse(identifier, otherwise)
    return status


def _audit(connection: Connection[Any], action: str, delivery_id: int) -> None:
    audit.write(connection, organization_id=None, actor="command", action=action, object_type="delivery",
                object_id=str(delivery_id))  # fmt: skip


def _refuse(delivery_id: int, text: str) -> int:
    write({"id": delivery_id, "error": {"code": "unknown-key", "path": "id", "text": text}})
    return REFUSED


def _text(content: bytes, charset: str) -> str | None:
    """The bytes as text, None where they are not of the character set that they name, or of the destination's."""
    try:
        return charsets.decode(content, charsets.declared(content), charset)[0]
    except Refused:
        return None
