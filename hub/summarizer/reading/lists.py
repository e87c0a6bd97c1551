"""How far a list of names goes on over commas."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from hub.summarizer.reading.clauses import Sentence
from hub.summarizer.reading.cues import Cue

BARE: Final = frozenset(' 、和及或与跟等症状表现情况史病既往的也不适之类传染遗传慢性征象体样其他以."“”‘’()（）')
_LEAD: Final = BARE | frozenset("明显显著确切剧烈特殊任何其它他")
_TRANSPARENT: Final = frozenset(("historical", "none"))
_UNKNOWN_ITEM: Final = 4
"""Characters of a name in a list that nothing recognised."""

_TIMED: Final = re.compile("[一二三四五六七八九十两几半天日年月周时分了好]")
"""In a clause that is no name."""

_SINCE: Final = re.compile(r" (?:x|for|since|times|over the|\d)(?![a-z])", re.IGNORECASE)


def undated(sentence: Sentence, first: int, last: int) -> int:
    """How far an English list goes on: to a clause that says since when (`no nausea, diarrhea x 3 days`)."""
    opened = sentence.clause_end(sentence.spans[first][0]) if first < last else 0
    for index in range(first, last):
        past = sentence.spans[index][1]
        if past > opened and _SINCE.match(sentence.text, past):
            return index
    return last


def over_commas(sentence: Sentence, end: int, latest: int, last: int) -> int:
    """How far a list goes on: over clauses that hold nothing but names."""
    spans, text = sentence.spans, sentence.text
    while end < latest and end < len(text) and text[end] in ",，":
        upto = min(sentence.clause_end(end + 1), latest)
        within = bisect_left(spans, (upto, 0))
        if _speaks(sentence, end, upto):
            break
        if within > last:
            if not _bare(text, end + 1, upto, spans[last:within]):
                break
        elif upto - end - 1 > _UNKNOWN_ITEM or not text[end + 1 : upto].isalpha():
            break
        end, last = upto, within
    return last


def back_over_commas(sentence: Sentence, start: int, first: int) -> int:
    """The first name of a list that ends with `these are all absent`: back over clauses of nothing but names."""
    spans, text = sentence.spans, sentence.text
    while start and text[start - 1] in ",，":
        begin = sentence.clause_start(start - 1)
        within = bisect_left(spans, (begin, 0))
        if _speaks(sentence, begin, start - 1):
            break
        if within < first:
            if not _bare(text, begin, start - 1, spans[within:first]):
                break
        elif (
            not 0 < start - 1 - begin <= _UNKNOWN_ITEM
            or not text[begin : start - 1].isalpha()
            or _TIMED.search(text, begin, start - 1)
        ):
            break
        start, first = begin, within
    return first


def _speaks(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a cue of any effect on names stands there."""
    index = bisect_left(sentence.cues, start, key=_start)
    while index < len(sentence.cues) and sentence.cues[index].start < end:
        if sentence.cues[index].rule.effect not in _TRANSPARENT:
            return True
        index += 1
    return False


def _start(cue: Cue) -> int:
    return cue.start


def _bare(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether there is nothing but names and what joins them."""
    for first, past in spans:
        if not _LEAD.issuperset(text[start:first]):
            return False
        start = past
    return BARE.issuperset(text[start:end])
