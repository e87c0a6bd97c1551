"""Who speaks where: the turns of a consultation, and questions that are asked and answered within a note."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from hub.summarizer.reading.questions import asks
from hub.summarizer.reading.replies import answers_shortly

Speaker = Literal["clinician", "patient"]
"""Who asks and who answers: relatives and carers answer for the patient."""

_CLINICIANS: Final = (
    "医生 大夫 医师 护士 主任 村医 专家 接诊医生 家庭医生 管床医生 医护 问 医 我问 doctor d dr nurse provider "
    "clinician physician md q interviewer guest_clinician"
)
_PATIENTS: Final = (
    "患者 病人 家属 家长 患者家属 患儿家属 患者家长 患儿家长 病人家属 本人 母亲 父亲 妈妈 爸爸 老伴 儿子 女儿 "
    "患 答 他答 她答 回答 patient p pt a caregiver family guest_family mother father parent spouse wife husband"
)
_SPEAKERS: Final[dict[str, Speaker]] = {
    **dict.fromkeys(_CLINICIANS.split(), "clinician"),
    **dict.fromkeys(_PATIENTS.split(), "patient"),
}
_NAMES: Final = "|".join(sorted(map(re.escape, _SPEAKERS), key=len, reverse=True))
_LABEL: Final = re.compile(
    rf"(?:^[ \t]*|(?<=[。！？；!?;.,，”\"' ]))"
    rf"[\[【(（]?(?P<name>{_NAMES})(?:问|询问|答|回答|说)?\d?[\]】)）]?[ \t]*(?:[:：]|(?<=[\]】]))[ \t]*",
    re.MULTILINE | re.IGNORECASE,
)
_MOST: Final = 0.5
"""Of the lines of a consultation begin with a speaker."""

_ASKED: Final = re.compile(r"[^。！!；;\n?？,，]*(?:[,，][^。！!；;\n?？,，]*){0,3}[?？]+[ \t]*")
_ANSWERED: Final = re.compile(r"[^。！!；;\n?？]*[。！!；;?？]*")
_ENDS: Final = re.compile(r"[。！!；;\n]|\.(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says at a time: where it stands in the text, without the label."""

    speaker: Speaker
    start: int
    end: int


def turns(text: str) -> list[Turn]:
    """The turns of a text that is a dialogue line by line, [] where it is none."""
    found = [(m, _SPEAKERS[m["name"].lower()]) for m in _LABEL.finditer(text)]
    lines = sum(1 for line in text.splitlines() if line.strip())
    opening = sum(1 for m, _ in found if m.start() == 0 or text[m.start() - 1] == "\n")
    if len({speaker for _, speaker in found}) < 2 or opening < _MOST * lines:
        return []
    ends = [m.start() for m, _ in found[1:]] + [len(text)]
    said = [Turn(s, m.end(), e) for (m, s), e in zip(found, ends, strict=True)]
    return said if _from_question(text, said) else []


def exchanges(text: str) -> list[tuple[Turn, ...]]:
    """The stretches of a text in which somebody asks and somebody answers, in order.

    A text that is a dialogue as a whole is one; in a note they are what stands behind `医:` and `患:`, and a question
    that its writer answers (`肺结核?没有。`).
    """
    if "?" not in text and "？" not in text and not _LABEL.search(text):
        return []
    whole = turns(text)
    if whole:
        return [tuple(whole)]
    labelled = _labelled(text)
    taken = [(each[0].start, each[-1].end) for each in labelled]
    alone = [e for e in _unlabelled(text) if not any(a < e[-1].end and e[0].start < b for a, b in taken)]
    return sorted((*labelled, *alone), key=_first)


def _labelled(text: str) -> list[tuple[Turn, ...]]:
    labels = list(_LABEL.finditer(text))
    found: list[list[Turn]] = []
    for number, label in enumerate(labels):
        speaker = _SPEAKERS[label["name"].lower()]
        following = labels[number + 1].start() if number + 1 < len(labels) else len(text)
        turn = Turn(speaker, label.end(), _end(text, label.end(), following, speaker))
        if found and not text[found[-1][-1].end : label.start()].strip():
            found[-1].append(turn)
        else:
            found.append([turn])
    return [tuple(said) for each in found if (said := _from_question(text, each))]


def _end(text: str, start: int, following: int, speaker: Speaker) -> int:
    """A question goes on to the label that follows, an answer to its first full stop: then the note goes on."""
    if speaker == "patient":
        stop = _ENDS.search(text, start, following)
        return stop.end() if stop else following
    line = text.find("\n", start, following)
    return following if line < 0 or not text[line:following].strip() else line


def _from_question(text: str, said: list[Turn]) -> list[Turn]:
    """From the first turn in which a clinician asks and the other answers; [] where there is none."""
    for number, (turn, reply) in enumerate(pairwise(said)):
        if turn.speaker == "clinician" != reply.speaker and asks(text[turn.start : turn.end]):
            return said[number:]
    return []


def _unlabelled(text: str) -> list[tuple[Turn, ...]]:
    found: list[tuple[Turn, ...]] = []
    for question in _ASKED.finditer(text):
        reply = _ANSWERED.match(text, question.end())
        if reply and asks(question.group()) and answers_shortly(reply.group()):
            found.append((Turn("clinician", *question.span()), Turn("patient", *reply.span())))
    return found


def _first(exchange: tuple[Turn, ...]) -> int:
    return exchange[0].start
