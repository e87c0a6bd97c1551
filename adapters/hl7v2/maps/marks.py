"""Marks in a Bundle: small extensions that tell who writes it as HL7 v2 again what FHIR alone would not (`outbound`).

`as-sent` stands beside a value that a table or a rule translated and that has more than one HL7 form: the form that its
sender wrote. `field` and `component` tell where in a segment a value stood, where several places mean one element.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from adapters.hl7v2.maps import codes
from adapters.hl7v2.maps.systems import NAMESPACE, system_name
from adapters.hl7v2.remembered import LONGEST

OWN = "urn:referral-hub:extension:"
AS_SENT, FIELD, COMPONENT = OWN + "as-sent", OWN + "field", OWN + "component"
VALUE_TYPE = OWN + "value-type"
"""OBX-2, where it is not the usual type of the value; of a document that of each line; XCN of a person where HL7 has
NDL."""
LINE_STATUS = OWN + "line-status"
"""OBX-11 of each line of a document."""
DATA_TYPE = OWN + "type-of-data"
"""ED.2, RP.3, where it is not written as the first part of a media type is."""
BREAKS = OWN + "breaks"
"""How the lines of a text, or notes, were told, a letter each: `s` in a segment of its own, `r` as a repetition, `b`
after a line break within the value; `S` as `s`, in one that names the author again; and `e` for a segment that said
nothing."""
SYSTEM_OID = OWN + "system-oid"
"""CWE.14, .17, .20: the OID that a sender gave beside the name of a code system."""
INHERITED = OWN + "inherited"
"""The segment that a report had not of its own, whether or not the report before it had one."""
PARENT = OWN + "parent-result"
"""OBR-26: code, sub-id and value of the result that a report goes into, as an antibiogram into an isolate."""
REPEATS = OWN + "repeats"
"""The segment whose values a resource says again, in a type that FHIR has for them: what is written reads the other."""
DEVICE = OWN + "device"
"""A device beside the one that an element of FHIR takes, or of what has no such element."""
REPETITION = OWN + "repetition"
"""Which repetition of its field a value stood in, where that is not its place in the list."""
SEGMENT = OWN + "segment"
"""Which segment of its name told a value, where one element holds what several told; the first unless told."""
TIMING = OWN + "timing"
"""A timing of an order behind the first, as a Dosage."""
TIMINGS = OWN + "timings"
"""How the TQ1 of an order were told, as in `breaks`: `s` for one that says something, `e` for one that does not."""
ADDRESS = OWN + "address"
"""Which of an organisation's addresses (from 0) a result names."""

_TIME = re.compile(r"\d{4}(-\d\d){0,2}(T|$)")


def turned(table: codes.Words) -> dict[str, str]:
    """FHIR code to the first HL7 code of a table that means it."""
    found: dict[str, str] = {}
    for code, meant in table.items():
        found.setdefault(meant, code)
    return found


def turned_pairs(table: codes.Pairs) -> dict[tuple[str, str], str]:
    """(FHIR code, system) to the first HL7 code of a table that means it."""
    found: dict[tuple[str, str], str] = {}
    for code, meant in table.items():
        found.setdefault(meant, code)
    return found


def _known() -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    usual: set[tuple[str, str]] = set()
    other: set[tuple[str, str]] = set()
    for name, table in codes.WORDS.items():
        if name == "language":
            continue  # tags have no usual HL7 form
        back = turned(table)
        for code, meant in table.items():
            (usual if back[meant] == code else other).add((meant, code))
    for pairs in codes.PAIRS.values():
        again = turned_pairs(pairs)
        for code, one in pairs.items():
            (usual if again[one] == code else other).add((one[0], code))
    return frozenset(usual), frozenset(other)


_USUAL, _UNUSUAL = _known()
"""(FHIR code, HL7 code) that a writer takes of itself, and those that it would not take in some table."""


def as_sent(value: object, text: str) -> str:
    """How a value was written, "" where that is how it is usually written."""
    text = text.strip()
    if isinstance(value, str):
        usual = value == text or (_is_usual(value, text) if len(text) <= LONGEST else value.startswith(NAMESPACE))
    elif isinstance(value, bool):
        usual = text == ("Y" if value else "N")
    else:
        usual = text == (format(value, "f") if isinstance(value, Decimal) else str(value))
    return "" if usual else text


@lru_cache(maxsize=8192)
def _is_usual(value: str, text: str) -> bool:
    if _TIME.match(value) or ((value, text) in _USUAL and (value, text) not in _UNUSUAL):
        return True
    return system_name(value) == text


def marked(node: dict[str, Any], url: str, value: str, element: str = "") -> dict[str, Any]:
    """The same with a mark."""
    mark(node, url, value, element)
    return node


def broken(lines: Sequence[str], first: str = "s") -> str:
    """The letters of the lines that one segment told in its repetitions; `e` where it told none."""
    if not lines:
        return "e"
    return first + "r".join("b" * line.count("\n") for line in lines)


def mark(node: dict[str, Any], url: str, value: str, element: str = "", index: int | None = None) -> None:
    """Put a mark on a complex value, or beside one of its primitive elements (`index` in a list)."""
    if index is not None:
        mark_items(node, url, {index: value}, element)
    elif element:
        node[f"_{element}"] = _with(node.get(f"_{element}"), url, value)
    else:
        node.setdefault("extension", []).append({"url": url, "valueString": value})


def mark_items(node: dict[str, Any], url: str, values: Mapping[int, str], element: str) -> None:
    """Put marks beside items of a list of primitives, by their index."""
    listed: list[Any] = list(node.get(f"_{element}", ()))
    listed += [None] * (max(values) + 1 - len(listed))
    for index, value in values.items():
        listed[index] = _with(listed[index], url, value)
    node[f"_{element}"] = listed


def _with(beside: dict[str, Any] | None, url: str, value: str) -> dict[str, Any]:
    return {"extension": [*(beside or {}).get("extension", ()), {"url": url, "valueString": value}]}
