"""`referral-hub user`: people who log in: add, list, disable and enable them, set passwords, issue tokens."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg import Connection

from hub.domain.errors import Refused
from hub.processes import embedded
from hub.processes.lines import DONE, refuse, write
from hub.processes.settings import Settings
from hub.security import users
from hub.store.connections import connect


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|disable|enable|password|token")
    add = verbs.add_parser("add", help="register a person; prints the password, shown this once, unless it was given")
    add.add_argument("login", metavar="LOGIN", help="letters, digits and . _ @ -; unique without regard to case")
    add.add_argument("--organization", required=True, metavar="CODE")
    add.add_argument("--role", required=True, choices=("clinician", "administrator"))
    add.add_argument("--name", default="", help="as it stands on pages and in referrals; the login unless told")
    listing = verbs.add_parser("list", help="a line per person")
    listing.add_argument("--organization", metavar="CODE")
    texts = {
        "disable": "no log-in any more; open sessions end at once",
        "enable": "log-in again; a lock after refused attempts is opened",
        "password": "a new password; open sessions end, a lock is opened",
        "token": "the person's own token for programs; the one before is revoked",
    }
    verb = {name: verbs.add_parser(name, help=text) for name, text in texts.items()}
    for parser in verb.values():
        parser.add_argument("login", metavar="LOGIN")
    for parser in (add, verb["password"]):
        parser.add_argument("--password-file", type=_password, metavar="F", dest="password",
                            help="its first line is the password; else the hub makes one")  # fmt: skip


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    verbs: dict[str, Callable[[Connection[Any], argparse.Namespace], None]] = {
        "add": _add, "list": _list, "disable": _disable, "enable": _enable, "password": _set_password, "token": _token,
    }  # fmt: skip
    with embedded.started(settings, database=True) as resolved, connect(resolved.database) as connection:
        try:
            verbs[arguments.verb](connection, arguments)
        except Refused as error:
            return refuse({"user": arguments.login}, error)
    return DONE


def _add(connection: Connection[Any], arguments: argparse.Namespace) -> None:
    person, made = users.add(connection, arguments.login, organization=arguments.organization, role=arguments.role,
                             name=arguments.name, password=arguments.password)  # fmt: skip
    connection.commit()
    write({"user": person.login, **({"password": made} if made else {})})


def _list(connection: Connection[Any], arguments: argparse.Namespace) -> None:
    for user in users.listing(connection, arguments.organization):
        write({"user": user.login, **{key: value for key, value in asdict(user).items() if key != "login"}})


def _disable(connection: Connection[Any], arguments: argparse.Namespace) -> None:
    person = users.disable(connection, arguments.login)
    connection.commit()
    write({"user": person.login, "disabled": True})


def _enable(connection: Connection[Any], arguments: argparse.Namespace) -> None:
    person = users.enable(connection, arguments.login)
    connection.commit()
    write({"user": person.login, "disabled": False})


def _set_password(connection: Connection[Any], arguments: argparse.Namespace) -> None:
    person, made = users.set_password(connection, arguments.login, arguments.password)
    connection.commit()
    write({"user": person.login, **({"password": made} if made else {})})


def _token(connection: Connection[Any], arguments: argparse.Namespace) -> None:
    person, token = users.issue_token(connection, arguments.login)
    connection.commit()
    write({"user": person.login, "token": token})


def _password(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{path}: expected a readable UTF-8 file") from error
