"""Questions of a consultation: which names a clinician asks for, and which are taken for granted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_ASKS: Final = re.compile(
    r"[?？]|吗|(\S)(?:不|没有?)\1|有没|有无|有木有|有没得|有冇|是否|是不是|会不会|有否|"
    r"(?:不|没|没有|没得|不呢|没呢|么|嘛)\s*[,，]?\s*$|"
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
    r"(?:症状)?(?:还|很|都|也|是|又)?(?:厉害|严重|会?比较|勤|深|剧烈|多么|加重|频繁|期间|之后|之前|以前|的时候|时候|时|后|有痰|"
    r"有没有?[^?？。 有]|没有?加重|减轻|减少|的?次数|的?频率|逐渐|的?病因|缓解|好转|引起|多久|几|原因|"
    r"夜间|晚上|白天|消失|好了|治疗|用|吃|的话|有.{1,4}[天月年周])"
)
"""After one: what is asked of it."""

_OTHERS: Final = re.compile(r"其[他它]|别的|另外|\b(?:other|else)\b")
_EXAMPLES: Final = re.compile(r"^\s*(?:比如说?|譬如|例如|像|包括|such as|like)")
_FILLS: Final = re.compile(
    r"宝宝|宝贝|孩子|小孩|最近|现在|目前|还|有|您|你|他|她|的|等|情况|症状|或者|或|和|以及|比如说?|这些|呢|那|、| "
)

_RELATIVES: Final = re.compile(
    r"家族|家里人|家里(?:面)?有(?:没有)?人|家里(?:面)?(?:哪个|谁|老人|长辈)|屋头人|屋里人|遗传|父母|爹妈|爸妈|双亲|兄弟姐妹|亲人|亲戚|直系|长辈|老一辈|上一辈|"
    r"\b(?:family|relatives|parents|siblings|anyone in your)\b",
    re.IGNORECASE,
)
_SHORT: Final = 8
"""Characters of a heading that stands for a question (`家族史?`)."""

_CLAUSE: Final = re.compile(r"[^,，]+[,，]?")
_JOINTS: Final = 2
"""Characters besides names in a clause that only lists them."""


def asks(text: str) -> bool:
    """Whether a clinician's turn asks something."""
    return bool(_ASKS.search(text) or _TAG.search(text))


def expects(sentence: str) -> bool:
    """Whether a question already says what it expects to hear (`不发烧了吧`)."""
    return bool(_TAG.search(sentence))


def takes_for_granted(sentence: str) -> bool:
    """Whether a question is of something that is there (`怎么`, `几天`)."""
    return bool(_SUPPOSES.search(sentence))


def of_relatives(text: str) -> bool:
    """Whether a clinician's turn asks for the illnesses of the family: what is named in the answer is theirs."""
    return bool(_RELATIVES.search(text)) and (asks(text) or len(text) <= _SHORT)


def questioned(sentence: str, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Which mentions a sentence asks for: those of a clause that asks, and bare names in the clauses beside it.

    Not what it takes for granted (`咳嗽厉害吗`) or offers to choose from (`水样便还是糊状便`).
    """
    clauses = [m.span() for m in _CLAUSE.finditer(sentence)]
    names = [[i for i, (a, _) in enumerate(spans) if start <= a < end] for start, end in clauses]
    bare = [
        bool(inside) and _rest(sentence, start, end, [spans[i] for i in inside]) <= _JOINTS
        for (start, end), inside in zip(clauses, names, strict=True)
    ]
    asked: set[int] = set()
    for number, (start, end) in enumerate(clauses):
        clause = sentence[start:end]
        tag = number == len(clauses) - 1 and _TAG.search(clause)
        if not (_ASKS.search(clause) or tag or (number == 0 and _EXAMPLES.match(clause))):
            continue
        if _SUPPOSES.search(clause) or "还是" in clause:
            continue
        chosen = [*names[number]]
        for step in (-1, 1) if chosen and not _OTHERS.search(clause) else (1,):
            beside = number + step
            while 0 <= beside < len(clauses) and bare[beside]:
                chosen += names[beside]
                beside += step
        asked.update(i for i in chosen if not _given(sentence, spans[i], clauses))
    return sorted(asked)


def _rest(sentence: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> int:
    """Characters of a clause that are neither names nor fill it up."""
    parts = [sentence[a:b] for a, b in zip([start, *(s[1] for s in spans)], [*(s[0] for s in spans), end], strict=True)]
    return len(_FILLS.sub("", "".join(parts)))


def _given(sentence: str, span: tuple[int, int], clauses: Sequence[tuple[int, int]]) -> bool:
    """Whether a question takes a name for granted and asks something else of it (`咳嗽厉害吗`, `除了发热`)."""
    start, end = next((a, b) for a, b in clauses if a <= span[0] < b)
    return bool(_GIVEN.search(sentence, start, span[0]) or _OF.match(sentence, span[1], end))
