"""The bytes of a FHIR document as JSON and back: numbers exact, nothing lost on the way."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from email.message import Message as Headers
from itertools import islice
from typing import Any

import msgspec

from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource, leaves
from hub.domain.messages import MOST_LEAVES, MOST_SEGMENTS

MEDIA_TYPE = "application/fhir+json"
READABLE = frozenset({"application/fhir+json", "application/json", "text/json", "application/json+fhir", ""})

NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}\Z")
"""Of a type or element: what is none may be anything, also of a patient, and is not told."""

_MAGNITUDE = 60
"""Powers of ten beyond which a number is none that anybody measured (`1e999999999` fills the memory when written)."""


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _MAGNITUDE:
        raise ValueError("the number is out of range")
    return number


encode = msgspec.json.Encoder(decimal_format="number").encode
decode = msgspec.json.Decoder(float_hook=_number).decode


def read(raw: bytes, content_type: str = "", *, limited: bool = False) -> Resource:
    """The JSON of a request or file as a resource, numbers exact. limited: to what is answered at once.

    Raises Refused: UNDECODABLE (charset, not UTF-8), WRONG_DATATYPE (a number out of range), WRONG_STRUCTURE (not
    JSON, a name twice in one object, no object with resourceType), TOO_LARGE.
    """
    charset = parameter(content_type, "charset")
    if charset and charset.casefold().replace("-", "") not in ("utf8", "usascii"):
        raise Refused(Refusal(Cause.UNDECODABLE, "Resource", "FHIR JSON is UTF-8"))
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
        if not text.strip():
            raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Resource", "there is no document: nothing was sent"))
        value: Any = decode(text)
        if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
            raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Resource", "a JSON object with resourceType is expected"))
        if limited and (most := _beyond(value)):
            told = f"a document has at most {most}: send it in several"
            raise Refused(Refusal(Cause.TOO_LARGE, root_name(value), told))
        _require_distinct(text, root_name(value))
    except UnicodeDecodeError:
        raise Refused(Refusal(Cause.UNDECODABLE, "Resource", "the bytes are not UTF-8")) from None
    except msgspec.ValidationError:  # of _number
        raise Refused(Refusal(Cause.WRONG_DATATYPE, "Resource", "a number is out of range")) from None
    except msgspec.DecodeError as error:
        byte = str(error).rpartition("(byte ")[2].rstrip(")")
        where = f" (byte {byte})" if byte.isdigit() else ""
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Resource", f"not JSON{where}")) from None
    except RecursionError:
        raise Refused(Refusal(Cause.WRONG_STRUCTURE, "Resource", "nested too deeply")) from None
    return value


def _beyond(value: Resource) -> str:
    """What a document may have at most, where it has more."""
    places = [place for place, _ in islice(leaves(value), MOST_LEAVES + 1)]
    if len(places) > MOST_LEAVES:
        return f"{MOST_LEAVES} values"
    resources = sum(place.endswith("/resourceType") for place in places)
    return f"{MOST_SEGMENTS} resources" if resources > MOST_SEGMENTS else ""


def root_name(resource: object) -> str:
    """The FHIRPath of a document itself: its type, where that may be one."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) and NAME.match(kind) else "Resource"


def media_type(content_type: str) -> str:
    return content_type.split(";", 1)[0].strip().casefold()


def parameter(content_type: str, name: str) -> str:
    headers = Headers()
    headers["Content-Type"] = content_type or MEDIA_TYPE
    value = headers.get_param(name)
    return value if isinstance(value, str) else ""


class _Repeating(dict[str, Any]):
    """A JSON object in which a name stands twice: one of its values would be lost."""


def _require_distinct(text: str, root: str) -> None:
    """Raises Refused where an object has a name twice. A second pass: the fast parser takes the last in silence."""
    found: list[_Repeating] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(pairs)
        if len(plain) < len(pairs):
            found.append(_Repeating(plain))
            return found[-1]
        return plain

    tree = json.loads(text, object_pairs_hook=made, parse_float=str, parse_int=str)
    if found:
        told = "a name stands twice in one JSON object"
        raise Refused(*(Refusal(Cause.WRONG_STRUCTURE, place, told) for place in islice(_repeating(tree, root), 50)))


def _repeating(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, _Repeating):
        yield place
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _repeating(child, f"{place}.{name}" if NAME.match(name) else place)
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _repeating(child, f"{place}[{number}]")
