"""Of whom a mention is: the patient, or a relative or contact of `kin.tsv`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from hub.summarizer.reading import characters
from hub.summarizer.reading.cues import Cue, longest
from hub.summarizer.reading.model import Section
from hub.summarizer.rows import rows

FAMILY: Final = "家族"
"""Subject in a family history that names nobody."""

_ENDS: Final = frozenset("。;；!！\n")
_SAYS: Final = frozenset("有得患也是死查曾因身均都、和及说系既诊确罹亦早就,，")
"""After a kin word of one character."""

_TELLS: Final = re.compile(
    r"\x00|以前|原来|早年|生前|当年|那边|在世|去年|前年|走得|没了|老了|年轻|从前|过去|\d|[:：(（]"
)
"""After one with which a clause begins."""

_THIS: Final = re.compile(r"[这该此位](?:个|位|名)?$")
"""Before one who is the patient (`这老人家`)."""

_COMES: Final = re.compile(r"(?:今天?|自己|又|前|过)?来(?:看|说|院|诊|开|拿|讲|我|卫|的|复|问|测|量|,|，)")
"""After one who comes: what follows is of the patient."""

_NAMED_AFTER: Final = re.compile(
    r"(?:患者|病人|者|病史|史|的|阳性|的人|\(\+\)|\+)*\s*[(（,，:：;；—-]*\s*(?:是|为|系|即|指|就是|如|包括|主要是|来自)?"
    r"(?:在)?(?:她|他|其|我|患者|病人|本人)?(?:的|家)?\s*"
)
"""Between a name of the family's and the relative whose it is (`家族中有哮喘患者(奶奶)`)."""

_TOLD: Final = re.compile(r"\s*(?:$|[。.,，;；、)）和及与]|[得患有](?:的|过|了|病)?(?:$|[。.,，;；)）])|都?有[。,，])")
"""After such a relative."""

_GOES_ON: Final = re.compile(
    r"\s*(?:还|也|并|后来|后因|又|亦|同时|另有|因|死于|殁于|曾|伴|合并|晚年|生前|最后|最终|去世|过世|死前|已|\d{2,4}[年岁/.-]|"
    r"去年|前年|早年|年轻)"
)
"""With which a clause goes on about the relative who was told to be ill before it (`父亲糖尿病多年,后来中风`)."""

_HAS_IT: Final = re.compile(
    r"(?:也|都|是|倒|就|好像|以前|生前|曾经|那边|那里|,|，)*(?:有的?|得过|得了|得的|患过|患有?|犯过|查出过?|害过|就是)"
    r"(?:过|的|了|这个病?|这种病|这病|这毛病|啊|呀|嘛|呢|哦|哈|咯)*\s*(?:[。.,，!！;；]|$)|"
    r"\s*(?:has|had|did|does|do|have)\b(?! not|n't)",
    re.IGNORECASE,
)
"""After a relative in the answer to a question about the family."""

_NOTHING_MORE: Final = re.compile(r"\s*[。.!！]?\s*$")

_POORLY: Final = re.compile(
    r"(?:身体|体质|身子)[也都一直向来很就老总]{0,4}[不差弱欠有糟垮虚坏]|多病|有病|毛病|药罐子|生前|"
    r"[已早]故|已?[去过离]世|不在了|走了|没了|死因|死了|病故|病逝|亡故|poor health|unwell|"
    r"deceased|passed away|died"
)
"""In a clause about a relative: what the next names is theirs too."""

_OWNS: Final = frozenset("他她我你佢伊拉侬咱俺其的大小二三四老堂表亲亡头里、和及")
"""Before one."""

_OPENS: Final = frozenset(("", ",", "，", "。", ";", "；", ":", "：", " ", "、"))
_OWNERS: Final = frozenset("他她我你其家头里佢伊拉侬咱俺")
"""Before a word that may also be the patient."""

_FAR: Final = 120
"""Characters over which a relative may be the subject."""

