"""Drafts of one patient as the items and conflicts that the brief and its neighbours are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from hub.summarizer import brief, conflicts, merging
from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.passages import Passage
from hub.summarizer.wording import wording
from tests.unit.summarizer.statements import find, measure, relative, say, take

TODAY = date(2025, 6, 1)


def items_of(*drafts: Draft) -> list[Item]:
    return [replace(item, text=wording(item)) for item in merging.merge(drafts)]


def briefed(question: str | None, *drafts: Draft) -> list[str]:
    """The names that the brief tells, in its order."""
    items = items_of(*drafts)
    vectors = np.zeros((len(items), 1), np.float32)
    ids = brief.choose(items, vectors, question, None, conflicts.find(items), TODAY)
    named = {item.id: item.head.name for item in items}
    return [named[one] for one in ids]


def said(*sentences: str) -> list[Passage]:
    return [Passage(sentence, ()) for sentence in sentences]


def read(line: str) -> Draft:
    """A statement of `brief_situations.yaml`."""
    kind, name, *rest = line.split()
    match kind:
        case "medicine":
            return take(name, *rest[:1], *rest[1:])
        case "result":
            number, unit, *when = rest
            return measure(name, number, None if unit == "-" else unit, when[0] if when else None)
        case "finding":
            return find(name, *rest)
        case "family":
            return relative(rest[0], name)
    given: dict[str, Any] = {}
    for word in rest:
        known = word in ("absent", "uncertain")
        given["assertion" if known else "start" if word[0].isdigit() else "status"] = word
    return say(kind, name, **given)
