"""The loss ledger: every leaf of a message is mapped or, with a reason, unmapped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from functools import cache, lru_cache

from adapters.hl7v2.maps.codes import document
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.dialect import Dialect
from adapters.hl7v2.maps.messages import TRANSLATORS
from adapters.hl7v2.maps.placing import Placed
from adapters.hl7v2.maps.reading import NULL, Leaf, Reading
from hub.domain.messages import Ledger, Unmapped

_REASONS: Mapping[str, str] = {field: why for why, fields in document("unmapped.yaml").items() for field in fields}
"""By field, or by segment for all of its fields."""
_TRANSLATED = frozenset(f"{name}-{field}" for name, fields in document("translated.yaml").items() for field in fields)


def write(c: Conversion, carried: Iterable[tuple[str, Placed]]) -> Ledger:
    """The ledger of a message of which is known what its Bundle carries."""
    carried = tuple(carried)
    known = {path for _, found in carried for _, path, _ in found}

    @cache
    def told(reading: Reading) -> Set[str]:
        """Numbers of the fields of which something is mapped."""
        return {_number(leaf.path) for leaf in reading.leaves if leaf.path in known}

    return Ledger(carried, tuple([
        Unmapped(leaf.path, leaf.text, _reason(c, reading, leaf, told))
        for reading in c.readings for leaf in reading.leaves if leaf.path not in known
    ]))  # fmt: skip


def _reason(c: Conversion, reading: Reading, leaf: Leaf, told: Callable[[Reading], Set[str]]) -> str:
    name = reading.name
    if leaf.text == NULL:
        return "HL7 null: nothing is stated"
    if not leaf.value:
        return "blank"
    if name[0] == "Z" and name not in c.dialect.declared:
        return "no rule for Z-segments"
    if name not in TRANSLATORS and name not in c.dialect.declared and name not in _REASONS:
        return f"no rule for segment {name}"
    number = _number(leaf.path)
    field = f"{name}-{number}"
    if why := _REASONS.get(field) or _REASONS.get(name):
        return why
    if number in told(reading):
        return f"{field} is mapped, but its FHIR datatype has no place for this part, or no code for this value"
    if field in _ruled(c.dialect):
        return f"not a value that the FHIR element of {field} takes, or what it belongs to is not in the message"
    return f"no rule for {field}"


def _number(path: str) -> str:
    """`3` of `OBX[2]-3[1].1`."""
    return path.partition("-")[2].partition("[")[0]


@lru_cache(maxsize=64)
def _ruled(dialect: Dialect) -> frozenset[str]:
    """The fields that a translator or a sheet reads."""
    return _TRANSLATED | frozenset(
        f"{sheet.segment}-{rule.field}" for sheet in dialect.sheets.values() for rule in sheet.rules
    )
