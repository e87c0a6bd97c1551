"""`referral-hub organization`: add, edit and list organisations, rotate their tokens."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from psycopg import Connection

from adapters.hl7v2 import charsets
from hub.domain.errors import Cause, Refusal, Refused
from hub.processes import embedded
from hub.processes.lines import DONE, refuse, write
from hub.processes.settings import Settings
from hub.security import organizations
from hub.store.connections import connect


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|edit|list|rotate-token")
    add = verbs.add_parser("add", help="register an organisation; prints its token, which is shown this once")
    add.add_argument("code", metavar="CODE", help="letters, digits and hyphens; unique without regard to case")
    add.add_argument("--name", required=True)
    add.add_argument("--kind", required=True, choices=("clinic", "hospital"))
    add.add_argument("--facility", action="append", default=[], metavar="MSH4", help="MSH-4 value it sends under")
    add.add_argument("--charset", metavar="NAME", help="of messages whose MSH-18 is empty (HL7 table 0211)")
    add.add_argument("--timezone", default="Asia/Shanghai", metavar="ZONE", help="of times that carry none")
    add.add_argument("--department", action="append", default=[], type=_department, metavar="CODE=NAME")
    add.add_argument("--referral-answer", default="ACK", choices=("ACK", "RRI"))
    edit = verbs.add_parser("edit", help="change what is told; the rest stays")
    edit.add_argument("code", metavar="CODE")
    edit.add_argument("--name")
    edit.add_argument("--facility", action="append", metavar="MSH4", help="instead of all that were registered")
    edit.add_argument("--charset", metavar="NAME", help="empty: none")
    edit.add_argument("--timezone", metavar="ZONE")
    edit.add_argument("--department", action="append", type=_department, metavar="CODE=NAME", help="instead of all")
    edit.add_argument("--referral-answer", choices=("ACK", "RRI"))
    verbs.add_parser("list", help="a line per organisation")
    rotate = verbs.add_parser("rotate-token", help="a new token; those before are revoked at once")
    rotate.add_argument("code", metavar="CODE")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    verbs = {"add": _add, "edit": _edit, "list": _list, "rotate-token": _rotate_token}
    with embedded.started(settings, database=True) as resolved, connect(resolved.database) as connection:
        try:
            return verbs[arguments.verb](connection, arguments)
        except Refused as error:
            return refuse({"organization": arguments.code, "token": None}, error)


def _add(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    _check_charset(arguments.charset)
    sender, token = organizations.add(
        connection,
        arguments.code,
        arguments.name,
        arguments.kind,
        arguments.facility,
        arguments.charset,
        arguments.timezone,
        dict(arguments.department),
        arguments.referral_answer,
    )
    connection.commit()
    return write({"organization": sender.code, "name": sender.name, "token": token})


def _edit(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    before = organizations.registered(connection, arguments.code)
    if before is None:
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "code", f"no organization {arguments.code!r} is registered"))
    _check_charset(arguments.charset)
    sender = organizations.edit(
        connection,
        before.code,
        name=before.name if arguments.name is None else arguments.name,
        facilities=before.facilities if arguments.facility is None else arguments.facility,
        charset=before.charset if arguments.charset is None else arguments.charset or None,
        timezone=arguments.timezone or before.timezone,
        departments=before.departments if arguments.department is None else dict(arguments.department),
        referral_answer=arguments.referral_answer or before.referral_answer,
    )
    connection.commit()
    return write({"organization": sender.code, "name": sender.name})


def _check_charset(name: str | None) -> None:
    if name and charsets.codec(name) is None:
        text = f"{name!r} is no character set of HL7 table 0211 that the hub decodes"
        raise Refused(Refusal(Cause.CODE_INVALID, "charset", text))


def _list(connection: Connection[Any], _: argparse.Namespace) -> int:
    for registered in organizations.listing(connection):
        write({"organization": registered.code, **{k: v for k, v in asdict(registered).items() if k != "code"}})
    return DONE


def _rotate_token(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    sender, token = organizations.rotate_token(connection, arguments.code)
    connection.commit()
    return write({"organization": sender.code, "name": sender.name, "token": token})


def _department(text: str) -> tuple[str, str]:
    code, equals, name = text.partition("=")
    if not (equals and code.strip() and name.strip()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected CODE=NAME")
    return code.strip(), name.strip()
