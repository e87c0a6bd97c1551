"""Who a patient is: identifiers, the check digit of the Chinese national identifier, and when two are one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

NATIONAL = "urn:oid:2.16.156.10011.1.3"
"""System of the 居民身份证 number (GB 11643-1999), also of `^^^MPS^NI` and type `NI`/`NNCHN` with country CHN."""

INSURANCE = "urn:oid:2.16.156.10011.1.22"
"""System of the 医保 (social security card) number."""

EVERYWHERE = frozenset({NATIONAL, INSURANCE})
"""Systems whose numbers mean the same patient whoever sends them; all others belong to the sending organisation."""

TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
"""System of the types of numbers."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@dataclass(frozen=True, slots=True)
class Identifier:
    """type: its code in HL7 table 0203 (MR, NI, ...), where it was told; of no account for which number it is."""

    system: str
    value: str
    type: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """What one message says of who the patient is. gender: FHIR code; birth_date: `YYYY[-MM[-DD]]`."""

    name: str | None = None
    gender: str | None = None
    birth_date: str | None = None
    identifiers: tuple[Identifier, ...] = ()


def type_of(identifier: Mapping[str, Any]) -> str | None:
    """The code of table 0203 in the type of a FHIR Identifier, valid or not."""
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    found = (c.get("code") for c in codings or () if isinstance(c, dict) and c.get("system") == TYPES)
    return next((str(code) for code in found if code), None)


def valid_national_identifier(value: str) -> bool:
    """Whether 18 characters carry a real date and the right check digit (GB 11643, ISO 7064 MOD 11-2)."""
    if len(value) != 18 or not value[:17].isascii() or not value[:17].isdigit():
        return False
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    return _CHECK[sum(w * int(d) for w, d in zip(_WEIGHTS, value[:17], strict=True)) % 11] == value[17].upper()


def contradictions(a: Identity, b: Identity) -> tuple[str, ...]:
    """Which of name, gender, birth_date both state and differ in; a shorter date agrees with what it begins."""
    return tuple(_contradictions(a, b))


def same_person(a: Identity, b: Identity) -> bool:
    """The rule of CONTRACTS.md: an identifier agrees, and at most one of name, birth date and sex contradicts."""
    return bool(set(a.identifiers) & set(b.identifiers)) and len(contradictions(a, b)) <= 1


def same_name(a: str, b: str) -> bool:
    """Whether two names may be one: equal but for case and spaces, or one with parts of the other, in any order.

    `HARGREAVES Eleanor` is `Eleanor Mae Hargreaves`; a single part (`Eleanor`) is not enough.
    """
    if a == b:
        return True
    one, other = (set(name.replace(",", " ").casefold().split()) for name in (a, b))
    fewer = min(one, other, key=len)
    return _plain(a) == _plain(b) or (len(fewer) > 1 and fewer == one & other)


def folded(text: str) -> str:
    """A text as names are looked for: without case, width, accents, spaces and punctuation, marks of a script kept."""
    if text.isascii():
        return "".join(filter(str.isalnum, text)).lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(filter(_told, plain)))


def _told(character: str) -> bool:
    category = unicodedata.category(character)
    return category == "Co" or (category[0] in "LMN" and not "\u0300" <= character <= "\u036f")


def _contradictions(a: Identity, b: Identity) -> Iterator[str]:
    if a.name and b.name and not same_name(a.name, b.name):
        yield "name"
    known = ("male", "female")
    if a.gender in known and b.gender in known and a.gender != b.gender:
        yield "gender"
    if (
        a.birth_date
        and b.birth_date
        and not (a.birth_date.startswith(b.birth_date) or b.birth_date.startswith(a.birth_date))
    ):
        yield "birth_date"


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
