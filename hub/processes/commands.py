"""The command line: `referral-hub COMMAND ...`; a module per command, imported when it is the one that is called.

A command module has `configure(parser)` and `execute(arguments, settings) -> int`; a process module has
`run(settings, *, stop, ready)` and is run by `_run_process`. Results go to standard output as JSON Lines, everything
else to standard error. Exit status: 0 done; 1 some input was refused; 2 wrong usage or configuration; 69 a needed
service is not there.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from io import TextIOWrapper
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hub.processes.settings import Settings

DONE, REFUSED, USAGE, UNAVAILABLE = 0, 1, 2, 69


@dataclass(frozen=True, slots=True)
class Command:
    """One command. broker: of a process, how it comes to the embedded one (see `embedded.started`)."""

    help: str
    process: bool = False
    broker: Literal["own", "join"] | None = None


COMMANDS: dict[str, Command] = {
    "convert": Command("HL7 v2 and FHIR files as FHIR R4 Bundles with a ledger of every field"),
    "summarize": Command("files of one patient as one continuous record in which everything is cited"),
    "migrate": Command("bring the database to the newest schema"),
    "all": Command("run every process in one command", process=True),
    "serve": Command("run the HTTP server: FHIR, records, health, metrics", process=True),
    "mllp": Command("run the HL7 v2 listener", process=True),
    "relay": Command("run the relay from the outbox to Kafka", process=True, broker="own"),
    "worker": Command("run the worker that makes the continuous records", process=True, broker="join"),
    "delivery": Command("run the process that delivers to organisations' own systems", process=True),
    "organization": Command("add and list organisations, rotate their tokens"),
    "profile": Command("check and set how a sender's HL7 v2 differs from the standard's"),
    "destination": Command("set, list, pause, resume and remove the systems that messages are delivered to"),
    "user": Command("add, list, disable and enable people, give them passwords and tokens"),
    "send": Command("send HL7 v2 or FHIR files to a hub, with a spool for bad lines"),
    "subscribe": Command("follow an organisation's own event stream"),
    "messages": Command("list, show and replay received messages"),
    "merges": Command("list what was merged on whose word, and take a merge back"),
    "deliveries": Command("list, show, replay and skip what is sent to organisations' own systems"),
    "ledger": Command("count the fields that messages carried into a Bundle or not, by sender and reason"),
    "marks": Command("export readers' verdicts on the statements of records"),
    "terminology": Command("load, list and remove a site's own terminologies, and see what they suggest"),
    "dead-letters": Command("list and replay events that could not be processed"),
    "demo": Command("play the story of a referral through a hub of its own"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    if argv is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words).parse_args(words)
    try:
        return _run(arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return 128 + 2


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="referral-hub", description="Referral coordination message hub.")
    parser.add_argument("--version", action="version", version=f"referral-hub {version('referral-hub')}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=command.help, description=f"{command.help}.")
        if words and words[0] == name and not command.process:
            import_module(_module(name)).configure(subparser)
    return parser


def _module(name: str) -> str:
    return f"hub.processes.{name.replace('-', '_')}"


def _run(arguments: argparse.Namespace) -> int:
    from hub.processes import logging
    from hub.processes.settings import Settings, SettingsError

    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        return _complain(str(error), USAGE)
    logging.configure(settings.log_level)
    try:
        if COMMANDS[arguments.command].process:
            return _run_process(arguments.command, settings)
        status = import_module(_module(arguments.command)).execute(arguments, settings)
        sys.stdout.flush()
    except Exception as error:
        if not _service_missing(error):
            raise
        return _complain(str(error), UNAVAILABLE)
    return int(status)


def _run_process(name: str, settings: Settings) -> int:
    from hub.processes import process

    return process.run(name, import_module(_module(name)).run, settings, broker=COMMANDS[name].broker)


def _service_missing(error: BaseException) -> bool:
    """Whether Postgres, Kafka or the address to listen on could not be had; imports nothing for the question."""
    from hub.domain.errors import Unavailable

    missing: list[type[BaseException]] = [Unavailable]
    if psycopg := sys.modules.get("psycopg"):
        missing.append(psycopg.OperationalError)
    return isinstance(error, tuple(missing)) or (isinstance(error, OSError) and error.errno == errno.EADDRINUSE)


def _complain(text: str, status: int) -> int:
    sys.stderr.write(f"referral-hub: {text.strip()}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
