"""How one sender's messages are read: the rules of the standard, or with the sender's profile laid on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from adapters.hl7v2.maps import codes as data
from adapters.hl7v2.maps.sheets import Sheet, sheet


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """codes, pairs: code tables by name; systems: URI by a coding system's name in upper case; sheets: by name,
    `PID[Patient]`; declared: by segment, those that need no translator (`create` or `into`).

    messages: `ZRF^Z01` -> the message of HL7 that it is read as; segments: the same for segments; moves: by segment,
    (field, field that it is read as); charset, timezone: of messages that name none.
    """

    codes: Mapping[str, data.Words]
    pairs: Mapping[str, data.Pairs]
    systems: Mapping[str, str]
    sheets: Mapping[str, Sheet]
    declared: Mapping[str, tuple[Sheet, ...]]
    messages: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    charset: str | None = None
    timezone: str | None = None


@lru_cache(maxsize=1)
def standard() -> Dialect:
    """The rules that hold where a sender has no profile."""
    sheets: dict[str, Sheet] = {}
    for file in data.FOLDER.joinpath("segments").iterdir():
        if file.name.endswith(".yaml"):
            document = data.parse(file.read_text(encoding="utf-8"))
            sheets |= {name: sheet(name, one) for name, one in document.items()}
    return Dialect(data.WORDS, data.PAIRS, data.SYSTEMS, sheets, _declared(sheets))


def extended(profile: Mapping[str, Any]) -> Dialect:
    """The standard with a profile that its schema allows. Raises ValueError for what it names and there is not."""
    base = standard()
    tables = profile.get("tables", {})
    sheets = dict(base.sheets)
    for name, document in profile.get("sheets", {}).items():
        own = sheet(name, document)
        held = sheets.get(name)
        # Its own rules come first: of those for one element the first that has a value holds.
        sheets[name] = held._replace(rules=(*own.rules, *held.rules)) if held else own
    return Dialect(
        codes=_laid_on(base.codes, data.words(tables)),
        pairs=_laid_on(base.pairs, data.pairs(tables)),
        systems={**base.systems, **{name.upper(): uri for name, uri in profile.get("systems", {}).items()}},
        sheets=sheets,
        declared=_declared(sheets),
        messages=profile.get("messages", {}),
        segments=profile.get("segments", {}),
        moves=_moves(profile.get("moves", ())),
        charset=profile.get("charset"),
        timezone=profile.get("timezone"),
    )


_T = TypeVar("_T")


def _laid_on(base: Mapping[str, Mapping[str, _T]], own: Mapping[str, Mapping[str, _T]]) -> dict[str, Mapping[str, _T]]:
    return {name: {**table, **own.get(name, {})} for name, table in base.items()}


def _moves(rows: Any) -> dict[str, tuple[tuple[int, int], ...]]:
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for row in rows:
        (segment, origin), (other, target) = row["from"].split("-"), row["to"].split("-")
        if segment != other:
            raise ValueError(f"{row['from']} and {row['to']} are of two segments: a sheet moves between segments")
        found[segment] = (*found.get(segment, ()), (int(origin), int(target)))
    return found


def _declared(sheets: Mapping[str, Sheet]) -> Mapping[str, tuple[Sheet, ...]]:
    found: dict[str, tuple[Sheet, ...]] = {}
    for one in sheets.values():
        if one.create or one.into:
            found[one.segment] = (*found.get(one.segment, ()), one)
    return found
