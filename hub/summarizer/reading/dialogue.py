"""Consultations: what a question names is so or not as its answer says.

`turns` knows a document that is a dialogue by the speakers at its lines; `dialogue_contexts` reads each turn as any text and
then lets the replies decide what was asked. What nobody answered stays uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal

from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.model import Assertion, Context

Speaker = Literal["clinician", "patient"]
"""Who asks and who answers: relatives and carers answer for the patient."""

Answer = Literal["no", "yes", ""]

_SPEAKERS: Final[dict[str, Speaker]] = {
    **dict.fromkeys(
        ("医生", "大夫", "医师", "护士", "主任", "村医", "专家", "接诊医生", "问", "医", "doctor", "d", "dr", "nurse", "provider",
         "clinician", "physician", "md", "q", "interviewer"), "clinician"),
    **dict.fromkeys(
        ("患者", "病人", "家属", "家长", "患者家属", "患儿家属", "患者家长", "患儿家长", "病人家属", "母亲", "父亲", "妈妈", "爸爸", "老伴", "儿子",
         "女儿", "患", "答", "patient", "p", "pt", "caregiver", "family", "guest_family", "guest_clinician", "mother", "father",
         "parent", "spouse", "wife", "husband", "a"), "patient"),
}  # fmt: skip
_LABEL: Final = re.compile(r"^[ \t]*[\[【(（]?([^\W\d_][\w ]{0,13}?)[\]】)）]?[ \t]*(?:[:：]|(?<=[\]】]))[ \t]*", re.MULTILINE)
_MOST: Final = 0.5
_SENTENCE: Final = re.compile(r"[^。！!；;\n？?]*(?:[。！!；;\n]|[？?]+|$)")
_ASKS: Final = re.compile(
    r"[?？]|吗|(\S)(?:不|没有?)\1|有没|有无|有木有|有没得|有冇|是否|是不是|会不会|有否|(?:不|没|没有|没得|不呢|没呢|么|嘛)\s*[,，]?\s*$|"
    r"\b(?:do|does|did|have|has|are|is|any) (?:you|he|she|there|your|any)\b",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"(?:吧|对吧|呢|对不对|是吧|对吗|是吗)[?？。]*\s*$")
_SUPPOSES: Final = re.compile(
    r"怎么|咋|为什么|为啥|什么时候|什么原因|什么颜色|什么样|几天|多久|几次|多少|多长|几点|哪里|哪天|何时|如何|"
    r"\b(?:how|what|when|where|why|which)\b(?! about)",
    re.IGNORECASE,
)
_GIVEN: Final = re.compile(r"除了|除去|因为|由于|既然|的话|aside from|besides|other than", re.IGNORECASE)
"""Before a name in a question that is not asked for."""

_OF: Final = re.compile(
    r"(?:症状)?(?:还|很|都|也|是|又)?(?:厉害|严重|会?比较|勤|深|剧烈|多么|加重|频繁|期间|之后|之前|以前|的时候|时候|时|后|有痰|有没有?[^?？。 ]|没有?加重|减轻|缓解|"
    r"好转|引起|多久|几|原因|夜间|晚上|白天|消失|好了|治疗|用|吃|的话|有.{1,4}[天月年周])"
)
"""After one: what is asked of it."""

_OTHERS: Final = re.compile(r"其[他它]|别的|另外|\b(?:other|else)\b")
_EXAMPLES: Final = re.compile(r"^\s*(?:比如说?|譬如|例如|像|包括|such as|like)")
_FILLS: Final = re.compile(r"宝宝|宝贝|孩子|小孩|最近|现在|目前|还|有|您|你|他|她|的|等|情况|症状|或者|或|和|以及|比如说?|这些|呢|那|、| ")

_CLAUSE: Final = re.compile(r"[^,，]+[,，]?")
_JOINTS: Final = 2
"""Characters besides names in a clause that only lists them."""

_FILLER: Final = re.compile(
    r"^(?:[,，。.、\s…~]|那|这|哦|噢|奥|额|呃|啊|哎|医生|大夫|宝宝|宝贝|孩子|小孩|他|她|我|倒是|这个|那个|看着|听着|摸着|感觉|暂时|目前|现在|最近|"
    r"今天|昨天|昨晚|到|也|就|还|um|uh|oh|well|okay|ok|i mean|you know|doctor|\[?patient\]?)+",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"^(?:[啊呀呢的了吧哦哈也耶噢奥咯嘞诶欸唉额过呗嘛撒哟滴]|都|这样|这种|这些|那种|情况|症状|现象|表现|出现|什么)*(?:$|[\s,，。.!！~、;；…(（?？])"
)
_STOP: Final = re.compile(r"[。！!；;？?\n]")
_SHORT: Final = 5
"""Characters of a late reply that is nothing but yes or no."""
_FIRST: Final = re.compile(r"[,，。!！?？;；\s]")
_AT_TIMES: Final = re.compile(r"晚上|白天|睡觉|睡着|平时|平常|昨天|昨晚|那天|前[几两]天|之前|以前|天前|夜里|早上|有时")
"""When a complaint is absent at such times it is not absent."""

_COOL: Final = re.compile(r"体温.{0,4}正常|温度.{0,3}正常|(?<![\d.])3[67](?:\.[0-4])?(?:度|°|℃)|temperature (?:is|was|has been) normal")
_FEVER: Final = re.compile(r"烧|热|fever", re.IGNORECASE)
_TWICE: Final = re.compile(r"^(.{1,3})(?:不|没有?)\1$")
_VERBS: Final = frozenset("流打有出起长")
_PARTICLES: Final = " 啊呀呢的了吧哦哈也耶噢奥~"
_WINDOW: Final = 6
"""Turns of the patient within which a question may still be answered by name."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says at a time: where it stands in the text, without the label."""

    speaker: Speaker
    start: int
    end: int


