"""Standard terms proposed beside what has no code, or a code that only one organisation knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hub.summarizer.drafts import GLOBAL_SYSTEMS
from hub.summarizer.embedding import Embedder
from hub.summarizer.items import Item
from hub.summarizer.terminology.index import Entry
from hub.summarizer.terminology.shelf import Shelf
from hub.summarizer.terminology.suggest import THRESHOLD, Suggester, Suggestion

KINDS: dict[str, tuple[str, ...]] = {
    "problem": ("problem", ""),
    "symptom": ("problem", ""),
    "family": ("problem", ""),
    "allergy": ("allergen", "medicine", ""),
    "medication": ("medicine", ""),
    "result": ("analyte", ""),
    "procedure": ("procedure", ""),
    "immunization": ("vaccine", ""),
}
"""Which terms fit an item of a kind, by the kind of term; "" are a site's terms of which nobody said what they are."""

_REMEMBERED = 50_000


def suggest(items: Sequence[Item], embed: Embedder, terminologies: Shelf) -> list[dict[str, Any]]:
    """`suggestions` of the record: of each item at most one, where a name is equal or its chance reaches THRESHOLD.

    embed: of the items' names, with the model of the terminologies' vectors.
    """
    wanted = [item for item in items if item.head.kind in KINDS and _needs_code(item)]
    if not wanted:
        return []
    suggester = terminologies.suggester()
    if len(suggester.told) > _REMEMBERED:
        suggester.told.clear()
    for kinds in dict.fromkeys(KINDS[item.head.kind] for item in wanted):
        _ask(suggester, kinds, {i.head.name for i in wanted if KINDS[i.head.kind] == kinds}, embed)
    told = [(item, suggester.told.get((KINDS[item.head.kind], item.head.name))) for item in wanted]
    return [_suggestion(item, suggestion) for item, suggestion in told if suggestion]


def _ask(suggester: Suggester, kinds: tuple[str, ...], names: Iterable[str], embed: Embedder) -> None:
    """Have the suggester know what to suggest for these names; most are the names of earlier records."""
    unlike = []
    for name in sorted(names):
        if named := suggester.exact(name, kinds):
            suggester.told[kinds, name] = Suggestion(named, 1.0)
        elif (kinds, name) not in suggester.told:
            unlike.append(name)
    if unlike:
        found = suggester.suggest(unlike, embed.embed(unlike, "query"), kinds, 1)
        for name, first in zip(unlike, found, strict=True):
            suggester.told[kinds, name] = first[0] if first and first[0].score >= THRESHOLD else None


def _needs_code(item: Item) -> bool:
    return not item.head.code or item.head.code["system"] not in GLOBAL_SYSTEMS


def _suggestion(item: Item, suggestion: Suggestion) -> dict[str, Any]:
    return {"item_id": item.id, "original": item.head.name, "code": _coded(suggestion.entry), "score": suggestion.score}


def _coded(entry: Entry) -> dict[str, str]:
    return {"system": entry.system, "code": entry.code, "display": entry.display}
