"""What surrounds a mention: said to be, not to be, perhaps, of whom, planned, before.

After NegEx and ConText (Chapman 2001, Harkema 2009) with the scopes of Chinese clinical prose: cues and their reach are
rows of `assertion.tsv`, relatives of `kin.tsv`. A sentence is scanned once for all cues.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.summarizer.reading.cues import Cue, Rule, denies, scan
from hub.summarizer.reading.kin import Person, subjects
from hub.summarizer.reading.model import Assertion, Context, Section

_HARD: Final = frozenset("。;；!！\n")
_SOFT: Final = frozenset(",，:：")
_QUERY: Final = frozenset("?？")
_MARKS: Final = re.compile(r"[,，:：。;；!！\n?？]|\.(?= |$)")
_JOINT: Final = frozenset(
    ("", "、", "和", "及", "或", "与", "或者", "以及", "/", " ", "等", "及其", "跟", "、或", "、及", "”、“")
)
_BARE: Final = frozenset(' 、和及或与跟等症状表现情况史病既往的也不适之类传染遗传慢性征象体样其他以."“”‘’()（）')
_TAIL: Final = frozenset(' 的了吧哈啊呀哦嘛呢咯喽撒噻大性。."”)）')
_LEAD: Final = _BARE | frozenset("明显显著确切剧烈特殊任何其它他")
_CHANGES: Final = ("加重", "加剧", "减轻", "好转", "缓解", "改善", "恶化", "进展", "增多", "减少", "变化", "消失")
_DIRECTLY: Final = frozenset(" 都也均这些全几样呢")
_CLOSERS: Final = frozenset(("absent", "uncertain", "planned", "question", "but"))
_TRANSPARENT: Final = frozenset(("historical", "none"))
_QUOTE: Final = frozenset(" \"“”‘’'「『《(（的")
_BLOT: Final = "\x00"
_NEAR: Final = 1
_UNKNOWN_ITEM: Final = 4
"""Characters of a name in a list that nothing recognised."""


_PLAIN: Final = Context()


@dataclass(slots=True)
class _Found:
    """What the cues say of one mention.

    front, back: the nearest cue that decides its assertion, on either side;
    supposed: a condition in its own clause (`如果没有发热`).
    """

    front: tuple[Cue, Rule] | None = None
    back: tuple[Cue, Rule] | None = None
    planned: bool = False
    historical: bool = False
    resolved: bool = False
    supposed: bool = False
    cues: list[Cue] = field(default_factory=list)


@dataclass(slots=True)
class _Sentence:
    """A text cut at its punctuation. hard: ends of what commas may join; soft: commas and colons too."""

    text: str
    spans: Sequence[tuple[int, int]]
    cues: list[Cue]
    hard: list[int]
    soft: list[int]

    def clause_end(self, at: int) -> int:
        return self.soft[bisect_left(self.soft, at)]

    def clause_start(self, at: int) -> int:
        index = bisect_left(self.soft, at)
        return self.soft[index - 1] + 1 if index else 0

    def end(self, at: int) -> int:
        return self.hard[bisect_left(self.hard, at)]


def contexts(text: str, spans: Sequence[tuple[int, int]], section: Section = "") -> list[Context]:
    """The context of each mention of a sentence. spans: of the mentions in `text`, ascending; one context each."""
    if not spans:
        return []
    outside = _hidden(text, spans)
    cues = scan(outside)
    people = subjects(outside, spans, cues, section)
    itself = [denies(text[start:end]) for start, end in spans]
    if not cues and not any(itself):
        return [Context(subject=p.name if p else "", cues=_cited((), p)) for p in people]
    sentence = _cut(outside, spans, cues)
    found = [_Found() for _ in spans]
    for number, cue in enumerate(cues):
        if cue.rule.direction:
            _apply(sentence, number, cue, found)
    return [_context(f, p, i) for f, p, i in zip(found, people, itself, strict=True)]


def _hidden(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with names blotted out, for what is part of a name is no cue (`不稳定型心绞痛`)."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start >= at:
            parts += (text[at:start], _BLOT * (end - start))
            at = end
    parts.append(text[at:])
    return "".join(parts)


def _cut(text: str, spans: Sequence[tuple[int, int]], cues: list[Cue]) -> _Sentence:
    hard: list[int] = []
    soft: list[int] = []
    size = len(text)
    for mark in _MARKS.finditer(text):
        at = mark.start()
        char = mark.group()
        if char in _SOFT:
            if not (0 < at < size - 1 and text[at - 1].isdigit() and text[at + 1].isdigit()):
                soft.append(at)
        elif at + 1 < size or char not in _QUERY:
            hard.append(at)
            soft.append(at)
    hard.append(size)
    soft.append(size)
    return _Sentence(text, spans, cues, hard, soft)


def _apply(sentence: _Sentence, number: int, cue: Cue, found: list[_Found]) -> None:
    for rule in (cue.rule, *cue.others):
        reached, after = _reached(sentence, number, cue, rule)
        for index in reached:
            _say(found[index], cue, rule, after)
        if reached:
            return


def _reached(sentence: _Sentence, number: int, cue: Cue, rule: Rule) -> tuple[range, bool]:
    if rule.effect == "question" and cue.latin and "?" not in sentence.text[cue.end :]:
        return range(0), False
    if rule.direction in ("after", "either"):
        reached = _after(sentence, number, cue, rule)
        if reached and rule.effect == "absent" and _changes(sentence, reached):
            return range(0), True
        if reached or rule.direction == "after":
            return reached, True
    if rule.direction == "before" or _closes(sentence, cue):
        return _before(sentence, number, cue, rule), False
    return range(0), False


def _changes(sentence: _Sentence, reached: range) -> bool:
    """Whether not the name is denied but its change (`无腹痛加重`)."""
    past = sentence.spans[reached[-1]][1]
    before = any(sentence.text.startswith(("之前", "以前", "的时候", "还好"), sentence.spans[i][1]) for i in reached)
    return before or sentence.text.startswith(_CHANGES, past)


def _after(sentence: _Sentence, number: int, cue: Cue, rule: Rule) -> range:
    first = bisect_left(sentence.spans, (cue.end, 0))
    if rule.reach == "near":
        return _near_after(sentence, cue, first)
    latest = _stop(sentence, number, rule, sentence.end(cue.end))
    if rule.reach == "sentence" or (rule.reach == "list" and cue.latin):
        return range(first, bisect_left(sentence.spans, (latest, 0)))
    end = min(sentence.clause_end(cue.end), latest)
    last = bisect_left(sentence.spans, (end, 0))
    if rule.reach == "list" and last > first:
        last = _over_commas(sentence, end, latest, last)
    return range(first, last)


def _stop(sentence: _Sentence, number: int, rule: Rule, end: int) -> int:
    """Where the scope of a cue ends before `end`: at a contrast, and a weak one's at a new predicate."""
    for other in sentence.cues[number + 1 :]:
        if other.start >= end:
            break
        effect = other.rule.effect
        if (
            effect == "absent"
            and rule.effect == "planned"
            and sentence.clause_end(sentence.cues[number].end) < other.start
        ):
            return other.start
        if effect == "but" or (effect == "has" and not rule.strong and other.start > sentence.cues[number].end):
            return other.start
    return end


