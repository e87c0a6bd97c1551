"""Where a text names what the tables know: all names at once, the longest first, of each kind that a name may be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hub.summarizer.reading.characters import lower, plain
from hub.summarizer.reading.literals import required
from hub.summarizer.reading.model import Mention
from hub.summarizer.reading.unlisted import unlisted, word_start
from hub.summarizer.rows import rows
from hub.summarizer.terminology.tables import Term, family, terms

_SHORT = 4
"""Latin names up to this length (`AF`, `CHD`) are read as they are written, not in lower case (`at`, `he`)."""

_VALUE_FOLLOWS = re.compile(
    r"\s*+[+\-]?\s*+(?:[(（][^()（）]{1,12}[)）])?\s*+(?:测定值|结果|[量测查验]的|today|now)?\s*+(?:[:=为是约有,]|was|is|of)?\s*+[<>]?\d"
)
_TECHNIQUE = re.compile(
    r"(?:彩色?|增强|动态|多普勒)*(?:B超|彩超|超声|CT|MRI|核磁(?:共振)?|磁共振|X线|X光|造影|拍片|平片)(?:检查)?",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"[头脑颅颈胸肺心腹肝胆胰脾肾腰腿脚手臂肩膝髋骨关节血管盆腔子宫附件前列腺甲状乳眼鼻喉肠胃脊椎胎膀胱]"
)
_PART = 8
_PLACE = re.compile(
    r"(?:[左右双两]侧?|[上中下前后内外]|肺|肝|肾|脑|乳腺?|甲状腺|胆囊|胰腺?|脾|前列腺|卵巢|子宫|颈动脉|冠脉|膝关节?|髋关节?|腰椎?|颈椎?|胸椎?|"
    r"叶|段|区|支|极|部|门|体|底|尖|窝|舌)+$"
)
_LONG_PLACE = 10
_DEED = re.compile(
    r"(?:切开|闭合|手法|腹腔镜|微创)?(?:复位|切除|修补|取石|碎石|消融|栓塞|引流|剥除|摘除|清除|矫正|结扎|套扎|减压|松解|根治)"
    r"(?:[内外]?固定)?(?:手术|术)?|手术|"
    r"\s(?:fixation|reduction|repair|resection|ligation|creation|removal|excision|implantation|surgery)\b"
)
_ORGAN = re.compile(r"[肺肝肾脑乳甲胆胰脾卵宫颈冠膝髋腰胸列叶段]")
_DENYING = frozenset("无没未不")
"""A name that begins so (`无尿`) gives way to one that it cuts (`尿痛`): more likely that is denied."""

_CUT = frozenset({"problem"})
_QUANTITY = re.compile(r"\d+(?:\.\d+)?\s*(?:%|[a-zA-Zμ]+/)")
_SMALL = frozenset(
    ["BP", "HR", "Cr", "Hb", "ALT", "AST", "TSH", "INR", "PLT", "WBC", "LDL", "HDL", "CRP", "BNP", "PSA"]
)
"""Names that are also written in small letters and are no English word."""

_SIGN = re.compile(r"\d{2,3}(?:\.\d+)?\s*(?:℃|°|度|次|bpm)")
"""What follows a vital sign of one letter that its number touches (`T38.5℃`; not the vertebra `T12`)."""

_TAKEN = frozenset({"medicine", "allergen"})

_GAP = re.compile(r"(?<=[\u3400-\u9fff0-9])[ \t]+(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])[ \t]+(?=\d)")


@dataclass(slots=True)
class _Names:
    """The automaton. Its values are lists of (name as listed, term) and (None, pattern, term) under one string.

    A term without kind is a word that a name is only a piece of (`homographs.tsv`): it takes the place, and is dropped.
    """

    automaton: Any
    by_string: dict[str, list[tuple[str, Term]]] = field(default_factory=dict)
    by_trigger: dict[str, list[tuple[re.Pattern[str], Term]]] = field(default_factory=dict)


def find(text: str) -> list[Mention]:
    """The mentions of a text in the form of `characters.plain`, in order; one for each kind that a name may be of.

    Of names that overlap the longest holds. A name that no table has is found by its form (`...综合征`, `...片`), with
    `term` None.
    """
    found = [_with_its_part(text, m) for m in _listed(text)]
    taken = [(m.start, m.end) for m in found]
    found += [_operated(text, m) for m in unlisted(text, taken)]
    found.sort(key=lambda m: (m.start, m.kind))
    return found


def _with_its_part(text: str, mention: Mention) -> Mention:
    """An examination that is named by its technique alone, with the part of the body before it (`关节B超`)."""
    if mention.kind == "problem" and mention.term:
        return _where_it_is(text, mention)
    if mention.kind != "procedure" or not _TECHNIQUE.fullmatch(mention.name):
        return mention
    start = word_start(text, mention.start)
    part = text[start : mention.start]
    if not part or len(part) > _PART or not _BODY.search(part):
        return mention
    return Mention(mention.kind, text[start : mention.end], start, mention.end, None)


def _where_it_is(text: str, mention: Mention) -> Mention:
    """A finding with the place that is written right before it (`左肺下叶磨玻璃结节`): the same finding.

    With what was done to it right behind it is the name of a procedure (`桡骨远端骨折复位术`).
    """
    place = _PLACE.search(text, max(0, mention.start - _LONG_PLACE), mention.start)
    operated = _operated(text, mention)
    if operated is not mention:
        start = place.start() if place else mention.start
        return Mention("procedure", text[start : operated.end], start, operated.end, None)
    if place is None or not _ORGAN.search(place.group()):
        return mention
    return Mention(mention.kind, text[place.start() : mention.end], place.start(), mention.end, mention.term)


def _operated(text: str, mention: Mention) -> Mention:
    """A problem that is followed by what was done to it is the name of a procedure (`动静脉瘘手术`)."""
    deed = _DEED.match(text, mention.end) if mention.kind == "problem" else None
    return Mention("procedure", text[mention.start : deed.end()], mention.start, deed.end(), None) if deed else mention


def _listed(text: str) -> list[Mention]:
    squeezed, places = _squeezed(text)
    spans: dict[tuple[int, int], list[Term]] = {}
    fixed: dict[tuple[int, int], set[str]] = {}
    for start, end, term, listed in _occurrences(squeezed):
        spans.setdefault((start, end), []).append(term)
        if listed:
            fixed.setdefault((start, end), set()).add(family(term.kind))
    return [
        Mention(term.kind, text[places[start] : places[end - 1] + 1], places[start], places[end - 1] + 1, term)
        for start, end in _longest(squeezed, spans, fixed)
        for term in {t.kind: t for t in reversed(spans[start, end])}.values()
        if term.kind and (term.kind not in _TAKEN or not _measured(spans[start, end], fixed.get((start, end), set())))
    ]


def _measured(found: Iterable[Term], listed: set[str]) -> bool:
    """Whether the name is a substance's with its concentration behind it (patterns of analytes): no medicine taken."""
    return "analyte" not in listed and any(term.kind == "analyte" for term in found)