_WORDS: Final = 8
_COMMA: Final = re.compile("[,，]")
_BARE: Final = frozenset("\x00 、和及或与也均都还有患曾等史病的")
_TIGHT: Final = frozenset(("", "(", "（", "的", " "))
_BRACKETS: Final = frozenset(("(", "（"))
_CLOSING: Final = frozenset(")）、,，")
_IN: Final = re.compile(
    r"\s*\b(?:in|affecting|of|for)(?: (?:his|her|their|the|a|an|one|two|both|patient's|patient|pt's|younger|older|"
    r"elder|eldest|youngest|late|deceased|maternal|paternal|twin|half|own|multiple|several)){0,4}\s*",
    re.IGNORECASE,
)
_DASHES: Final = frozenset(("-", "–", "—", ":", "："))
_ALONE: Final = re.compile(r"\s*(?:$|[,，;；.。)）/、]|and\b)")
"""After a relative of whom nothing more is said (`diabetes - mother`)."""

_RELATIVES: Final = frozenset(("kin", "other", "spouse"))
_OPENED: Final = re.compile(
    r"\s*[(（]\s*(?:in |on |only |his |her |the |患者|病人|其|他|她|older |younger |elder |eldest |youngest |late |"
    r"paternal |maternal |both ){0,3}",
    re.IGNORECASE,
)
"""Between a name and the relative in brackets whose it is, whoever was told of before (`gout (his brother)`)."""

_GENERAL: Final = re.compile("famil|家|遗传|亲属|亲戚|relative|fhx|fh of", re.IGNORECASE)
"""A relative who is not said: one behind the name says more."""

_FAMILIES: Final = frozenset(("家族史", "家族", "亲属", "遗传", "遗传史", "家族遗传史", "runs in the family"))
_LISTED: Final = frozenset(("", "、", "和", "及", "或", "与", ",", "，", "/", " ", " and ", " or ", ", "))
"""Between names of which one relative behind them holds (`高血压、糖尿病家族史`)."""


@dataclass(frozen=True, slots=True)
class Person:
    """A relative as written; start = end where nobody is named."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    kind: str


@lru_cache(maxsize=1)
def words() -> dict[str, str]:
    """The kind of each word of `kin.tsv`."""
    table: dict[str, str] = {}
    for names, kind, _ in rows("reading/kin.tsv", 3):
        for word in names.split("|"):
            table.setdefault(word, kind)
    return table


@lru_cache(maxsize=1)
def examples() -> tuple[tuple[str, str], ...]:
    """(kind, example) of the table."""
    return tuple(
        (kind, example) for _, kind, listed in rows("reading/kin.tsv", 3) for example in listed.split("|") if example
    )


@lru_cache(maxsize=1)
def _automaton() -> Any:
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for word, kind in words().items():
        automaton.add_word(word, (len(word), kind, word[0].isascii()))
    automaton.make_automaton()
    return automaton


@lru_cache(maxsize=1)
def _hint() -> re.Pattern[str]:
    """What a text that names anybody holds: the first character of a word, or English."""
    first = {word[0] for word, kind in words().items() if kind not in ("carer", "none") and not word.isascii()}
    return re.compile(f"[{''.join(sorted(first))}]|[A-Za-z]{{2}}")


def subjects(
    text: str, lower: str, spans: Sequence[tuple[int, int]], cues: Sequence[Cue], section: Section = ""
) -> list[Person | None]:
    """Whose each mention is, None the patient's. lower: the text in small letters."""
    default = Person(FAMILY, 0, 0) if section == "family" else None
    found = _scan(text, lower, section) if _hint().search(text) else []
    back = [_Word(c.start, c.end, "patient") for c in cues if c.rule.effect == "patient"]
    if not found and not (back and default):
        return [default] * len(spans)
    found = sorted([*found, *back], key=lambda w: w.start)
    people = [_whose(text, span, found, default) for span in spans]
    for index in range(len(spans) - 2, -1, -1):
        behind = people[index + 1]
        listed = text[spans[index][1] : spans[index + 1][0]] in _LISTED
        if behind and listed and people[index] is None and behind.start >= spans[index + 1][1]:
            people[index] = behind
    return people


def _scan(text: str, lower: str, section: Section) -> list[_Word]:
    found: list[_Word] = []
    named = False
    for start, end, kind in longest(_automaton(), lower):
        if not _counts(text, start, end, kind, section):
            continue
        if kind in ("kin", "owned") and _THIS.search(text, max(0, start - 2), start):
            kind = "patient"
        elif kind == "kin" and section != "family" and _COMES.match(text, end):
            kind = "carer"
        kind = "kin" if kind in ("short", "owned") else kind
        named = named or kind != "carer"
        found.append(_Word(start, end, kind))
    return found if named else []