@dataclass(slots=True)
class _Asked:
    """A name in a question. denied: the question supposes that it is absent (`不发烧了吧`); turn, block: when asked."""

    turn: int
    index: int
    name: str
    denied: bool
    block: int
    heard: int = 0
    answer: Assertion | None = None


def turns(text: str) -> list[Turn]:
    """The turns of a dialogue, [] where the text is none."""
    labels = [(m, _SPEAKERS.get(m.group(1).strip().lower())) for m in _LABEL.finditer(text)]
    known = [(m, speaker) for m, speaker in labels if speaker]
    lines = sum(1 for line in text.splitlines() if line.strip())
    if len({speaker for _, speaker in known}) < 2 or len(known) < _MOST * lines:
        return []
    ends = [m.start() for m, _ in known[1:]] + [len(text)]
    return [Turn(s, m.end(), e) for (m, s), e in zip(known, ends, strict=True) if s]


def answered(question: str, replies: Sequence[str]) -> Assertion | None:
    """What the replies, in order, say of all that a question names; None where they do not answer it."""
    denied = _denies(question)
    for reply in replies:
        answer = _answer(reply)[0]
        if answer:
            return "present" if answer == "yes" and not denied else "absent"
    return None


def dialogue_contexts(
    said: Sequence[tuple[Speaker, str]], spans: Sequence[Sequence[tuple[int, int]]]
) -> list[list[Context]]:
    """The contexts of the mentions of each turn. said: speaker and text of each turn; spans: of the mentions in it."""
    found: list[list[Context]] = []
    pending: list[_Asked] = []
    block, last = 0, ""
    for number, ((speaker, text), places) in enumerate(zip(said, spans, strict=True)):
        if speaker == "clinician" and last != "clinician" and (_ASKS.search(text) or _TAG.search(text)):
            block += 1
        last = speaker
        read, asked = _turn(speaker, text, places)
        found.append(read)
        if speaker == "clinician":
            pending += [_Asked(number, i, text[slice(*places[i])], denied, block) for i, denied, whole in asked if whole]
        else:
            _hear(pending, text, places, read, block)
            pending = _settle(pending, found)
    return found


