"""Which date of a sentence is that of a result in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.reading.model import When

_CLAUSE = re.compile(r"[,，;；。:：]")
_EXAMINED = re.compile(
    r"复?查|测|化?验|抽的?血|检|报告|结果|量|示|生化|常规|血气|甲功|血脂|肝功|肾功|入院|门诊|就诊|lab|test|check",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"查出|诊断|发现|确诊|起病|发病|手术|术后|开始|患|得了?|出现|服|吃药|用药|停|加用|打针|住院治疗|出院|今日|今天|现在|目前|入院查体|diagnosed|started"
)
_BARE = re.compile(r"[\s,，:：、\x02\d.%/()（）A-Za-zμ↑↓*^×+\-<>=~·年月]*")


def governing(hidden: str, place: int, dates: Sequence[When]) -> When | None:
    """The nearest date before a name, where it stands in the name's clause or an examination follows it."""
    before = [d for d in dates if d.end <= place]
    if not before:
        return None
    date = before[-1]
    gap = hidden[date.end : place]
    if not _CLAUSE.search(gap):
        return date if not _EVENT.search(gap) else None
    if re.search(r"[。；;]", gap) or _EVENT.search(gap):
        return None
    return date if _EXAMINED.search(gap) or _BARE.fullmatch(gap) else None
