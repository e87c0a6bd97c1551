"""What surrounds a mention: said to be, not to be, perhaps, of whom, planned, before.

After NegEx and ConText (Chapman 2001, Harkema 2009) with the scopes of Chinese clinical prose: cues and their reach are
rows of `assertion.tsv`, relatives of `kin.tsv`. A sentence is scanned once for all cues.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.summarizer.reading import characters
from hub.summarizer.reading.clauses import HARD, SOFT, Sentence, cut, hidden, nouns
from hub.summarizer.reading.cues import Cue, Rule, denies, scan
from hub.summarizer.reading.kin import Person, subjects
from hub.summarizer.reading.lists import BARE, back_over_commas, opens_unknown, over_commas, undated
from hub.summarizer.reading.model import Assertion, Context, Section

_COLONS: Final = frozenset(":：")
_JOINT: Final = frozenset(
    ("", "、", "和", "及", "或", "与", "或者", "以及", "/", " ", "等", "及其", "跟", "、或", "、及", "”、“")
)
_OR: Final = frozenset(("或", "还是", "或者", "抑或", "/", " or ", " vs ", " versus "))
_TAIL: Final = frozenset(' 的了吧哈啊呀哦嘛呢咯喽撒噻大性。."”)）')
_CHANGES: Final = ("加重", "加剧", "减轻", "好转", "缓解", "改善", "恶化", "进展", "增多", "减少", "变化", "消失")
_TIMES: Final = ("之前", "以前", "的时候", "还好")
_TOGETHER: Final = frozenset("这那啥样上此概统通律部")
"""In a cue that is of all names before it, also where its own clause has several."""

_DIRECTLY: Final = frozenset(" 都也均这些全几样呢还尚目前暂诊断的我们自己真他她")
_ENDED_BY: Final = {
    "planned": frozenset(("absent", "uncertain", "resolved")),
    "historical": frozenset(("absent", "uncertain", "planned", "if")),
    "uncertain": frozenset(("planned", "if")),
    "absent": frozenset(("planned", "if")),
}
"""What ends a scope in a further clause, besides new predicates."""

_CLOSERS: Final = frozenset(("absent", "uncertain", "planned", "question", "but"))
_QUOTE: Final = frozenset("\x00 \"“”‘’'「『《(（的")
_NEAR: Final = 1
_FAR: Final = 200
"""Characters over which any cue reaches."""


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


def contexts(text: str, spans: Sequence[tuple[int, int]], section: Section = "") -> list[Context]:
    """The context of each mention of a sentence. spans: of the mentions in `text`, ascending; one context each."""
    if not spans:
        return []
    itself = [denies(text[start:end]) for start, end in spans]
    spans = nouns(text, spans)
    outside = hidden(text, spans)
    lower = characters.lower(outside)
    cues = scan(lower)
    people = subjects(outside, lower, spans, cues, section)
    if not any(cue.rule.direction for cue in cues) and not any(itself):
        return [Context(subject=p.name if p else "", cues=_cited((), p)) for p in people]
    sentence = cut(outside, text, spans, cues)
    found = [_Found() for _ in spans]
    for number, cue in enumerate(cues):
        if cue.rule.direction:
            _apply(sentence, number, cue, found)
    return [_context(f, p, i) for f, p, i in zip(found, people, itself, strict=True)]


def _apply(sentence: Sentence, number: int, cue: Cue, found: list[_Found]) -> None:
    for rule in (cue.rule, *cue.others):
        reached, after = _reached(sentence, number, cue, rule)
        for index in reached:
            _say(found[index], cue, rule, after)
        if reached:
            return


def _reached(sentence: Sentence, number: int, cue: Cue, rule: Rule) -> tuple[range, bool]:
    if rule.effect == "question" and cue.latin and "?" not in sentence.text[cue.end :]:
        return range(0), False
    if rule.direction in ("after", "either"):
        reached = _after(sentence, number, cue, rule)
        if reached and rule.effect == "absent" and _changes(sentence, reached):
            return range(0), True
        if reached or rule.direction == "after":
            return reached, True
    if rule.direction == "before" or _closes(sentence, number, cue):
        return _before(sentence, number, cue, rule), False
    return range(0), False


def _changes(sentence: Sentence, reached: range) -> bool:
    """Whether not the name is denied but its change (`无腹痛加重`)."""
    past = sentence.spans[reached[-1]][1]
    if sentence.text.startswith(_CHANGES, past):
        return True
    return any(sentence.text.startswith(_TIMES, sentence.spans[i][1]) for i in reached)


def _after(sentence: Sentence, number: int, cue: Cue, rule: Rule) -> range:
    first = bisect_left(sentence.spans, (cue.end, 0))
    if rule.reach == "near":
        reached = _near_after(sentence, cue, first)
        return _listed(sentence, reached) if reached and _of(sentence, cue) == "没" else reached
    start = cue.end + 1 if sentence.text[cue.end : cue.end + 1] in _COLONS else cue.end
    latest = _stop(sentence, number, rule, min(sentence.end(start), start + _FAR))
    if rule.reach == "sentence" or (rule.reach == "list" and cue.latin):
        last = bisect_left(sentence.spans, (latest, 0))
        return range(first, last if rule.effect != "absent" else undated(sentence, first, last))
    end = min(sentence.clause_end(start), latest)
    last = bisect_left(sentence.spans, (end, 0))
    if rule.reach in ("list", "all") and (last > first or opens_unknown(sentence, cue, end)):
        last = over_commas(sentence, end, latest, last, seen=sentence.text.startswith("未", cue.start))
    return range(first, last)


def _stop(sentence: Sentence, number: int, rule: Rule, end: int) -> int:
    """Where the scope of a cue ends before `end`: at a contrast, and a weak one's at a new predicate."""
    cue = sentence.cues[number]
    ended_by = _ENDED_BY.get(rule.effect, frozenset())
    for index in range(number + 1, len(sentence.cues)):
        other = sentence.cues[index]
        if other.start >= end:
            break
        effect = other.rule.effect
        if effect in ended_by and sentence.clause_end(cue.end) < other.start:
            return other.start
        if effect == "but" or (effect == "has" and not rule.strong and other.start > cue.end):
            return other.start
    return end


