"""Names that no table has, told by their form: `...综合征`, `...切除术`, `...缓释片`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hub.summarizer.reading.model import Mention
from hub.summarizer.rows import rows

_WORD = re.compile(r"[\u4e00-\u9fffA-Za-z0-9αβγ\-]+")
_LONGEST = 18


@dataclass(frozen=True, slots=True)
class _Table:
    forms: tuple[tuple[str, re.Pattern[str]], ...]
    generic: frozenset[str]
    lead: re.Pattern[str]


@lru_cache(maxsize=1)
def _table() -> _Table:
    table = dict(rows("reading/unlisted.tsv", 2))
    generic, lead = table.pop("generic").split(), table.pop("lead").split()
    forms = tuple((kind, re.compile("|".join(endings.split()))) for kind, endings in table.items())
    return _Table(forms, frozenset(generic), re.compile(f"(?:.*(?:{'|'.join(lead)}))", re.DOTALL))


def unlisted(text: str, taken: Sequence[tuple[int, int]]) -> list[Mention]:
    """Names by their form, outside of what is taken; `term` None. A name is cut at the word that leads to it."""
    found: list[Mention] = []
    table = _table()
    for kind, form in table.forms:
        for match in form.finditer(text):
            end = match.end()
            start = word_start(text, match.start(), [b for _, b in taken])
            name = text[start:end]
            free = all(end <= a or b <= start for a, b in [*taken, *((m.start, m.end) for m in found)])
            if free and 2 < len(name) <= _LONGEST and name.lower() not in table.generic and start < match.start():
                found.append(Mention(kind, name, start, end, None))
    return found


def word_start(text: str, at: int, ends: Sequence[int] = ()) -> int:
    """Where the word that ends before `at` begins: after punctuation, another name, or a word that leads to a name."""
    floor = max((e for e in ends if e <= at), default=0)
    floor = max(floor, at - _LONGEST)
    start = at
    while start > floor and _WORD.fullmatch(text[start - 1]):
        start -= 1
    lead = _table().lead.match(text[start:at])
    return start + lead.end() if lead else start