def _turn(speaker: Speaker, text: str, spans: Sequence[tuple[int, int]]) -> tuple[list[Context], list[tuple[int, bool, bool]]]:
    """The contexts of a turn by itself, and which mentions it asks about.

    With whether it supposes their absence, and whether `yes` and `no` answer for them.
    """
    found: list[Context] = []
    asked: list[tuple[int, bool, bool]] = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        inside = [s for s in spans if start <= s[0] < end]
        if not inside:
            continue
        sentence = match.group()
        local = [(a - start, min(b, end) - start) for a, b in inside]
        read = contexts(sentence, local)
        if speaker == "clinician":
            read = [_unless_sought(sentence, c) for c in read]
            for offset, whole in _questioned(sentence, local):
                denied = read[offset].assertion == "absent" and bool(_TAG.search(sentence))
                asked.append((len(found) + offset, denied, whole))
                if whole and not denied:
                    read[offset] = replace(read[offset], assertion="uncertain")
        elif _SUPPOSES.search(sentence):
            read = [replace(c, assertion="present") if c.assertion == "uncertain" else c for c in read]
        found += read
    return found, asked


def _unless_sought(sentence: str, context: Context) -> Context:
    """Who says `排除` to a patient means to do so (`拍胸片排除肺炎`)."""
    sought = context.assertion == "absent" and any(sentence[a:b] in ("排除", "除外") for a, b in context.cues)
    return replace(context, assertion="uncertain") if sought else context


def _questioned(sentence: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, bool]]:
    """Which mentions a sentence asks for: those of a clause that asks, and bare names in the clauses beside it.

    False: it takes them for granted or asks which of them, so that only a reply that names them answers.
    """
    clauses = [m.span() for m in _CLAUSE.finditer(sentence)]
    names = [[i for i, (a, _) in enumerate(spans) if start <= a < end] for start, end in clauses]
    bare = [
        bool(inside) and _rest(sentence, start, end, [spans[i] for i in inside]) <= _JOINTS
        for (start, end), inside in zip(clauses, names, strict=True)
    ]
    asked: dict[int, bool] = {}
    for number, (start, end) in enumerate(clauses):
        clause = sentence[start:end]
        tag = number == len(clauses) - 1 and _TAG.search(clause)
        if not (_ASKS.search(clause) or tag or (number == 0 and _EXAMPLES.match(clause))):
            continue
        which = bool(_SUPPOSES.search(clause) or "还是" in clause)
        for index in names[number]:
            asked[index] = not which and not _given(sentence, spans[index], start, end)
        for step in (-1, 1) if names[number] and not _OTHERS.search(clause) else (1,):
            beside = number + step
            while 0 <= beside < len(clauses) and bare[beside]:
                for index in names[beside]:
                    asked.setdefault(index, not which and not _given(sentence, spans[index], *clauses[beside]))
                beside += step
    return sorted(asked.items())