def _counts(text: str, start: int, end: int, kind: str, section: Section) -> bool:
    """Whether a word of the table is a person there."""
    before = text[start - 1 : start]
    if kind == "short":
        if before and before in _OWNS:
            return True
        after = text[end : end + 1]
        if before in _BRACKETS:
            return after in _CLOSING
        return bool(after) and (after in _SAYS or (before in _OPENS and bool(_TELLS.match(text, end))))
    if kind == "child":
        return section == "family" or (before != "" and before in "他她")
    if kind == "owned":
        return before in _OWNERS or section == "family" or bool(_THIS.search(text, max(0, start - 2), start))
    return kind != "none"


def _whose(text: str, span: tuple[int, int], found: Sequence[_Word], default: Person | None) -> Person | None:
    """By the nearest word in front that says whose; `X家族史` and `in her mother` stand behind."""
    index = bisect_left(found, span[0], key=_start)
    if index < len(found) and found[index].kind in _RELATIVES and _OPENED.fullmatch(text, span[1], found[index].start):
        return Person(text[found[index].start : found[index].end], found[index].start, found[index].end)
    for word in reversed(found[max(0, index - _WORDS) : index]):
        between = text[word.end : span[0]]
        if len(between) > _FAR or not _ENDS.isdisjoint(between) or ". " in between:
            break
        if word.kind == "patient":
            return None
        if word.kind != "carer":
            said = _behind(text, span, found[index : index + _WORDS]) if _COMMA.search(between) else None
            if said or not (default or _has(text, between, span[1])):
                return said
            person = Person(text[word.start : word.end], word.start, word.end)
            general = _GENERAL.search(person.name)
            return (general and _behind(text, span, found[index : index + _WORDS], general=True)) or person
        if default is None:
            return None
    return _behind(text, span, found[index : index + _WORDS]) or default


def _has(text: str, between: str, past: int) -> bool:
    """Whether a name belongs to a relative in front of it outside a family history.

    In one clause with the relative, or in a list that goes on over commas (`母亲有高血压,糖尿病`).
    """
    clauses = _COMMA.split(between)
    if len(clauses) == 1 or _POORLY.search(between) or ("\x00" in clauses[0] and _GOES_ON.match(clauses[-1])):
        return True
    rest = _COMMA.split(text[past : past + _FAR], maxsplit=1)[0]
    return all(_BARE.issuperset(clause) for clause in (*clauses[1:], rest.rstrip("。.;；")))


def _behind(text: str, span: tuple[int, int], found: Sequence[_Word], *, general: bool = False) -> Person | None:
    """The relative who is said after a name; of `X家族史:父亲` the father, not the family. general: whether the
    family was named before.
    """
    family: Person | None = None
    past = span[1]
    for word in found:
        if word.kind not in _RELATIVES:
            continue
        between = text[past : word.start]
        person = Person(text[word.start : word.end], word.start, word.end)
        close = between in _TIGHT and person.name.lower() in _FAMILIES
        if close and not family:
            family, past = person, word.end
            continue
        if (family or general) and between and _NAMED_AFTER.fullmatch(between) and _TOLD.match(text, word.end):
            return person
        if not family and (between.strip() in _BRACKETS or _IN.fullmatch(between) or _alone(text, between, word)):
            return person
        break
    return family


def _alone(text: str, between: str, word: _Word) -> bool:
    return between.strip() in _DASHES and bool(_ALONE.match(text, word.end))


def relative_who_has_it(reply: str, affirmed: bool) -> str:
    """The relative of whom an answer says that they have what was asked for (`二弟有`), "" where it names none.

    affirmed: whether it begins with yes, after which the relative may stand alone.
    """
    for word in _scan(reply, characters.lower(reply), "family"):
        told = _HAS_IT.match(reply, word.end) or (affirmed and _NOTHING_MORE.match(reply, word.end))
        if told and word.kind in ("kin", "spouse"):
            return reply[word.start : word.end]
    return ""


def _start(word: _Word) -> int:
    return word.start