def _longest(text: str, spans: Mapping[tuple[int, int], list[Term]],
             fixed: Mapping[tuple[int, int], set[str]]) -> list[tuple[int, int]]:  # fmt: skip
    """Of overlapping names the longest; but a listed name holds against a pattern that finds the same kind of thing,
    and a problem's name is not cut by one that begins within it (`高血压控制不佳`).
    """
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
        kinds = {family(t.kind) for t in spans[start, end]}
        crossing = (f for (a, b), f in fixed.items() if a < end and start < b and (a < start or end < b))
        loose = (start, end) not in fixed and any(kinds & f for f in crossing)
        loose = loose or (text[start] in _DENYING and any(start < a < end < b for a, b in fixed))
        loose = loose or any(
            a < start < b < end and text[a] not in _DENYING and kinds & f & _CUT for (a, b), f in fixed.items()
        )
        if not loose and all(end <= a or b <= start for a, b in chosen):
            chosen.append((start, end))
    return chosen


def _squeezed(text: str) -> tuple[str, range | list[int]]:
    """The text without spaces between Chinese characters, and where each character of it stands in `text`."""
    if " " not in text or not _GAP.search(text):
        return text, range(len(text))
    gaps = {i for match in _GAP.finditer(text) for i in range(*match.span())}
    places = [i for i in range(len(text)) if i not in gaps]
    return "".join(text[i] for i in places), places


