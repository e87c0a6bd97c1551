"""How one sender's messages are read: the rules of the standard, or with the sender's profile laid on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from adapters.hl7v2.maps import codes as data
from adapters.hl7v2.maps.sheets import Sheet, sheet


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """codes, pairs: code tables by name; systems: URI by a coding system's name in upper case; sheets: by name,
    `PID[Patient]`; declared: by segment, those that need no translator (`create` or `into`)."""

    codes: Mapping[str, data.Words]
    pairs: Mapping[str, data.Pairs]
    systems: Mapping[str, str]
    sheets: Mapping[str, Sheet]
    declared: Mapping[str, tuple[Sheet, ...]]


@lru_cache(maxsize=1)
def standard() -> Dialect:
    """The rules that hold where a sender has no profile."""
    sheets: dict[str, Sheet] = {}
    for file in data.FOLDER.joinpath("segments").iterdir():
        if file.name.endswith(".yaml"):
            document = data.parse(file.read_text(encoding="utf-8"))
            sheets |= {name: sheet(name, one) for name, one in document.items()}
    return Dialect(data.WORDS, data.PAIRS, data.SYSTEMS, sheets, _declared(sheets))


def _declared(sheets: Mapping[str, Sheet]) -> Mapping[str, tuple[Sheet, ...]]:
    found: dict[str, tuple[Sheet, ...]] = {}
    for one in sheets.values():
        if one.create or one.into:
            found[one.segment] = (*found.get(one.segment, ()), one)
    return found