def _near_after(sentence: Sentence, cue: Cue, first: int) -> range:
    spans, text = sentence.spans, sentence.text
    if first == len(spans):
        return range(0)
    between = text[cue.end : spans[first][0]]
    if len(between) > _NEAR and not _QUOTE.issuperset(between):
        return range(0)
    if any(c in SOFT or c in HARD or c == "、" for c in between):
        return range(0)
    last = first + 1
    while last < len(spans) and text[spans[last - 1][1] : spans[last][0]] in _JOINT:
        last += 1
    return range(first, last)


def _listed(sentence: Sentence, reached: range) -> range:
    """The names of a clause that holds nothing else, with those that follow it over commas (`没头昏,心慌,想吐`)."""
    past = sentence.spans[reached[-1]][1]
    end = sentence.clause_end(past)
    if not BARE.issuperset(sentence.text[past:end]):
        return reached
    return range(reached.start, over_commas(sentence, end, sentence.end(end), reached.stop))


def _closes(sentence: Sentence, number: int, cue: Cue) -> bool:
    """Whether nothing but particles, or another cue, stands between a cue and the end of its clause."""
    rest = sentence.text[cue.end : sentence.clause_end(cue.end)]
    if not rest or _TAIL.issuperset(rest.rstrip("?？")):
        return True
    after = sentence.cues[number + 1] if number + 1 < len(sentence.cues) else None
    return after is not None and after.start == cue.end and after.rule.effect in _CLOSERS


def _before(sentence: Sentence, number: int, cue: Cue, rule: Rule) -> range:
    spans = sentence.spans
    past = bisect_left(spans, (cue.start, 0))
    if rule.reach == "near":
        return _near_before(sentence, cue, rule, past)
    start = sentence.clause_start(cue.start)
    first = bisect_left(spans, (start, 0))
    over = rule.effect not in ("absent", "uncertain") or _DIRECTLY.issuperset(sentence.text[start : cue.start])
    if rule.reach == "all" and start and (past - first == 1 or not _TOGETHER.isdisjoint(_of(sentence, cue))):
        return range(back_over_commas(sentence, start, first), past)
    if (
        rule.reach in ("list", "all")
        and over
        and first == past
        and past
        and start
        and sentence.text[start - 1] in ",，:："
    ):
        start = sentence.clause_start(spans[past - 1][0])
        if sentence.end(start) < cue.start:
            return range(0)
        first = bisect_left(spans, (start, 0))
    start = max(start, cue.start - _FAR)
    first = max(first, bisect_left(spans, (start, 0)))
    for index in range(number - 1, -1, -1):
        other = sentence.cues[index]
        if other.start < start:
            break
        if (
            rule.direction != "before"
            and rule.effect in ("absent", "question")
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


def _of(sentence: Sentence, cue: Cue) -> str:
    return sentence.text[cue.start : cue.end]


def _near_before(sentence: Sentence, cue: Cue, rule: Rule, past: int) -> range:
    if not past:
        return range(0)
    between = sentence.text[sentence.spans[past - 1][1] : cue.start]
    if len(between) > _NEAR and not BARE.issuperset(between):
        return range(0)
    if any(c in SOFT or c in HARD or c == "、" for c in between):
        return range(0)
    first = past - 1
    joint = _JOINT if rule.effect in ("historical", "absent") else _OR if rule.effect == "uncertain" else ()
    while first and sentence.text[sentence.spans[first - 1][1] : sentence.spans[first][0]] in joint:
        first -= 1
    return range(first, past)


def _say(found: _Found, cue: Cue, rule: Rule, after: bool) -> None:
    found.cues.append(cue)
    if rule.effect in ("planned", "if"):
        if after or not (found.front and found.front[1].effect == "uncertain"):
            found.planned = True
        found.supposed = found.supposed or rule.effect == "if"
    elif rule.effect == "historical":
        found.historical = True
    elif rule.effect == "resolved":
        found.resolved = True
    elif not after:
        if found.back is None or found.back[1].effect == "question":
            found.back = cue, rule
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
    if "absent" in said or itself or not (found.planned or said.isdisjoint(("undone", "excluded"))):
        assertion = "uncertain" if found.supposed or ("question" in said and not _replies(found)) else "absent"
    elif said.difference(("undone",)):
        assertion = "uncertain"
    return Context(
        assertion, person.name if person else "", found.planned, found.historical, found.resolved,
        _cited(found.cues, person),
    )  # fmt: skip


def _replies(found: _Found) -> bool:
    """Whether a question is answered in the same sentence (`问有没有发热,说没有`)."""
    front, back = found.front, found.back
    return bool(front and back and front[1].effect == "question" and back[1].effect == "absent")


def _cited(cues: Sequence[Cue], person: Person | None) -> tuple[tuple[int, int], ...]:
    places = {(c.start, c.end) for c in cues}
    if person and person.end > person.start:
        places.add((person.start, person.end))
    return tuple(sorted(places))
