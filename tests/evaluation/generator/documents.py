"""Documents of a patient: which sentences stand where, and their text with the place of each sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from random import Random

import opencc

from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.vocabulary import patterns, phrases
from tests.evaluation.generator.wording import Sentence

_JOINED = {
    ("symptom", "negated_symptom"), ("symptom", "symptom"), ("problem", "problem"), ("problem", "med_current"),
    ("problem", "negated_problem"), ("negated_problem", "problem"), ("negated_symptom", "symptom"), ("lab", "lab"),
    ("allergy", "procedure"), ("med_current", "med_stopped"), ("family", "family"), ("vital", "bp"),
}  # fmt: skip
_TRADITIONAL = opencc.OpenCC("s2tw")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_ZONE = timezone(timedelta(hours=8))


@dataclass(slots=True, eq=False)
class Document:
    """key: its part in the story; medium: txt, mdm, imaging, sections, base64 or nte; script: simplified, traditional.

    place: the hospital that its sentences name; coded: facts that its message says in segments or resources.
    """

    key: str
    file: str
    register: str
    written: date
    organization: str
    medium: str
    script: str = "simplified"
    wide: bool = False
    sentences: list[Sentence] = field(default_factory=list)
    coded: list[Fact] = field(default_factory=list)
    control: str = ""

    @property
    def moment(self) -> datetime:
        """When it was written: in the working hours of its day."""
        minutes = sum(map(ord, self.file + self.key)) % 480
        return datetime.combine(self.written, time(8), _ZONE) + timedelta(minutes=minutes)

    def spelt(self, text: str) -> str:
        """In the document's script and width; as many characters as before."""
        if self.script == "traditional":
            changed = _TRADITIONAL.convert(text)
            text = changed if len(changed) == len(text) else text
        return text.translate(_FULL_WIDTH) if self.wide else text


@dataclass(frozen=True, slots=True)
class Placed:
    """A sentence in a text: characters [start, end) of it."""

    sentence: Sentence
    start: int
    end: int


@dataclass(slots=True)
class Text:
    """A text that grows, with the sentences placed so far."""

    text: str = ""
    placed: list[Placed] = field(default_factory=list)

    def add(self, words: str) -> None:
        self.text += words

    def say(self, sentence: Sentence, words: str) -> None:
        self.placed.append(Placed(sentence, len(self.text), len(self.text) + len(words)))
        self.text += words


def note(document: Document, person: dict[str, str], doctor: str, chance: Random) -> Text:
    """A plain note: a head with day and person, sentences in any order and lines, a name at the foot."""
    made = Text()
    made.add(document.spelt(chance.choice(_frame(document, "head", _HEADS)).format(
        **person, day=_day(document, chance), place=document.organization)))  # fmt: skip
    given = list(document.sentences)
    chance.shuffle(given)
    joined = document.register == "village"
    for index, one in enumerate(given):
        words = one.text
        last = index == len(given) - 1
        if joined and not last and words.endswith("。") and chance.random() < 0.3:
            words = words[:-1] + "，"
        gap = " " if document.register == "english" else ""
        made.say(one, document.spelt(words))
        made.add(chance.choice(["\n", gap, gap]) if not last else "\n")
    made.add(chance.choice(_frame(document, "foot", _FEET)).format(doctor=doctor))
    return made


def _frame(document: Document, part: str, usual: Sequence[Sequence[str]]) -> Sequence[str]:
    """Heads or feet of a note: those of the patterns in use, if they have some."""
    return patterns(document.register).get(part) or usual[document.register == "english"]


def sections(document: Document, chance: Random) -> list[tuple[str, Text]]:
    """The sentences of a formal document under its sections' titles, in their order."""
    titles = phrases()["sections"]
    found: list[tuple[str, Text]] = []
    for title in phrases()["section_order"]:
        given = [s for s in document.sentences if (s.section or titles[s.wording]) == title]
        if not given:
            continue
        made = Text()
        for one, following in zip(given, [*given[1:], None], strict=True):
            words = one.text
            joins = following is not None and (one.wording, following.wording) in _JOINED
            if joins and document.register == "formal" and words.endswith("。") and chance.random() < 0.5:
                words = words[:-1] + "，"
            made.say(one, document.spelt(words))
            if document.register == "english":
                made.add(" ")
        shown = phrases()["english_sections"].get(title, title) if document.register == "english" else title
        found.append((document.spelt(shown), made))
    return found


def headed(found: Iterable[tuple[str, Text]], style: str, separator: str) -> Text:
    """Sections as one text: `既往史：...` and a separator."""
    whole = Text()
    for number, (title, part) in enumerate(found):
        if number:
            whole.add(separator)
        whole.add(style.format(title))
        offset = len(whole.text)
        whole.placed += [Placed(p.sentence, p.start + offset, p.end + offset) for p in part.placed]
        whole.add(part.text)
    return whole


def fillers(document: Document, chance: Random, count: int) -> list[Sentence]:
    known = patterns(document.register)["filler"]
    return [Sentence("filler", text, []) for text in chance.sample(known, min(count, len(known)))]


_HEADS = (
    (
        "{place} {day}\n{name}，{sex}，{age}岁\n",
        "{day} 门诊记录\n患者：{name} 性别：{sex} 年龄：{age}\n",
        "姓名 {name}　{sex}　{age}岁　　{day}\n",
        "{name} {sex} {age}岁 {day}来诊\n",
        "随访本 {day}\n{name}（{sex}，{age}岁）\n",
    ),
    (
        "{place}\nDate: {day}\nRe: {name}, {age}-year-old\n\n",
        "{day}\nPatient: {name}\n\n",
        "CLINIC NOTE {day}\nName: {name}  Age: {age}\n\n",
    ),
)
_FEET = (("签名：{doctor}\n", "{doctor}\n", "医生 {doctor}\n", ""), ("Signed, Dr. {doctor}\n", "Dr. {doctor}\n"))


def _day(document: Document, chance: Random) -> str:
    day = document.written
    if document.register == "english":
        return day.isoformat()
    return chance.choice(
        [f"{day.year}年{day.month}月{day.day}日", day.isoformat(), f"{day.year}.{day.month}.{day.day}"]
    )
