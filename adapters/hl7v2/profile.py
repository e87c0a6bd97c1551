"""A sender's profile: YAML that says how its HL7 v2 differs from the standard's. README.md beside this is its guide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jsonschema_rs
import yaml

from adapters.hl7v2 import charsets, supported
from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.declared import OPEN
from adapters.hl7v2.maps.dialect import Dialect, extended, standard
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.messages import Envelope

LIMIT = 256 * 1024
"""Characters of a profile."""


@lru_cache(maxsize=256)
def read(text: str) -> Dialect:
    """The dialect that a profile makes of the standard. Raises Refused, all faults at once, each with its place
    (`sheets/ZPI[Patient]/rules/0/as`)."""
    if len(text) > LIMIT:
        raise Refused(_fault("", f"a profile has at most {LIMIT} characters"))
    try:
        document = codes.parse(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Refused(_fault(place, f"no YAML: {error.problem}")) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Refused(_fault("", "no YAML")) from error
    faults = [_fault("/".join(map(str, one.instance_path)), one.message) for one in _schema().iter_errors(document)]
    faults = faults or _named(document)
    if faults:
        raise Refused(*faults)
    try:
        return extended(document)
    except ValueError as error:
        raise Refused(_fault("", str(error))) from error


def taken(envelope: Envelope, refusals: tuple[Refusal, ...], profile: str | None) -> tuple[Refusal, ...]:
    """The refusals of an envelope without those that the sender's profile answers: message types of its own."""
    if not profile or envelope.type not in read(profile).messages:
        return refusals
    return tuple([r for r in refusals if r.cause not in (Cause.UNSUPPORTED_TYPE, Cause.UNSUPPORTED_EVENT)])


@lru_cache(maxsize=1)
def _schema() -> jsonschema_rs.Validator:
    folder = files("schemas.hl7v2")
    profile, sheet = (
        json.loads(folder.joinpath(f"{name}.v1.schema.json").read_text(encoding="utf-8"))
        for name in ("profile", "sheet")
    )
    return jsonschema_rs.validator_for(profile, registry=jsonschema_rs.Registry([(sheet["$id"], sheet)]))


def _named(document: Mapping[str, Any]) -> list[Refusal]:
    """What the profile names and there is not."""
    found = []
    charset, zone = document.get("charset"), document.get("timezone")
    if charset and charsets.codec(str(charset)) is None:
        found.append(_fault("charset", f"{charset!r} is no character set of HL7 table 0211 that the hub decodes"))
    try:
        ZoneInfo(str(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append(_fault("timezone", f"{zone!r} is no time zone of the IANA database"))
    for name, read_as in document.get("messages", {}).items():
        kind, _, event = read_as.partition("^")
        known = supported.MESSAGES.get(kind)
        if known is None or event not in known.events:
            found.append(_fault(f"messages/{name}", f"{read_as!r} is no message of HL7"))
    return [*found, *_tables(document.get("tables", {})), *_unopened(document.get("sheets", {}))]


def _tables(tables: Mapping[str, Any]) -> Iterator[Refusal]:
    """Tables that there are not, or whose codes are written otherwise."""
    forms = dict.fromkeys(standard().codes, "codes: {THEIRS: CODE}")
    forms |= dict.fromkeys(standard().pairs, "systems: {SYSTEM: {THEIRS: CODE}}")
    for name, table in tables.items():
        if name not in forms:
            yield _fault(f"tables/{name}", "there is no such table")
        elif not forms[name].startswith(tuple(table)):
            yield _fault(f"tables/{name}", f"this table is written as {forms[name]}")


def _unopened(sheets: Mapping[str, Any]) -> Iterator[Refusal]:
    """Resources that a sheet adds to or that are to refer to what it makes, and that nothing opens."""
    own = (sheet.get("opens", ()) for sheet in sheets.values())
    known = OPEN.union(*own, *(sheet.opens for sheet in standard().sheets.values()))
    for name, sheet in sheets.items():
        named = {f"links/{number}/of": link["of"] for number, link in enumerate(sheet.get("links", ()))}
        named |= {key: sheet.get(key, "") for key in ("into", "without")}
        for place, resource in named.items():
            if resource and resource not in known:
                told = f"{resource!r} is no open resource: it is none of {', '.join(sorted(known))}"
                yield _fault(f"sheets/{name}/{place}", told)


def _fault(place: str, text: str) -> Refusal:
    return Refusal(Cause.CODE_INVALID, place, text)
