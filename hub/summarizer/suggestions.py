"""Standard terms proposed beside what has no code, or a code that only one organisation knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.summarizer.drafts import GLOBAL_SYSTEMS
from hub.summarizer.embedding import Embedder
from hub.summarizer.items import Item
from hub.summarizer.terminology.index import Entry
from hub.summarizer.terminology.shelf import Shelf
from hub.summarizer.terminology.suggest import THRESHOLD, Suggestion

KINDS: dict[str, tuple[str, ...]] = {
    "problem": ("problem", ""),
    "family": ("problem", ""),
    "allergy": ("allergen", "medicine", ""),
    "medication": ("medicine", ""),
    "result": ("analyte", ""),
    "procedure": ("procedure", ""),
    "immunization": ("vaccine", ""),
}
"""Which terms fit an item of a kind, by the kind of term; "" are a site's terms of which nobody said what they are."""


def suggest(items: Sequence[Item], embed: Embedder, terminologies: Shelf) -> list[dict[str, Any]]:
    """`suggestions` of the record: of each item at most one, where a name is equal or its chance reaches THRESHOLD.

    embed: of the items' names, with the model of the terminologies' vectors.
    """
    wanted = [item for item in items if item.head.kind in KINDS and _needs_code(item)]
    if not wanted:
        return []
    suggester = terminologies.suggester()
    found: dict[tuple[tuple[str, ...], str], Suggestion] = {}
    for kinds in dict.fromkeys(KINDS[item.head.kind] for item in wanted):
        names = list(dict.fromkeys(i.head.name for i in wanted if KINDS[i.head.kind] == kinds))
        unlike = []
        for name in names:
            if named := suggester.exact(name, kinds):
                found[kinds, name] = Suggestion(named, 1.0)
            else:
                unlike.append(name)
        if unlike:
            told = suggester.suggest(unlike, embed.embed(unlike, "query"), kinds, 1)
            found |= {(kinds, n): s[0] for n, s in zip(unlike, told, strict=True) if s and s[0].score >= THRESHOLD}
    told_of = [(item, found.get((KINDS[item.head.kind], item.head.name))) for item in wanted]
    return [_suggestion(item, suggestion) for item, suggestion in told_of if suggestion]


def _needs_code(item: Item) -> bool:
    return not item.head.code or item.head.code["system"] not in GLOBAL_SYSTEMS


def _suggestion(item: Item, suggestion: Suggestion) -> dict[str, Any]:
    return {"item_id": item.id, "original": item.head.name, "code": _coded(suggestion.entry), "score": suggestion.score}


def _coded(entry: Entry) -> dict[str, str]:
    return {"system": entry.system, "code": entry.code, "display": entry.display}