def _rest(sentence: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> int:
    """Characters of a clause that are neither names nor fill it up."""
    parts = [sentence[a:b] for a, b in zip([start, *(s[1] for s in spans)], [*(s[0] for s in spans), end], strict=True)]
    return len(_FILLS.sub("", "".join(parts)))


def _given(sentence: str, span: tuple[int, int], start: int, end: int) -> bool:
    """Whether a question takes a name for granted and asks something else of it (`咳嗽厉害吗`, `除了发热`)."""
    return bool(_GIVEN.search(sentence, start, span[0]) or _OF.match(sentence, span[1], end))


def _hear(pending: Sequence[_Asked], text: str, spans: Sequence[tuple[int, int]], read: Sequence[Context], block: int) -> None:
    """Lets one turn of the patient answer what is asked: by name, else as a whole."""
    answer, everything = _answer(text)
    narrow = not everything and _names_first(text, spans)
    for asked in pending:
        asked.heard += 1
        if _COOL.search(text) and _FEVER.search(asked.name):
            asked.answer = "absent"
            continue
        said = _named(asked.name, text, spans, read)
        if said is not None and said != "uncertain":
            asked.answer = said
        elif answer and asked.block == block and not narrow and (asked.heard == 1 or len(text) <= _SHORT):
            absent = answer == "no" or asked.denied
            asked.answer = "absent" if absent else "present"


def _named(name: str, text: str, spans: Sequence[tuple[int, int]], read: Sequence[Context]) -> Assertion | None:
    """What a reply says of a name, as a mention or in the words of the question; None where it says nothing of it."""
    for (start, end), context in zip(spans, read, strict=True):
        if _same(name, text[start:end]):
            clause = text[max(text.rfind(mark, 0, start) for mark in ",，。") + 1 : start]
            timed = context.assertion == "absent" and _AT_TIMES.search(clause)
            return None if timed else context.assertion
    said = _said(name, text)
    return said.assertion if said else None


def _said(asked: str, text: str) -> Context | None:
    """What a reply says of a name that it takes up in the words of the question."""
    name = _TWICE.sub(r"\1", asked)
    if re.search(rf"(?:不|没有?){re.escape(name[-1])}", text):
        return Context("absent")
    for form in (name, name[1:] if len(name) > 2 and name[0] in _VERBS else name):
        at = text.find(form)
        if at >= 0:
            start = max((m.end() for m in _STOP.finditer(text, 0, at)), default=0)
            stop = _STOP.search(text, at)
            end = stop.start() if stop else len(text)
            return contexts(text[start:end], [(at - start, at - start + len(form))])[0]
    return None


def _names_first(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether the first clause of a reply names something: then it answers that alone."""
    first = _FIRST.split(text, maxsplit=1)[0]
    return bool(spans) and spans[0][0] < len(first)


def _settle(pending: list[_Asked], found: list[list[Context]]) -> list[_Asked]:
    """Writes the answers down; what is still open."""
    for asked in pending:
        if asked.answer:
            found[asked.turn][asked.index] = replace(found[asked.turn][asked.index], assertion=asked.answer)
    return [a for a in pending if not a.answer and a.heard < _WINDOW]


def _denies(question: str) -> bool:
    """Whether a question supposes that what it names is absent."""
    return bool(re.search(r"(?:不|没有?|没得|无)[^?？有]{1,8}(?:了吧|吧|对吧|是吧)[?？]?\s*$", question))


def _answer(reply: str) -> tuple[Answer, bool]:
    """yes, no or "" by how a reply begins; and whether it says so of all that was asked."""
    first = re.split(r"[。！!；;？?\n]", reply, maxsplit=1)[0].strip().lower()
    opens, everything = _words()
    for clause in re.split("[,，]", first)[:2]:
        whole = clause.strip().rstrip(_PARTICLES)
        for word, answer in everything.items():
            if whole.endswith(word):
                return answer, True
    rest = first
    for text in (first, _FILLER.sub("", first)):
        for size in range(min(len(text), 20), 0, -1):
            if text[:size] in opens:
                rest = text[size:]
                answer = opens[text[:size]]
                if not _AFTER.match(rest):
                    return "", False
                return (_second(rest, opens) or answer if answer == "yes" else answer), False
    return "", False


def _second(rest: str, opens: dict[str, Answer]) -> Answer:
    """`嗯,没有`: a sound of assent before the answer."""
    text = rest.lstrip(" ,，.、啊呀")
    if text == rest:
        return ""
    for size in range(min(len(text), 20), 0, -1):
        if text[:size] in opens and opens[text[:size]] == "no" and _AFTER.match(text[size:]):
            return "no"
    return ""


@lru_cache(maxsize=1)
def _words() -> tuple[dict[str, Answer], dict[str, Answer]]:
    """Words that a reply opens with, and words for all that was asked, with their answers."""
    opens: dict[str, Answer] = {}
    everything: dict[str, Answer] = {}
    for cells, _ in _rows():
        words, (place, answer) = cells[0].split("|"), cells[1].split()
        target = everything if place == "all" else opens
        target.update(dict.fromkeys(words, "yes" if answer == "yes" else "no" if answer == "no" else ""))
    return opens, everything


def _rows() -> list[tuple[list[str], str]]:
    text = files("hub.summarizer.reading").joinpath("replies.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(row[:2], row[2]) for row in rows]


_ALIKE: Final = (
    frozenset("烧热"), frozenset("吐呕"), frozenset("咳"), frozenset("痰"), frozenset("涕"), frozenset("喘"), frozenset("泻"),
)  # fmt: skip
"""Characters by which two short names of complaints are the same one."""


def _same(a: str, b: str) -> bool:
    """Whether a reply takes up what was asked: one name holds the other, or both the telling character."""
    if a == b or a in b or b in a:
        return True
    return any(not alike.isdisjoint(a) and not alike.isdisjoint(b) for alike in _ALIKE)
