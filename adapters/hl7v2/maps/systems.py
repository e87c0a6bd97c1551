"""Code systems, identifier systems and namespaces as URIs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from adapters.hl7v2 import structures
from adapters.hl7v2.maps.codes import SYSTEMS, TERMINOLOGY
from adapters.hl7v2.remembered import remembered

UNITS = "http://unitsofmeasure.org"
NAMESPACE = "urn:referral-hub:namespace:"
_TABLE_URI = re.compile(re.escape(TERMINOLOGY) + r"v2-(\d{4})$")
_NAMES: dict[str, str] = {}
for _name, _uri in SYSTEMS.items():
    _NAMES.setdefault(_uri, _name)
_V2_TABLE = re.compile(r"(?:HL7|V2)[-_ ]?(\d{1,4})$", re.IGNORECASE)
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*)){3,}$")
"""Shorter ones name a standard or nothing, no register of anybody's."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+$")


def code_system(systems: Mapping[str, str], name: str, facility: str) -> str:
    """URI of a coding system's name: one of systems (names in upper case), else of its form, else of the sender's."""
    return systems.get(name.upper()) or _by_form(name, facility)


@remembered(4096)
def _by_form(name: str, facility: str) -> str:
    table = _V2_TABLE.match(name)
    if table:
        return f"{TERMINOLOGY}v2-{int(table[1]):04d}"
    if _OID.match(name):
        return f"urn:oid:{name}"
    if _URI.match(name):
        return name
    return namespace(facility, name)


def system_of(systems: Mapping[str, str], name: str, code: str, facility: str) -> str:
    """URI of the system that a code is of: the named one, or where that does not list it, the sender's own."""
    uri = code_system(systems, name, facility)
    return uri if listed(uri, code) else namespace(facility, name)


@remembered(8192)
def listed(system: str, code: str) -> bool:
    """Whether a table's code system has the code. What HL7 does not list is the sender's own, or a misprint; a name
    without a code is nothing of the table's.
    """
    if not system.startswith(TERMINOLOGY + "v2-"):
        return True
    table = f"HL7{system.rpartition('-')[2]}"
    known = [found for version in ("2.8", "2.5.1", "2.3.1") if (found := structures.codes(version, table))]
    if code.lower() in ("", "null"):
        return False
    return not known or any(code in found for found in known)


@remembered(4096)
def namespace(facility: str, name: str = "") -> str:
    """URI of a namespace id that has no OID, or of a table in it."""
    base = f"{NAMESPACE}{quote(facility or 'unknown', safe='')}"
    return f"{base}:{quote(name, safe='')}" if name else base


@remembered(4096)
def universal(identifier: str, kind: str) -> str | None:
    """URI of a universal id (HD.2 with HD.3); None when it is not what its type says."""
    if identifier.count(".") > 1 and _OID.match(identifier) and kind.upper() in ("ISO", "OID", ""):
        return f"urn:oid:{identifier}"
    if _UUID.match(identifier):
        return f"urn:uuid:{identifier.lower()}"
    if _URI.match(identifier):
        return identifier
    return None


@remembered(4096)
def system_name(uri: str) -> str:
    """The usual name of a code system in HL7: of table 0396, `HL70078`, an OID, its sender's own name, else its URI."""
    known = _NAMES.get(uri)
    if known is not None:
        return known
    table = _TABLE_URI.match(uri)
    if table:
        return f"HL7{table[1]}"
    if uri.startswith(NAMESPACE):
        return unquote(uri.rpartition(":")[2])
    return uri.removeprefix("urn:oid:")


def is_uuid(text: str) -> bool:
    return bool(_UUID.match(text))
