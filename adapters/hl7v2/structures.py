"""hl7apy's reference tables as lookups: what a version says of messages, segments, fields, datatypes and codes.

Nothing is read before it is asked for; a version that hl7apy does not know is read by the nearest that it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import hl7apy

from adapters.hl7v2.remembered import remembered

DEFAULT = "2.5.1"
"""For messages without MSH-12."""

STRUCTURES: Mapping[str, str] = {
    "REF^I13": "REF_I12", "REF^I14": "REF_I12", "REF^I15": "REF_I12",
    "RRI^I13": "RRI_I12", "RRI^I14": "RRI_I12", "RRI^I15": "RRI_I12",
    **{f"ADT^{event}": "ADT_A01" for event in ("A04", "A08", "A13")},
    "ADT^A07": "ADT_A06", "ADT^A10": "ADT_A09", "ADT^A11": "ADT_A09", "PPR^PC2": "PPR_PC1", "PPR^PC3": "PPR_PC1",
    "ADT^A14": "ADT_A05", "ADT^A28": "ADT_A05", "ADT^A31": "ADT_A05", "RDE^O11": "RDE_O01",
    **{f"MDM^{event}": "MDM_T02" for event in ("T04", "T06", "T08", "T10")},
    **{f"MDM^{event}": "MDM_T01" for event in ("T03", "T05", "T07", "T09", "T11")},
}  # fmt: skip
"""Events whose messages have another's structure (HL7 table 0354); all others have that of their own name."""


@dataclass(frozen=True, slots=True)
class Element:
    """One field of a segment or component of a datatype. table: `HL70005`, None where it has none; withdrawn: that the
    version does not have it any more."""

    name: str
    datatype: str
    required: bool
    repeatable: bool
    table: str | None
    withdrawn: bool = False


_GONE = Element("", "", required=False, repeatable=False, table=None, withdrawn=True)


@remembered(8192)
def library(version: str) -> ModuleType:
    """hl7apy's tables of a version, or of the nearest (the newer of two equally near)."""
    known = hl7apy.SUPPORTED_LIBRARIES
    if version not in known:
        wanted = _number(version or DEFAULT)
        version = min(known, key=lambda other: (abs(_number(other) - wanted), -_number(other)))
    return hl7apy.load_library(version)  # type: ignore[no-any-return]


@remembered(8192)
def segment(version: str, name: str) -> tuple[Element, ...]:
    """The fields of a segment, the first at index 0; () for one that the version does not know (Z-segments)."""
    found = dict(_fields(library(version).SEGMENTS.get(name)))
    return tuple(found.get(number, _GONE) for number in range(1, max(found, default=0) + 1))


def _fields(node: Any) -> Iterator[tuple[int, Element]]:
    """By number: from version 2.7 on the tables leave out what was withdrawn."""
    for (name, *_), element in zip(node[1] if node and len(node) > 1 else (), _elements(node), strict=False):
        yield int(name.rpartition("_")[2]), element


@remembered(8192)
def datatype(version: str, name: str) -> tuple[Element, ...]:
    """The components of a datatype, the first at index 0; () for a primitive or unknown one."""
    return tuple(_elements(("sequence", library(version).DATATYPES_STRUCTS.get(name, ()))))


@lru_cache(maxsize=8192)
def codes(version: str, table: str) -> frozenset[str]:
    """The codes of an HL7 table, `HL70085`; empty for one without codes, and for versions up to 2.3."""
    found = getattr(library(version), "TABLES", {}).get(table, ("", ()))[1]
    # hl7apy has lost the leading zeros of this table.
    return frozenset(code.zfill(3) for code in found) if table == "HL70496" else frozenset(found)


def structure(version: str, message_type: str, declared: str = "") -> str | None:
    """The message structure of `ADT^A08`; declared: MSH-9.3, for types that the tables do not name."""
    messages = library(version).MESSAGES
    own = message_type.replace("^", "_")
    return next((s for s in (own, STRUCTURES.get(message_type, ""), declared) if s in messages), None)


@lru_cache(maxsize=8192)
def single(version: str, structure: str) -> frozenset[str]:
    """The segments that a message of this structure holds at most once."""
    most: dict[str, int] = {}
    for name, repeats in _segments(library(version).MESSAGES[structure], repeats=False):
        most[name] = most.get(name, 0) + (2 if repeats else 1)
    return frozenset(name for name, count in most.items() if count == 1)


def _segments(node: Any, *, repeats: bool) -> Iterator[tuple[str, bool]]:
    for name, reference, (_, most), kind in node[1]:
        again = repeats or most != 1
        if kind == "SEG":
            yield name, again
        else:
            yield from _segments(reference, repeats=again)


def _elements(node: Any) -> Iterator[Element]:
    """Of a sequence: hl7apy has some segments as something else (ORO in 2.1) or without their fields (QRD in 2.7)."""
    fields = node[1] if node and node[0] == "sequence" and len(node) == 2 else ()
    for _, reference, (least, most), _ in fields:
        yield Element(reference[3] or "", reference[2] or "", least > 0, most not in (0, 1), reference[4], most == 0)


def _number(version: str) -> int:
    """2.5.1 as 251, for distances."""
    major, minor, patch, *_ = *(int(part) for part in version.split(".") if part.isdecimal() and len(part) < 9), 0, 0, 0
    return major * 100 + min(minor, 9) * 10 + min(patch, 9)
