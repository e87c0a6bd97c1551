"""Consultations: what a question names is so or not as its answer says.

`dialogue_contexts` reads each turn of an exchange (`reading.turns`) as any text and then lets the replies decide what
was asked. What nobody answered stays uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.kin import relative_who_has_it
from hub.summarizer.reading.model import Assertion, Context, Section
from hub.summarizer.reading.questions import asks, expects, of_relatives, questioned, takes_for_granted
from hub.summarizer.reading.replies import answer, named, names_first
from hub.summarizer.reading.turns import Speaker

_SENTENCE: Final = re.compile(r"[^。！!；;\n？?]*(?:[。！!；;\n]|[？?]+|$)")
_CHILDREN: Final = frozenset(
    [
        "儿子",
        "女儿",
        "闺女",
        "大儿子",
        "小儿子",
        "孙子",
        "孙女",
        "外孙",
        "外孙女",
        "囡囡",
        "崽",
        "幺儿",
        "幺女",
        "son",
        "daughter",
    ]
)
"""For whom others come and speak: in a consultation they are the patient."""

_QUESTION_MARKS: Final = frozenset(("吗", "么", "嘛?", "?", "？"))
_PLAIN: Final = 4
"""Characters of a late reply that is only yes or no."""

_WINDOW: Final = 6
"""Turns of the patient within which a question may still be answered by name."""


@dataclass(slots=True)
class _Asked:
    """A name in a question. denied: the question supposes that it is absent (`不发烧了吧`); turn, block: when asked;
    family: of relatives; whose: of which."""

    turn: int
    index: int
    name: str
    denied: bool
    block: int
    family: bool = False
    heard: int = 0
    answer: Assertion | None = None
    whose: str = ""


def dialogue_contexts(
    said: Sequence[tuple[Speaker, str]], spans: Sequence[Sequence[tuple[int, int]]]
) -> list[list[Context]]:
    """The contexts of the mentions of each turn. said: speaker and text of each turn; spans: of the mentions in it."""
    found: list[list[Context]] = []
    pending: list[_Asked] = []
    block, last = 0, ""
    section: Section = ""
    for number, ((speaker, text), places) in enumerate(zip(said, spans, strict=True)):
        if speaker == "clinician" and last != "clinician" and asks(text):
            block += 1
        last = speaker
        read, asked = _turn(speaker, text, places, section if speaker == "patient" else "")
        found.append(read)
        if speaker == "clinician":
            section = "family" if of_relatives(text) else ""
            family = section == "family"
            pending += [_Asked(number, i, text[slice(*places[i])], denied, block, family) for i, denied in asked]
        else:
            _hear(pending, text, places, read, block)
            pending = _settle(pending, found)
    return found


def _turn(
    speaker: Speaker, text: str, spans: Sequence[tuple[int, int]], section: Section = ""
) -> tuple[list[Context], list[tuple[int, bool]]]:
    """The contexts of a turn by itself, and which mentions it asks for, whether it expects their absence."""
    found: list[Context] = []
    asked: list[tuple[int, bool]] = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        inside = [s for s in spans if start <= s[0] < end]
        if not inside:
            continue
        sentence = match.group()
        local = [(a - start, min(b, end) - start) for a, b in inside]
        read = [
            replace(c, subject="") if c.subject.lower() in _CHILDREN else c for c in contexts(sentence, local, section)
        ]
        if speaker == "clinician":
            read = [_unless_sought(sentence, c) for c in read]
            chosen = questioned(sentence, local)
            for offset, context in enumerate(read):
                denied = context.assertion == "absent" and expects(sentence)
                if offset in chosen:
                    asked.append((len(found) + offset, denied))
                    read[offset] = context if denied else replace(context, assertion="uncertain")
                elif _only_asked(sentence, context):
                    read[offset] = replace(context, assertion="present")
        elif takes_for_granted(sentence):
            read = [replace(c, assertion="present") if c.assertion == "uncertain" else c for c in read]
        found += read
    return found, asked


def _only_asked(sentence: str, context: Context) -> bool:
    """Whether a name is uncertain for nothing but the mark of a question that is of something else."""
    return context.assertion == "uncertain" and all(sentence[a:b] in _QUESTION_MARKS for a, b in context.cues)


def _unless_sought(sentence: str, context: Context) -> Context:
    """Who says `排除` to a patient means to do so (`拍胸片排除肺炎`)."""
    sought = context.assertion == "absent" and any(sentence[a:b] in ("排除", "除外") for a, b in context.cues)
    return replace(context, assertion="uncertain") if sought else context


def _hear(
    pending: Sequence[_Asked], text: str, spans: Sequence[tuple[int, int]], read: Sequence[Context], block: int
) -> None:
    """Lets one turn of the patient answer what is asked: by name, else as a whole."""
    said, everything = answer(text)
    relative = relative_who_has_it(text, said == "yes") if any(a.family for a in pending) else ""
    narrow = not everything and names_first(text, spans)
    plain = everything or len(text) <= _PLAIN
    for asked in pending:
        asked.heard += 1
        by_name = named(asked.name, text, spans, read)
        if by_name is not None and by_name != "uncertain":
            asked.answer = by_name
        elif relative and asked.family and asked.block == block:
            asked.answer, asked.whose = "present", relative
        elif said and asked.block == block and not narrow and (plain or asked.heard == 1):
            asked.answer = "present" if said == "yes" and not asked.denied else "absent"


def _settle(pending: list[_Asked], found: list[list[Context]]) -> list[_Asked]:
    """Writes the answers down; what is still open."""
    for asked in pending:
        if asked.answer:
            read = found[asked.turn][asked.index]
            found[asked.turn][asked.index] = replace(read, assertion=asked.answer, subject=asked.whose or read.subject)
    return [a for a in pending if not a.answer and a.heard < _WINDOW]
