"""What nobody sent although it belongs to a record, or to this question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from hub.summarizer.items import Item
from hub.summarizer.passages import Passage
from hub.summarizer.relevance import rows


def find(items: Sequence[Item], passages: Sequence[Passage], question: str | None) -> list[dict[str, str]]:
    """`missing` of the record: essentials that stand in no item of their section and in no passage."""
    said = "\n".join(p.text for p in passages)
    listed: dict[str, list[str]] = {}
    for item in items:
        keys = (k for d in item.drafts for k in d.keys if k.startswith("term|"))
        listed.setdefault(item.head.section, []).append(" ".join([item.text, *keys]))
    found = []
    for section, only, answer, text in _essentials():
        if only is not None and not only.search(question or ""):
            continue
        present = listed.get(section, [])
        answered = any(answer.search(words) for words in present) if only is not None else bool(present)
        if not answered and not answer.search(said):
            found.append({"section": section, "text": text})
    return found


@lru_cache(maxsize=1)
def _essentials() -> list[tuple[str, re.Pattern[str] | None, re.Pattern[str], str]]:
    return [
        (section, re.compile(only, re.IGNORECASE) if only else None, re.compile(answer, re.IGNORECASE), text)
        for section, only, answer, text in rows("missing.tsv", 4)
    ]
