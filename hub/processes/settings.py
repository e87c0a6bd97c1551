"""Settings: the `REFERRAL_HUB_*` environment variables, read once, checked at once.

`VARIABLES` is the whole list; passwords and whatever may hold one can also be given as files (`NAME_FILE`). An
unknown name or a bad value raises SettingsError, whose text names the variable and what was expected, and never
shows the value of a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

PREFIX = "REFERRAL_HUB_"
EMBEDDED = "embedded"
Network = IPv4Network | IPv6Network


class SettingsError(Exception):
    """A variable that nobody knows, or a value that is not what was expected."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. port 0: any free one; the ready line tells which."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says.

    database, kafka: `embedded` until `embedded.started` puts the real URL and `host:port` there; kafka_security:
    keyword arguments of kafka-python's clients; mllp_allow: peers that MSH-4 alone identifies, besides loopback;
    mllp_processes: listeners on the one port, from the environment 2 unless told (1 where there is but one core);
    worker_group: Kafka consumer group of several workers (None: one worker that assigns itself all partitions);
    demo_file: log-ins and places that the demo's first page offers to everybody (None: there is no such page).
    """

    home: Path
    database: str = EMBEDDED
    kafka: str = EMBEDDED
    kafka_security: Mapping[str, str] = field(default_factory=dict)
    http: Address = Address("127.0.0.1", 8080)
    mllp: Address = Address("127.0.0.1", 2575)
    mllp_allow: tuple[Network, ...] = ()
    mllp_processes: int = 1
    model: str = "bundled"
    worker_group: str | None = None
    remember_days: int = 30
    delivered_days: int = 90
    max_message_bytes: int = 16 * 2**20
    log_level: str = "info"
    demo_file: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingsError at the first variable that is unknown or bad."""
        given = _given(environment)
        values = {v.field: _parsed(v, given[v.name]) for v in VARIABLES if v.name in given}
        security = {k.removeprefix("security."): values.pop(k) for k in list(values) if k.startswith("security.")}
        _check_security(security, values.get("kafka", EMBEDDED))
        values.setdefault("home", Path("~/.referral-hub").expanduser())
        values.setdefault("mllp_processes", min(2, os.cpu_count() or 1))
        return cls(kafka_security=MappingProxyType(security), **values)


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting. name: without the prefix; expected: ends the error's sentence; secret: also `NAME_FILE`."""

    name: str
    field: str
    parse: Callable[[str], Any]
    expected: str
    secret: bool = False


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    known = {v.name: v for v in VARIABLES}
    given: dict[str, str] = {}
    for full in sorted(name for name in environment if name.startswith(PREFIX)):
        name, text = full.removeprefix(PREFIX), environment[full]
        if name not in known:
            name = name.removesuffix("_FILE")
            if not full.endswith("_FILE") or name not in known or not known[name].secret:
                raise SettingsError(f"{full}: unknown setting; expected one of {', '.join(_names())}")
            text = _file(full, text)
        if name in given:
            raise SettingsError(f"{PREFIX}{name}: expected either it or {PREFIX}{name}_FILE, not both")
        given[name] = text
    return given


def _names() -> list[str]:
    return [PREFIX + v.name + ("[_FILE]" if v.secret else "") for v in VARIABLES]


