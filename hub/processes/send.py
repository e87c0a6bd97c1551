"""`referral-hub send`: files to a hub, in order, each message until it is acknowledged or refused."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from adapters.hl7v2 import files
from hub.processes.destinations import Answer, Destination, Fhir, Mllp
from hub.processes.settings import Address, Settings
from hub.processes.spool import Spool

DONE, REFUSED, USAGE, UNAVAILABLE = 0, 1, 2, 69
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
WRONG_TOKEN = "401"
"""Says nothing of the message, and the next one would fare the same."""

_NOT_SENT = Answer(None, {"code": "not-sent", "path": "", "text": "one before it could not be delivered"})


@dataclass(frozen=True, slots=True)
class Item:
    """One message to send. source, index: the file as given and which message of it; place: in the spool."""

    source: str
    index: int
    payload: bytes
    place: Path | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--mllp", type=_address, metavar="HOST:PORT", help="send HL7 v2 to this listener")
    where.add_argument("--fhir", type=_url, metavar="URL", help="send FHIR JSON to this base, http://host:port/fhir")
    parser.add_argument("--token", help="the organisation's token, for --fhir")
    parser.add_argument("--timeout", type=_seconds, default=30.0, metavar="S",
                        help="give up when nothing was acknowledged for S seconds (30)")  # fmt: skip
    parser.add_argument("--spool", type=Path, metavar="DIR",
                        help="keep what is not acknowledged here; it is sent first the next time")  # fmt: skip
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files; - is standard input")
    parser.set_defaults(complain=parser.error)


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.fhir and not arguments.token:
        arguments.complain("--fhir needs --token")
    if not arguments.paths and not arguments.spool:
        arguments.complain("name a PATH, or a --spool to send what is left there")
    try:
        items = [item for path in arguments.paths for item in _read(path, hl7v2=bool(arguments.mllp))]
    except OSError as error:
        arguments.complain(f"{error.filename}: {error.strerror}")
    with Spool(arguments.spool) if arguments.spool else nullcontext() as spool:
        if spool:
            items = _spooled(spool, items)
        with closing(_destination(arguments)) as destination:
            return _send(items, destination, spool, arguments.timeout)


def _destination(arguments: argparse.Namespace) -> Destination:
    if arguments.mllp:
        return Mllp(arguments.mllp.host, arguments.mllp.port, arguments.timeout)
    return Fhir(arguments.fhir, arguments.token, arguments.timeout)


def _read(path: str, *, hl7v2: bool) -> Iterator[Item]:
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    for index, payload in enumerate(files.split(data) if hl7v2 else [data]):
        yield Item(path, index, payload)


def _spooled(spool: Spool, items: Sequence[Item]) -> list[Item]:
    """All that is in the spool, in its order; what is left of an earlier run has its place there as its source."""
    given = dict(zip(spool.add(item.payload for item in items), items, strict=True))
    found = []
    for place in spool.waiting():
        item = given.get(place) or Item(str(place), 0, place.read_bytes())
        found.append(Item(item.source, item.index, item.payload, place))
    return found


def _send(items: Iterable[Item], destination: Destination, spool: Spool | None, timeout: float) -> int:
    """Send all in order. Where one cannot be delivered in time, those behind it are not tried: order is kept."""
    status, given_up = DONE, False
    for item in items:
        answer = _deliver(item, destination, timeout) if not given_up else _NOT_SENT
        _tell(item, answer, destination)
        unheard = answer.retry or answer.code == WRONG_TOKEN or answer is _NOT_SENT
        if unheard and not given_up:
            status, given_up = UNAVAILABLE if answer.retry else USAGE, True
        elif answer.error and not unheard:
            status = REFUSED
        if spool and item.place and not unheard:
            if answer.error:
                spool.refuse(item.place, answer.raw)
            else:
                spool.done(item.place)
    return status


def _deliver(item: Item, destination: Destination, timeout: float) -> Answer:
    end, pause = time.monotonic() + timeout, FIRST_PAUSE
    while True:
        answer = destination.deliver(item.payload)
        wait = max(pause, answer.wait)
        if not answer.retry or time.monotonic() + wait > end:
            return answer
        time.sleep(wait)
        pause = min(pause * 2, LONGEST_PAUSE)


def _tell(item: Item, answer: Answer, destination: Destination) -> None:
    line = {
        "source": item.source,
        "index": item.index,
        "code": answer.code,
        "control_id": destination.control_id(item.payload),
        "error": answer.error,
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r}: expected HOST:PORT")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r}: expected http://... or https://...")
    return text


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 86400 * 365:
        raise argparse.ArgumentTypeError(f"{text!r}: expected seconds above 0")
    return seconds
