"""`referral-hub subscribe`: an organisation's own stream, a line per event."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from hub.domain.errors import Unavailable
from hub.processes import embedded
from hub.processes.settings import Settings
from hub.stream.backoff import TRANSIENT
from hub.stream.broker import Broker
from hub.stream.subscription import follow


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organization", required=True, metavar="CODE", help="whose stream")
    parser.add_argument("--group", metavar="G", help="continue where this group left off; else every event from now on")
    parser.add_argument("--from-beginning", action="store_true", help="also what happened before")
    parser.add_argument("--count", type=_count, metavar="N", help="end after so many events")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    """Until SIGTERM, SIGINT or the count. Raises Unavailable when no broker answers at the start."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with embedded.started(settings, database=False, broker="join") as resolved:
        broker = Broker(resolved.kafka, resolved.kafka_security)
        try:
            _write(broker, arguments, stop)
        except TRANSIENT as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise Unavailable(f"Kafka at {resolved.kafka}: {type(error).__name__}") from error
    return 0


def _write(broker: Broker, arguments: argparse.Namespace, stop: threading.Event) -> None:
    events = follow(
        broker, arguments.organization, stop, group=arguments.group, from_beginning=arguments.from_beginning
    )
    for number, event in enumerate(events, 1):
        sys.stdout.write(event.decode() + "\n")
        sys.stdout.flush()
        if number == arguments.count:
            stop.set()


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number from 1 on")
    return int(text)