def _over_commas(sentence: _Sentence, end: int, latest: int, last: int) -> int:
    """How far a list goes on: over clauses that hold nothing but names."""
    spans, text = sentence.spans, sentence.text
    while end < latest and end < len(text) and text[end] in ",，":
        upto = min(sentence.clause_end(end + 1), latest)
        within = bisect_left(spans, (upto, 0))
        if any(end < c.start < upto for c in sentence.cues if c.rule.effect not in _TRANSPARENT):
            break
        if within > last:
            if not _bare(text, end + 1, upto, spans[last:within]):
                break
        elif upto - end - 1 > _UNKNOWN_ITEM or not text[end + 1 : upto].isalpha():
            break
        end, last = upto, within
    return last


def _bare(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether there is nothing but names and what joins them."""
    for first, past in spans:
        if not _LEAD.issuperset(text[start:first]):
            return False
        start = past
    return _BARE.issuperset(text[start:end])


def _near_after(sentence: _Sentence, cue: Cue, first: int) -> range:
    spans, text = sentence.spans, sentence.text
    if first == len(spans):
        return range(0)
    between = text[cue.end : spans[first][0]]
    if len(between) > _NEAR and not _QUOTE.issuperset(between):
        return range(0)
    if any(c in _SOFT or c in _HARD or c == "、" for c in between):
        return range(0)
    last = first + 1
    while last < len(spans) and text[spans[last - 1][1] : spans[last][0]] in _JOINT:
        last += 1
    return range(first, last)


def _closes(sentence: _Sentence, cue: Cue) -> bool:
    """Whether nothing but particles stands between a cue and the end of its clause."""
    end = sentence.clause_end(cue.end)
    rest = sentence.text[cue.end : end]
    return _TAIL.issuperset(rest.rstrip("?？")) or any(
        c.start == cue.end and c.rule.effect in _CLOSERS for c in sentence.cues
    )


def _before(sentence: _Sentence, number: int, cue: Cue, rule: Rule) -> range:
    spans = sentence.spans
    past = bisect_left(spans, (cue.start, 0))
    if rule.reach == "near":
        return _near_before(sentence, cue, rule, past)
    start = sentence.clause_start(cue.start)
    first = bisect_left(spans, (start, 0))
    over = rule.effect != "absent" or _DIRECTLY.issuperset(sentence.text[start : cue.start])
    if rule.reach == "list" and over and first == past and past and start and sentence.text[start - 1] in ",，:：":
        start = sentence.clause_start(spans[past - 1][0])
        if sentence.end(start) < cue.start:
            return range(0)
        first = bisect_left(spans, (start, 0))
    for other in reversed(sentence.cues[:number]):
        if other.start < start:
            break
        if (
            rule.direction != "before"
            and first < past
            and "有" in sentence.text[other.start : other.end]
            and other.rule.effect == "has"
            and other.end <= spans[first][0]
        ):
            return range(0)
        if other.rule.effect in ("but", "has") and first < bisect_left(spans, (other.end, 0)) < past:
            first = bisect_left(spans, (other.end, 0))
            break
    return range(first, past)


def _near_before(sentence: _Sentence, cue: Cue, rule: Rule, past: int) -> range:
    if not past:
        return range(0)
    between = sentence.text[sentence.spans[past - 1][1] : cue.start]
    if len(between) > _NEAR and not _BARE.issuperset(between):
        return range(0)
    if any(c in _SOFT or c in _HARD or c == "、" for c in between):
        return range(0)
    first = past - 1
    if rule.effect == "historical":
        while first and sentence.text[sentence.spans[first - 1][1] : sentence.spans[first][0]] in _JOINT:
            first -= 1
    return range(first, past)


def _say(found: _Found, cue: Cue, rule: Rule, after: bool) -> None:
    found.cues.append(cue)
    if rule.effect in ("planned", "if"):
        found.planned = True
        found.supposed = found.supposed or rule.effect == "if"
    elif rule.effect == "historical":
        found.historical = True
    elif rule.effect == "resolved":
        found.resolved = True
    elif not after:
        found.back = found.back or (cue, rule)
    elif found.front is None or not _governs(found.front[0], cue):
        found.front = cue, rule


def _governs(outer: Cue, inner: Cue) -> bool:
    """Whether two cues in a row are one statement, the first of which decides (`未见可疑`, `可能没有`)."""
    return inner.start - outer.end <= _NEAR + 1


def _context(found: _Found, person: Person | None, itself: bool) -> Context:
    if not found.cues and not person and not itself:
        return _PLAIN
    said = {pair[1].effect for pair in (found.front, found.back) if pair}
    assertion: Assertion = "present"
    if "absent" in said or itself or ("excluded" in said and not found.planned):
        assertion = "uncertain" if found.supposed or "question" in said else "absent"
    elif said:
        assertion = "uncertain"
    return Context(
        assertion, person.name if person else "", found.planned, found.historical, found.resolved,
        _cited(found.cues, person),
    )  # fmt: skip


def _cited(cues: Sequence[Cue], person: Person | None) -> tuple[tuple[int, int], ...]:
    places = {(c.start, c.end) for c in cues}
    if person and person.end > person.start:
        places.add((person.start, person.end))
    return tuple(sorted(places))
