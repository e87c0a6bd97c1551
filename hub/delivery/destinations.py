"""The register of destinations: set, pause, resume, remove."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from psycopg import Connection

from hub.delivery import queue
from hub.domain.delivery import Route
from hub.domain.errors import Cause, Refusal, Refused
from hub.store.sql import blocks

MAIN = "main"
"""Name of a destination of an organisation that has but one."""

PROCESS_MESSAGE = "$process-message"

_SQL = blocks("delivery")
_DIALECTS = {"mllp": ("ref", "360x"), "fhir": ("fhir",)}
_VERSION = re.compile(r"2\.[1-9](\.[1-9])?(\+2\.[1-9](\.[1-9])?)?")
_HOST_PORT = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})")


def put(connection: Connection[Any], organization_id: int, name: str, route: Route, *, plain: bool = False) -> bool:
    """Register how an organisation's system is reached, or change it; whether it is new.

    What happens after it was registered is delivered. route: its charset has been checked by the caller; plain: its
    token may go over a network in clear text. Raises Refused, CODE_INVALID with the name of each field that is wrong.
    """
    faults = tuple(_faults(name, route, plain))
    if faults:
        raise Refused(*faults)
    found = _find(connection, organization_id, name)
    values = asdict(route) | {"id": found, "organization_id": organization_id, "name": name}
    connection.execute(_SQL["add_destination" if found is None else "edit_destination"], values)
    queue.wake(connection)
    return found is None


def pause(connection: Connection[Any], organization_id: int, name: str) -> None:
    """Send it nothing until it is resumed; what happens meanwhile waits. Raises Refused (UNKNOWN_KEY)."""
    connection.execute(_SQL["pause_destination"], {"id": _known(connection, organization_id, name)})


def resume(connection: Connection[Any], organization_id: int, name: str) -> None:
    """Send to it again, at once, also where it had failed. Raises Refused (UNKNOWN_KEY)."""
    connection.execute(_SQL["resume_destination"], {"id": _known(connection, organization_id, name)})
    queue.wake(connection)


def remove(connection: Connection[Any], organization_id: int, name: str) -> int:
    """Send it nothing more; how many deliveries it will not get. Raises Refused (UNKNOWN_KEY)."""
    identifier = {"id": _known(connection, organization_id, name)}
    connection.execute(_SQL["remove_destination"], identifier)
    return connection.execute(_SQL["skip_rest"], identifier).rowcount


def message_address(url: str) -> str:
    """Where messages are posted to: of a FHIR base its operation, of an operation itself."""
    plain = url.rstrip("/")
    return plain if plain.endswith(PROCESS_MESSAGE) else f"{plain}/{PROCESS_MESSAGE}"


def _find(connection: Connection[Any], organization_id: int, name: str) -> int | None:
    parameters = {"organization_id": organization_id, "name": name.replace("\0", "")}
    row = connection.execute(_SQL["find_destination"], parameters).fetchone()
    return int(row[0]) if row else None


def _known(connection: Connection[Any], organization_id: int, name: str) -> int:
    found = _find(connection, organization_id, name)
    if found is None:
        raise Refused(Refusal(Cause.UNKNOWN_KEY, "name", f"the organization has no destination {name!r}"))
    return found


def _faults(name: str, route: Route, plain: bool) -> Iterator[Refusal]:
    dialects = _DIALECTS[route.protocol]
    checks = (
        ("name", re.fullmatch(r"[A-Za-z0-9-]{1,40}", name), f"{name!r} is not of letters A-Z, digits and hyphens"),
        (
            "address",
            _address(route),
            "expected host:port, or an http or https URL without login or query",
        ),
        ("dialect", route.dialect in dialects, f"{route.dialect!r} is not one of {', '.join(dialects)}"),
        ("version", _VERSION.fullmatch(route.version), f"{route.version!r} is no version of HL7 v2"),
        ("timeout", 0.1 <= route.timeout <= 300, "expected 0.1 to 300 seconds"),
        ("tries", 1 <= route.most_tries <= 10_000, "expected 1 to 10000"),
        ("hours", 1 <= route.most_hours <= 24 * 365, "expected 1 to 8760"),
        ("token", route.protocol == "fhir" or route.token is None, "only FHIR takes a token"),
        (
            "token",
            plain or route.token is None or not _in_clear_text(route),
            "whoever listens on the way could use it: expected https, this machine's own address, or --plain",
        ),
        (
            "tls",
            route.tls or route.protocol == "fhir" or not (route.authorities or route.certificate),
            "certificates without TLS",
        ),
        *(
            (name, len(text) <= 180 and text.isprintable(), "it is too long or not printable")
            for name, text in (("application", route.application), ("facility", route.facility))
        ),
    )
    return (Refusal(Cause.CODE_INVALID, path, text) for path, valid, text in checks if not valid)


def _in_clear_text(route: Route) -> bool:
    """Whether what goes over http leaves this machine. An intranet is a network too."""
    parts = urlsplit(route.address) if route.protocol == "fhir" and _address(route) else None
    if parts is None or parts.scheme == "https":
        return False
    try:
        return not ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname != "localhost"


def _address(route: Route) -> bool:
    if route.protocol == "mllp":
        found = _HOST_PORT.fullmatch(route.address)
        return found is not None and 0 < int(found[2]) < 65536
    try:
        parts = urlsplit(route.address)
        plain = not (parts.query or parts.fragment or "@" in parts.netloc)  # none of them may hold a secret
        return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and parts.port != 0
    except ValueError:
        return False
