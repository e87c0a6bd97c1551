"""`referral-hub dead-letters`: events that could not be processed, and what queues behind them."""

from __future__ import annotations

import argparse
import uuid
from dataclasses import asdict

from hub.processes import embedded
from hub.processes.lines import DONE, REFUSED, write
from hub.processes.settings import Settings
from hub.processes.worker import NAME, handler
from hub.store.connections import connect, pool
from hub.stream import dead_letters
from hub.stream.lines import Lines


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|replay")
    verbs.add_parser("list", help="a line per event that waits, oldest first")
    replay = verbs.add_parser("replay", help="process them again, each referral's in order")
    replay.add_argument("subject", nargs="?", type=_uuid, metavar="SUBJECT", help="of this referral only")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    """`replay` gives 1 when an event fails again; it and what queues behind it keep waiting."""
    with embedded.started(settings) as resolved:
        return {"list": _list, "replay": _replay}[arguments.verb](arguments, resolved)


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    with connect(settings.database) as connection:
        for letter in dead_letters.waiting(connection):
            write(asdict(letter))
    return DONE


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    status = DONE
    with pool(settings.database, 1, name="dead-letters") as connections:
        records = handler(settings)
        for done in Lines(connections, NAME, records).replay(arguments.subject):
            write({**asdict(done), "status": "parked" if done.cause else "processed"})
            status = REFUSED if done.cause else status
    return status


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError("the id of a referral") from error