def _file(name: str, path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: expected a readable UTF-8 text file") from error


def _parsed(variable: Variable, text: str) -> Any:
    try:
        return variable.parse(text)
    except ValueError as error:
        shown = "" if variable.secret else f" {text!r}"
        raise SettingsError(f"{PREFIX}{variable.name}{shown}: expected {variable.expected}") from error


def _require(condition: object) -> None:
    if not condition:
        raise ValueError


def _text(text: str) -> str:
    _require(text)
    return text


def _home(text: str) -> Path:
    path = Path(_text(text)).expanduser().absolute()
    _require(path.is_dir() or not path.exists())
    return path


def _database(text: str) -> str:
    if text != EMBEDDED:
        parts = urlsplit(text)
        _require(parts.scheme == "postgresql" and parts.port != 0)
        _require(len(parts.path) > 1 or "dbname=" in parts.query)
    return text


def _address(text: str, lowest_port: int = 0) -> Address:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    _require(host and port.isascii() and port.isdigit() and lowest_port <= int(port) <= 65535)
    _require(re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+", host))
    return Address(host, int(port))


def _kafka(text: str) -> str:
    return text if text == EMBEDDED else ",".join(str(_address(part.strip(), 1)) for part in text.split(","))


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _existing(text: str) -> Path:
    path = Path(_text(text)).expanduser().absolute()
    _require(path.is_file())
    return path


def _existing_file(text: str) -> str:
    return str(_existing(text))


def _model(text: str) -> str:
    path = Path(_text(text)).expanduser()
    if path.is_dir():
        return str(path.absolute())
    _require(re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?", text))
    return text


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        _require(text.isascii() and text.isdigit() and lowest <= int(text) <= highest)
        return int(text)

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        _require(text in choices)
        return text

    return parse


PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
LEVELS = ("debug", "info", "warning", "error")

VARIABLES: tuple[Variable, ...] = (
    Variable("HOME", "home", _home, "a folder"),
    Variable("DATABASE", "database", _database, "`embedded` or a postgresql:// URL that names a database", True),
    Variable("KAFKA", "kafka", _kafka, "`embedded` or host:port,..."),
    Variable("KAFKA_SECURITY_PROTOCOL", "security.security_protocol", _one_of(*PROTOCOLS), " or ".join(PROTOCOLS)),
    Variable("KAFKA_SASL_MECHANISM", "security.sasl_mechanism", _one_of(*MECHANISMS), " or ".join(MECHANISMS)),
    Variable("KAFKA_SASL_USERNAME", "security.sasl_plain_username", _text, "a name", True),
    Variable("KAFKA_SASL_PASSWORD", "security.sasl_plain_password", _text, "a password", True),
    Variable("KAFKA_CA_FILE", "security.ssl_cafile", _existing_file, "a file of certificates in PEM form"),
    Variable("HTTP", "http", _address, "host:port"),
    Variable("MLLP", "mllp", _address, "host:port"),
    Variable("MLLP_ALLOW", "mllp_allow", _networks, "networks such as 10.1.0.0/16,192.168.7.4"),
    Variable("MLLP_PROCESSES", "mllp_processes", _whole(1, 64), "a number of processes from 1 to 64"),
    Variable("MODEL", "model", _model, "`bundled`, a sentence-transformers folder or a hub name"),
    Variable("WORKER_GROUP", "worker_group", _text, "the name of a Kafka consumer group"),
    Variable("REMEMBER_DAYS", "remember_days", _whole(1, 3650), "a number of days from 1 to 3650"),
    Variable("DELIVERED_DAYS", "delivered_days", _whole(1, 3650), "a number of days from 1 to 3650"),
    Variable(
        "MAX_MESSAGE_BYTES", "max_message_bytes", _whole(1024, 2**30), "a number of bytes from 1024 to 1073741824"
    ),
    Variable("LOG_LEVEL", "log_level", _one_of(*LEVELS), " or ".join(LEVELS)),
    Variable("DEMO_FILE", "demo_file", _existing, "the file that `referral-hub demo` makes; never set it yourself"),
)


def _check_security(security: Mapping[str, str], kafka: str) -> None:
    """The variables agree with one another: a login needs its protocol, and the other way round."""
    protocol = security.get("security_protocol", "PLAINTEXT")
    login = [v for v in VARIABLES if v.field.startswith("security.sasl_")]
    for variable in login:
        given = variable.field.removeprefix("security.") in security
        if given and not protocol.startswith("SASL"):
            wanted = f"{PREFIX}KAFKA_SECURITY_PROTOCOL SASL_PLAINTEXT or SASL_SSL"
            raise SettingsError(f"{PREFIX}{variable.name}: expected only with {wanted}")
        if protocol.startswith("SASL") and not given:
            raise SettingsError(f"{PREFIX}{variable.name}: expected {variable.expected}, for {protocol} needs it")
    if "ssl_cafile" in security and not protocol.endswith("SSL"):
        raise SettingsError(
            f"{PREFIX}KAFKA_CA_FILE: expected only with {PREFIX}KAFKA_SECURITY_PROTOCOL SSL or SASL_SSL"
        )
    if kafka == EMBEDDED and protocol != "PLAINTEXT":
        raise SettingsError(f"{PREFIX}KAFKA_SECURITY_PROTOCOL: expected only with {PREFIX}KAFKA host:port,...")
