"""`referral-hub destination`: the organisations' own systems that messages are delivered to."""

from __future__ import annotations

import argparse
import ssl
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from psycopg import Connection

from adapters.hl7v2 import charsets
from hub.delivery import destinations
from hub.delivery.courier import Unconfigured
from hub.domain.delivery import Dialect, Route
from hub.domain.errors import Cause, Refusal, Refused
from hub.processes import credentials, embedded
from hub.processes.lines import DONE, refuse, write
from hub.processes.settings import Settings
from hub.security import audit, organizations
from hub.security.organizations import Registered
from hub.store.connections import connect
from hub.views import deliveries


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="set|list|pause|resume|remove")
    put = verbs.add_parser("set", help="register a system, or change how it is reached; what happens later goes to it")
    where = put.add_mutually_exclusive_group(required=True)
    where.add_argument("--mllp", metavar="HOST:PORT", help="HL7 v2 to this listener")
    where.add_argument("--fhir", metavar="URL", help="message Bundles to this FHIR base, or to its $process-message")
    put.add_argument("--dialect", choices=get_args(Dialect), help="ref (REF, RRI; unless told) or 360x (OMG, OSU)")
    put.add_argument("--hl7-version", default="2.5.1", metavar="V",
                     help="MSH-12; 2.5.1+2.8: with the segments of a later one")  # fmt: skip
    put.add_argument("--charset", metavar="NAME", help="MSH-18 (HL7 table 0211); else the organisation's, else UTF-8")
    put.add_argument("--application", default="", metavar="MSH5")
    put.add_argument("--facility", metavar="MSH6", help="else its first facility, else its code")
    put.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds to wait for an answer")
    put.add_argument("--tls", action="store_true", help="MLLP over TLS")
    put.add_argument("--tls-ca-file", type=_authorities, metavar="F", dest="authorities",
                     help="certificates in PEM form that sign the other side's, instead of the system's")  # fmt: skip
    put.add_argument("--tls-certificate-file", type=_certificate, metavar="F", dest="certificate",
                     help="certificate and key (PEM) by which the hub shows who it is; read there to send")  # fmt: skip
    put.add_argument("--token-file", type=_token, metavar="F", dest="token",
                     help="its first line is the bearer token for --fhir; read there to send")  # fmt: skip
    put.add_argument("--plain", action="store_true", help="the token may go over http, where others can read it")
    put.add_argument("--tries", type=int, default=20, metavar="N", help="tries that reached it, then a dead letter")
    put.add_argument("--hours", type=int, default=72, metavar="H", help="hours after the first try, then a dead letter")
    listing = verbs.add_parser("list", help="a line per destination: how it stands")
    listing.add_argument("code", nargs="?", metavar="CODE")
    texts = {
        "pause": "send it nothing until it is resumed; what happens meanwhile waits",
        "resume": "send to it again, at once",
        "remove": "send it nothing more; what waits for it is skipped",
    }
    verb = {"set": put, **{name: verbs.add_parser(name, help=text) for name, text in texts.items()}}
    for each in verb.values():
        each.add_argument("code", metavar="CODE", help="whose system it is")
        each.add_argument("--name", default=destinations.MAIN, help=f"of several systems ({destinations.MAIN})")


def execute(arguments: argparse.Namespace, settings: Settings) -> int:
    verbs = {"set": _set, "pause": _pause, "resume": _resume, "remove": _remove}
    with embedded.started(settings, database=True) as resolved, connect(resolved.database) as connection:
        if arguments.verb == "list":
            return _list(connection, arguments)
        try:
            organization_id, registered = _organization(connection, arguments.code)
            told = verbs[arguments.verb](connection, organization_id, registered, arguments)
        except Refused as error:
            return refuse({"organization": arguments.code, "destination": arguments.name}, error)
        audit.write(connection, organization_id=organization_id, actor="command", action=arguments.verb,
                    object_type="destination", object_id=f"{registered.code}/{arguments.name}")  # fmt: skip
        connection.commit()
        return write({"organization": registered.code, "destination": arguments.name, **told})


def _set(connection: Connection[Any], organization_id: int, registered: Registered,
         arguments: argparse.Namespace) -> dict[str, Any]:  # fmt: skip
    protocol = "mllp" if arguments.mllp else "fhir"
    charset = arguments.charset or registered.charset or "UNICODE UTF-8"
    if charsets.codec(charset) is None:
        text = f"{charset!r} is no character set of HL7 table 0211 that the hub writes"
        raise Refused(Refusal(Cause.CODE_INVALID, "charset", text))
    route = Route(
        protocol=protocol,  # type: ignore[arg-type]
        address=arguments.mllp or destinations.message_address(arguments.fhir),
        dialect=arguments.dialect or ("ref" if protocol == "mllp" else "fhir"),
        version=arguments.hl7_version,
        charset=charset,
        application=arguments.application,
        facility=next(filter(None, (arguments.facility, *registered.facilities)), registered.code),
        timeout=arguments.timeout,
        tls=arguments.tls,
        authorities=arguments.authorities,
        certificate=arguments.certificate,
        token=arguments.token,
        most_tries=arguments.tries,
        most_hours=arguments.hours,
    )
    new = destinations.put(connection, organization_id, arguments.name, route, plain=arguments.plain)
    return {"address": route.address, "dialect": route.dialect, "new": new}


def _list(connection: Connection[Any], arguments: argparse.Namespace) -> int:
    for standing in deliveries.standings(connection, arguments.code):
        line = {key: value for key, value in asdict(standing).items() if key not in ("organization", "name")}
        write({"organization": standing.organization, "destination": standing.name, **line})
    return DONE


def _pause(connection: Connection[Any], organization_id: int, _: Registered,
           arguments: argparse.Namespace) -> dict[str, Any]:  # fmt: skip
    destinations.pause(connection, organization_id, arguments.name)
    return {"paused": True}


def _resume(connection: Connection[Any], organization_id: int, _: Registered,
           arguments: argparse.Namespace) -> dict[str, Any]:  # fmt: skip
    destinations.resume(connection, organization_id, arguments.name)
    return {"paused": False}


def _remove(connection: Connection[Any], organization_id: int, _: Registered,
           arguments: argparse.Namespace) -> dict[str, Any]:  # fmt: skip
    skipped = destinations.remove(connection, organization_id, arguments.name)
    return {"removed": True, "skipped": skipped}


def _organization(connection: Connection[Any], code: str) -> tuple[int, Registered]:
    sender, registered = organizations.find(connection, code), organizations.registered(connection, code)
    if sender is None or registered is None:
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "code", f"no organization {code!r} is registered"))
    return sender.id, registered


def _token(path: str) -> str:
    """Where it is: only what sends reads it."""
    kept = f"{credentials.FILE}{Path(path).absolute()}"
    try:
        credentials.token(kept)
    except Unconfigured as error:
        raise argparse.ArgumentTypeError(f"{path}: expected a token in its first line") from error
    return kept


def _certificate(path: str) -> str:
    try:
        ssl.create_default_context().load_cert_chain(path, password="")
    except (OSError, ValueError) as error:
        expected = "a certificate and its key without password, in PEM form"
        raise argparse.ArgumentTypeError(f"{path}: expected {expected}") from error
    return str(Path(path).absolute())


def _authorities(path: str) -> str:
    text = _text(path)
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path}: expected certificates in PEM form") from error
    return text


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{path}: expected a readable UTF-8 file") from error