def _occurrences(text: str) -> Iterator[tuple[int, int, Term, bool]]:
    """Start, end, term, and whether it is a name as listed (else found by a pattern)."""
    names = _names()
    folded = lower(text)
    triggered: dict[tuple[str, str], tuple[re.Pattern[str], Term]] = {}
    for last, string in names.automaton.iter(folded):
        end = last + 1
        start = end - len(string)
        if string in names.by_string and _bounded(text, start, end, {t.kind for _, t in names.by_string[string]}):
            for listed, term in names.by_string[string]:
                if _as_written(text, start, end, listed, term):
                    yield start, end, term, True
        for pattern, term in names.by_trigger.get(string, ()):
            triggered[pattern.pattern, term.name] = (pattern, term)
    for pattern, term in triggered.values():
        for match in pattern.finditer(text):
            if match.end() > match.start():
                yield match.start(), match.end(), term, False


def _bounded(text: str, start: int, end: int, kinds: Collection[str]) -> bool:
    """Whether a name that begins or ends with a Latin letter or digit is not the middle of a longer word or number.

    A measurement may touch the date before it and its value after it: `2025-12Hb15.14g/dL`, `SpO290%`.
    """
    measured = "analyte" in kinds and bool(_VALUE_FOLLOWS.match(text, end))
    if _latin(text[start]) and start and _latin(text[start - 1]):
        dated = text[start].isalpha() and text[start - 1].isdigit() and end - start > 1
        dated = dated and text[start:end].lower() != "mg"  # a unit, far more often than magnesium
        if not (measured and dated):
            return False
    if _latin(text[end - 1]) and end < len(text) and _latin(text[end]):
        plural = text[end] == "s" and not _latin(text[end + 1 : end + 2] or " ")
        if not text[end].isdigit():
            return plural and end - start >= _SHORT
        if text[end - 1].isdigit():
            return measured and text[start].isalpha() and bool(_QUANTITY.match(text, end))
        return end - start > 1 or bool(_SIGN.match(text, end))
    return True


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _as_written(text: str, start: int, end: int, listed: str, term: Term) -> bool:
    """Whether a short Latin name is written as listed; of a measurement in any case, where its value follows."""
    if not listed.isascii() or end - start > _SHORT:
        return True
    written = text[start:end]
    if term.kind == "analyte" and _VALUE_FOLLOWS.match(text, end):
        return written[0].isupper() == listed[0].isupper() or listed in _SMALL
    if end - start <= 2 and term.kind == "analyte" and listed[-1:].isalnum():
        return False
    return written == listed or (written == listed.upper() and len(listed) > 2)


@lru_cache(maxsize=1)
def _names() -> _Names:
    import ahocorasick

    names = _Names(ahocorasick.Automaton())
    for term in terms():
        for listed in _distinct(*_spelled(term)):
            names.by_string.setdefault(listed.lower(), []).append((listed, term))
        for pattern in term.patterns:
            compiled = re.compile(pattern, re.IGNORECASE)
            for literal in required(pattern):
                names.by_trigger.setdefault(literal.lower(), []).append((compiled, term))
    for _, words in rows("reading/homographs.tsv", 2):
        for word in words.split("|"):
            names.by_string.setdefault(word, []).append((word, Term("", word, (), (), (), (), ())))
    for string in {*names.by_string, *names.by_trigger}:
        names.automaton.add_word(string, string)
    names.automaton.make_automaton()
    return names


@lru_cache(maxsize=1)
def _variants() -> list[tuple[str, re.Pattern[str], str]]:
    return [(kind, re.compile(what), instead) for kind, what, instead, _ in rows("reading/variants.tsv", 4)]


def _spelled(term: Term) -> list[str]:
    """A term's names and what `variants.tsv` makes of them (`食道静脉套扎` of `食管静脉套扎术`)."""
    found = [term.name, *term.names, *term.colloquial]
    for kind, what, instead in _variants():
        if kind in ("-", term.kind):
            found += [changed for name in found if (changed := what.sub(instead, name)) != name]
    return found


def _distinct(*listed: str) -> Iterable[str]:
    """The names as they may be written: also without the spaces between Chinese characters."""
    return dict.fromkeys(n for name in listed for n in (plain(name), _GAP.sub("", plain(name))) if len(n) > 0)
