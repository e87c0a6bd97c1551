"""What is to be done after this record: what, when and by whom, in the plan's own words; for the one who takes over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.reading.characters import plain
from hub.summarizer.reading.dates import find_due
from hub.summarizer.rows import rows

_CLAUSE = re.compile(r"[，,。；;！!\n]")
_EDGE = " \t\n，,。；;、:：.！!"
_SENDS = (
    r"(?:(?:由|到|至|去|在|回|于|来|往|请|让|叫|嘱|经|转(?:回|至|往|由)?|交(?:由|给)?|联系|找|"
    r"\b(?:with|by|at|to|in|see|via|from|through|visit)\s+)\s*)+"
)
_DOES = (
    r"\s*(?:定期|按时|负责|继续|每[^，,。；;]{0,6}|\d[^，,。；;]{0,6}|[一两二三四半][^，,。；;]{0,5})?\s*"
    r"(?:随访|随诊|复查|复诊|复检|监测|自测|管理|就诊|就医|换药|拆线|处理|调整|取药|开药|续方|查|测|"
    r"to (?:follow|check|repeat|review|monitor|arrange)|(?:should|will) (?:follow|check|repeat|review|monitor|arrange)|"
    r"follow[- ]?up|review|monitoring)"
)


def listed(items: Sequence[Item]) -> list[dict[str, Any]]:
    """`follow_up` of the record: what is planned and not done, the dated first by date, then the others as told.

    what: the plan's words; when: a FHIR date or None; by: who is to do it in the words' own wording, or None.
    """
    planned = [i for i in items if i.head.section == "plans" and i.head.status == "planned" and _said(i.head)]
    made = [_entry(item) for item in planned]
    return sorted(_distinct(made), key=lambda entry: (entry["when"] is None, entry["when"] or ""))


def _said(head: Draft) -> bool:
    return head.assertion != "absent"


def _entry(item: Item) -> dict[str, Any]:
    head = item.drafts[-1]
    what = _words(head) if head.free else item.head.name
    return {
        "what": what,
        "when": _due(item, what),
        "by": next((by for draft in reversed(item.drafts) if draft.free and (by := doer(_words(draft)))), None),
        "item_id": item.id,
        "sources": list(item.sources),
    }


def _words(head: Draft) -> str:
    """The sentence that plans it, without its end mark."""
    said = next((str(s["text"]) for s in head.sources if head.name in str(s["text"])), head.name)
    return said.strip(_EDGE) or head.name


def _due(item: Item, what: str) -> str | None:
    """The date of the plan where it lies ahead of what says it (an order's own date is no date on which it is due),
    else the one date that the clauses around its name say it is due on."""
    head = item.drafts[-1]
    start, written = item.head.start, head.evidence.at.date()
    if start and start[:10] > written.isoformat()[: len(start[:10])]:
        return start
    if start or not head.free:
        return None
    return _said_due(what, head.name, written)


@lru_cache(maxsize=8192)
def _said_due(what: str, name: str, written: date) -> str | None:
    text = plain(what)
    first, last = _around(text, max(text.find(plain(name)), 0))
    due = {w.value for w in find_due(text, written) if w.value and first <= w.start < last}
    return due.pop() if len(due) == 1 else None


def _around(text: str, at: int) -> tuple[int, int]:
    """The clause at a place and the one before it."""
    marks = [m.start() for m in _CLAUSE.finditer(text)]
    before = [m for m in marks if m < at]
    return (before[-2] if len(before) > 1 else 0), next((m for m in marks if m >= at), len(text))


def _distinct(entries: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A sentence that plans several things is one entry for each of its dates."""
    seen: set[tuple[str, str | None]] = set()
    for entry in entries:
        if (entry["what"], entry["when"]) not in seen:
            seen.add((entry["what"], entry["when"]))
            yield entry


@lru_cache(maxsize=8192)
def doer(words: str) -> str | None:
    """Who is to do it as the words say (`到社区医院复查` -> `社区医院`), None where they do not."""
    text = plain(words)
    for pattern in _patterns():
        found = pattern.search(text)
        if found:
            start, end = next(found.span(n) for n in (1, 2) if found.span(n) != (-1, -1))
            return words[start:end].strip() or None
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(f"{_SENDS}({words})|({words}){_DOES}", re.IGNORECASE) for _, words in rows("follow_up.tsv", 2)
    )
