"""`referral-hub profile`: how a sender's HL7 v2 differs from the standard's. adapters/hl7v2/README.md is the guide."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from adapters.hl7v2 import profile as profiles
from hub.domain.errors import Refused
from hub.processes import embedded
from hub.processes.lines import DONE, REFUSED, USAGE, refuse, write
from hub.processes.settings import Settings
from hub.security import profiles as stored
from hub.store.connections import connect


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="check|set|show|list|remove")
    check = verbs.add_parser("check", help="whether a file is a profile; needs no hub")
    check.add_argument("file", metavar="FILE")
    put = verbs.add_parser("set", help="read a sender's messages by a profile; within a second, without a restart")
    put.add_argument("code", metavar="CODE", help="of the organisation")
    put.add_argument("file", metavar="FILE")
    show = verbs.add_parser("show", help="the profile of an organisation, as written")
    show.add_argument("code", metavar="CODE")
    verbs.add_parser("list", help="a line per organisation that has one")
    remove = verbs.add_parser("remove", help="read the sender by the standard again")
    remove.add_argument("code", metavar="CODE")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    """1: no such organisation, or it has no profile; 2: the file is no profile."""
    try:
        source = _checked(arguments.file) if arguments.verb in ("check", "set") else ""
    except (OSError, UnicodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "expected UTF-8 text"
        sys.stderr.write(f"referral-hub profile: {arguments.file}: {told or error}\n")
        return USAGE
    except Refused as error:
        return refuse({"file": arguments.file}, error)
    if arguments.verb == "check":
        return write({"file": arguments.file, "errors": []})
    with embedded.started(settings, database=True) as resolved, connect(resolved.database) as connection:
        if arguments.verb == "list":
            for one in stored.listing(connection):
                write(asdict(one))
            return DONE
        try:
            if arguments.verb == "show":
                found = stored.find(connection, arguments.code)
                return write({"organization": arguments.code, **asdict(found)}) if found else REFUSED
            change = stored.remove if arguments.verb == "remove" else None
            sender = change(connection, arguments.code) if change else stored.put(connection, arguments.code, source)
        except Refused as error:
            return refuse({"organization": arguments.code}, error)
        connection.commit()
        return write({"organization": sender.code, "profile": arguments.verb == "set"})


def _checked(path: str) -> str:
    source = Path(path).read_text(encoding="utf-8")
    profiles.read(source)
    return source
