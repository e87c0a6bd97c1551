"""How far a list of names goes on over commas."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from hub.summarizer.reading.clauses import Sentence
from hub.summarizer.reading.cues import Cue

BARE: Final = frozenset('\x00 、和及或与跟等症状表现情况史病既往的也不适之类传染遗传慢性征象体样其他以."“”‘’()（）')
_LEAD: Final = BARE | frozenset("明显显著确切剧烈特殊任何其它他")
_SIDED: Final = _LEAD | frozenset("左右双单两一侧边全半身肢上下手脚腿腰背胸腹部面颈肩膝眼耳")
_TRANSPARENT: Final = frozenset(("historical", "none"))
_UNKNOWN_ITEM: Final = 4
"""Characters of a name in a list that nothing recognised."""

_UNKNOWN_AMONG: Final = 7
"""And of one in a list that says where it ends."""

_TOLD: Final = re.compile("[一二三四五六七八九十两几半天日年月周时分了好很老总凶厉害严死常太真慢快有是说来去]")
"""In a clause that is no name."""

_NOTHING: Final = frozenset(("异常", "不适", "特殊", "其他", "明显异常", "明显不适", "特殊不适"))
_SIDE: Final = re.compile("[,，](?=[左右双两]|一侧|单侧)")
_HISTORY: Final = re.compile(r"(?:[,，][^,，。;；\d有但]{1,8}+){1,4}(?<=[史等])(?=[,，。;；]|$)")
_AND_OTHERS: Final = re.compile(r"等(?:其他|症状|不适|表现|情况|传染|慢性|疾|病|史|征象|体征|异常)*(?=[,，。.;；]|$)")
_DATED: Final = re.compile(
    r"[,，]\s*(?:约|近|大概|自|从|已|有)?\s*[\d一二三四五六七八九十两几半][\d./\-一二三四五六七八九十两几半天日年月周号个多余来时小]*"
    r"(?:前|起|起病|开始|以来|发病|出现|发现|了|多|余|左右|至今|史)*\s*(?=[,，。;；]|$)"
)
"""After a bare name: the clause that follows is what is said of it (`GDM,2025年起病`)."""

_SINCE: Final = re.compile(r" (?:x|for|since|times|over the|\d)(?![a-z])", re.IGNORECASE)


def undated(sentence: Sentence, first: int, last: int) -> int:
    """How far an English list goes on: to a clause that says since when (`no nausea, diarrhea x 3 days`)."""
    opened = sentence.clause_end(sentence.spans[first][0]) if first < last else 0
    for index in range(first, last):
        past = sentence.spans[index][1]
        if past > opened and _SINCE.match(sentence.text, past):
            return index
    return last


def over_commas(sentence: Sentence, end: int, latest: int, last: int, *, seen: bool = False) -> int:
    """How far a list goes on: over clauses that hold nothing but names; with `等` behind it also sides of the body.

    seen: whether it is a list of what an examination did not show, which a finding of one side ends.
    """
    closed = _AND_OTHERS.search(sentence.text, end, latest)
    if closed:
        past, within = _over(sentence, end, latest, last, _SIDED)
        if past >= closed.start():
            return within
    side = _SIDE.search(sentence.received, end, latest) if seen else None
    return _over(sentence, end, side.start() if side else latest, last, _LEAD)[1]


def opens_unknown(sentence: Sentence, cue: Cue, end: int) -> bool:
    """Whether a denied history begins with a name that nothing recognised (`否认手术,外伤史`)."""
    item = sentence.text[cue.end : end].strip()
    named = 1 < len(item) <= _UNKNOWN_ITEM and item.isalpha() and item not in _NOTHING
    return named and bool(_HISTORY.match(sentence.text, end))


def _over(sentence: Sentence, end: int, latest: int, last: int, lead: frozenset[str]) -> tuple[int, int]:
    spans, text = sentence.spans, sentence.text
    while end < latest and end < len(text) and text[end] in ",，":
        upto = min(sentence.clause_end(end + 1), latest)
        within = bisect_left(spans, (upto, 0))
        if (
            _speaks(sentence, end, upto)
            or _predicates(sentence, end, upto)
            or (text[end - 1] == "史" and text[upto - 1] != "史")
        ):
            break
        if within > last:
            if not _bare(text, end + 1, upto, spans[last:within], lead) or _DATED.match(text, upto, latest):
                break
        elif not _item(text, end + 1, upto, lead):
            break
        end, last = upto, within
    return end, last


def back_over_commas(sentence: Sentence, start: int, first: int) -> int:
    """The first name of a list that ends with `these are all absent`: back over clauses of nothing but names."""
    spans, text = sentence.spans, sentence.text
    while start and text[start - 1] in ",，":
        begin = sentence.clause_start(start - 1)
        within = bisect_left(spans, (begin, 0))
        if _speaks(sentence, begin, start - 1):
            break
        if within < first:
            if not _bare(text, begin, start - 1, spans[within:first], _SIDED):
                break
        elif not _item(text, begin, start - 1, _SIDED):
            break
        start, first = begin, within
    return first


def _item(text: str, start: int, end: int, lead: frozenset[str]) -> bool:
    """Whether a clause may be a name of a list that nothing recognised."""
    longest = _UNKNOWN_ITEM if lead is _LEAD else _UNKNOWN_AMONG
    if not start < end <= start + longest or not text[start:end].isalpha():
        return False
    return lead is _LEAD or not _TOLD.search(text, start, end)


def _predicates(sentence: Sentence, end: int, upto: int) -> bool:
    """Whether what cuts a clause off is said of the names in it (`没力气有段时间了`)."""
    index = bisect_left(sentence.cues, upto, key=_start)
    return (
        upto < sentence.clause_end(end + 1)
        and index < len(sentence.cues)
        and sentence.cues[index].start == upto
        and sentence.cues[index].rule.effect == "has"
    )


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


def _bare(text: str, start: int, end: int, spans: Sequence[tuple[int, int]], lead: frozenset[str]) -> bool:
    """Whether there is nothing but names and what joins them."""
    for first, past in spans:
        if not lead.issuperset(text[start:first]):
            return False
        start = past
    return BARE.issuperset(text[start:end])
