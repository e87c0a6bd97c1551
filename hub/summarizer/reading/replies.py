"""Replies of a consultation: yes, no, or what they say of a name. Their words are rows of `replies.tsv`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.model import Assertion, Context
from hub.summarizer.rows import rows

Answer = Literal["no", "yes", ""]

_FILLER: Final = re.compile(
    r"^(?:[,，。.、\s…~]|这个|那个|那|这|哦|噢|奥|额|呃|啊|哎|医生|大夫|宝宝|宝贝|孩子|小孩|他|她|我|倒是|看着|听着|摸着|感觉|暂时|目前|"
    r"现在|最近|今天|昨天|昨晚|到|也|就|还|um|uh|oh|well|okay|ok|i mean|you know|doctor|patient)++",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"^(?:这些|那些|这|那|以上|你说的|都|也|倒是|倒|还|就|从来|从|一直|暂时|目前|现在|基本|应该|好像|似乎|貌似|几乎|真的|真|肯定|是|全)*+"
    r"(?:没有?|木有|莫得|没得|冇|无|不会)"
    r"(?:过|发现|出现|看到|看见|见到|见|感觉|觉得|听到|听见|有|的|了|都|这种|这样|这些|症状|情况|现象|任何|[啊呀呢吧哦哈也噢奥咯嘞诶唉额呗嘛哟滴~])*+"
    r"(?:$|[\s,，。.!！~、;；…]|就|[只光仅单]|和|除|但|不过|对了|倒|反正|别的|然后|之前|不知道|这几天|其他)"
)
_AFTER: Final = re.compile(
    r"^(?:[啊呀呢的了吧哦哈也耶噢奥咯嘞诶欸唉额过呗嘛撒哟滴都]|这样|这种|这些|那种|情况|症状|现象|表现|出现|什么)*+"
    r"(?:$|[\s,，。.!！~、;；…(（?？])"
)
_STOP: Final = re.compile(r"[。！!；;？?\n]")
_FIRST: Final = re.compile(r"[,，。!！?？;；\s]")
_ALIKE: Final = (
    *map(tuple, ("烧热", "吐呕", "胀涨", *"咳痰涕喘疹汗嚏哭脓瓣哑抽疱溃塞稀血沫")),
    ("泻", "拉肚", "拉稀"),
)
"""Parts by which two short names of complaints are the same one."""

_AT_TIMES: Final = re.compile(r"晚上|白天|睡觉|睡着|平时|平常|昨天|昨晚|那天|前[几两]天|之前|以前|天前|夜里|早上|有时")
"""When a complaint is absent at such times it is not absent."""

_COOL: Final = re.compile(
    r"体温.{0,4}正常|温度.{0,3}正常|(?<![\d.])3[67](?:\.[0-4])?(?:度|°|℃)|temperature (?:is|was|has been) normal"
)
_FEVER: Final = re.compile(r"烧|热|fever", re.IGNORECASE)
_TWICE: Final = re.compile(r"^(.{1,3})(?:不|没有?)\1$")
_SHORT: Final = 6
"""Characters of such an answer."""

_VERBS: Final = frozenset("流打有出起长")
_PARTICLES: Final = " 啊呀呢的了吧哦哈也耶噢奥~"


def answer(reply: str) -> tuple[Answer, bool]:
    """yes, no or "" by how a reply begins; and whether it says so of all that was asked."""
    first = re.split(r"[。！!；;？?\n]", reply, maxsplit=1)[0].strip().lower()
    opens, everything = _words()
    for clause in re.split("[,，]", first)[:2]:
        whole = clause.strip().rstrip(_PARTICLES)
        for word, said in everything.items():
            if whole.endswith(word):
                return said, True
    plain = _FILLER.sub("", first)
    if _NO.match(first) or _NO.match(plain):
        return "no", False
    for text in (first, plain):
        for size in range(min(len(text), 20), 0, -1):
            if text[:size] in opens:
                rest = text[size:]
                found = opens[text[:size]]
                if not _AFTER.match(rest):
                    return "", False
                return (_second(rest, opens) or found if found == "yes" else found), False
    return "", False


def answers_shortly(reply: str) -> bool:
    """Whether somebody who asks himself (`肺结核?没有。`) answers with yes or no and little more."""
    first = _FIRST.split(reply.strip(), maxsplit=1)[0]
    return 0 < len(first) <= _SHORT and bool(answer(first)[0])


def _second(rest: str, opens: dict[str, Answer]) -> Answer:
    """`嗯,没有`: a sound of assent before the answer."""
    text = rest.lstrip(" ,，.、啊呀")
    if text == rest:
        return ""
    for size in range(min(len(text), 20), 0, -1):
        if text[:size] in opens and opens[text[:size]] == "no" and _AFTER.match(text[size:]):
            return "no"
    return ""


def named(name: str, text: str, spans: Sequence[tuple[int, int]], read: Sequence[Context]) -> Assertion | None:
    """What a reply says of a name, as a mention or in the words of the question; None where it says nothing of it."""
    if _FEVER.search(name) and _COOL.search(text):
        return "absent"
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
    verb = name[0] if name[0] in _VERBS and name[0] != "有" else ""
    alike_parts = (part for alike in _ALIKE if _holds(name, alike) for part in alike if len(part) == 1)
    telling = "".join((name[-1], verb, *alike_parts))
    if re.search(rf"(?:不|没有?)[{re.escape(telling)}]", text) or _FIRST.split(text, maxsplit=1)[0] == f"不{name[0]}":
        return Context("absent")
    for form in (name, name[1:] if len(name) > 2 and name[0] in _VERBS else name, name[-2:] if len(name) > 3 else name):
        at = text.find(form)
        if at >= 0:
            start = max((m.end() for m in _STOP.finditer(text, 0, at)), default=0)
            stop = _STOP.search(text, at)
            end = stop.start() if stop else len(text)
            return contexts(text[start:end], [(at - start, at - start + len(form))])[0]
    return None


def names_first(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether the first clause of a reply names something: then it answers that alone."""
    first = _FIRST.split(text, maxsplit=1)[0]
    return bool(spans) and spans[0][0] < len(first)


def _same(a: str, b: str) -> bool:
    """Whether a reply takes up what was asked: one name holds the other, or both the telling part of a complaint."""
    if a == b or a in b or b in a:
        return True
    return any(_holds(a, alike) and _holds(b, alike) for alike in _ALIKE)


def _holds(name: str, parts: Sequence[str]) -> bool:
    return any(part in name for part in parts)


@lru_cache(maxsize=1)
def _words() -> tuple[dict[str, Answer], dict[str, Answer]]:
    """Words that a reply opens with, and words for all that was asked, with their answers."""
    opens: dict[str, Answer] = {}
    everything: dict[str, Answer] = {}
    for listed, meant, _ in rows("reading/replies.tsv", 3):
        words, (place, answer) = listed.split("|"), meant.split()
        target = everything if place == "all" else opens
        target.update(dict.fromkeys(words, "yes" if answer == "yes" else "no" if answer == "no" else ""))
    return opens, everything


def examples() -> tuple[tuple[str, ...], ...]:
    """The examples of each row of the table."""
    return tuple(tuple(each.split("|")) for _, _, each in rows("reading/replies.tsv", 3))
