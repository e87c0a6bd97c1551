"""How words around doses say that one took the place of another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.reading.courses import Stage
from hub.summarizer.reading.model import When
from hub.summarizer.reading.tokens import DATE, Token

_DATED = re.compile(r"[^,;.()\x01\x02]{0,24}?\b(?:in|on) (?:\x00|\d{4}\b)")
_FROM = re.compile(r"(?:从|由|自|\bfrom)\s?$")
_BEFORE = re.compile(r"\x00\s?[以之]?前[为是用吃服]?\s?$")
_BEFORE_IT = re.compile(r"\s?[以之]?前(?!后)")
_REDUCED = re.compile(r"\b(?:reduced|increased|decreased|changed|titrated|adjusted|lowered|raised|cut|down|up) from $")
_CHANGED = re.compile(r"\s?(?:一下|下)?[减加改调降升换增变转](?:上|下)?(?:来|过来)?[的嘅]")
"""After the dose before a change, told after it (`10mg,去年从20mg减的`)."""
_ONWARD = re.compile(
    r"[\s,，;；自从于到打由]*(?:(?:头|上|旧|去|前|今)年)?(?:\x00+|(?:\d{1,2}|[一二两三四五六七八九十半几])\s?个?(?:月|年|周|星期|礼拜|天)前?|(?=后来|之后|再后|[此其嗣尔]后|从此|自此|打那))\s?[份初底]?\s?"
    r"(?P<how>起|开始|始|再?后来|[此其嗣尔]后|从此|自此|打那以?后?|以?后|之后)(?:[就都吃服用打喷予为是]|一直|口服|每[次日天]|[一1][次回顿]|剂量|[\s,，])*"
)
"""From a date on (`2.5mg,2024年5月起5mg`), or from one that was said before (`2024年5月前2.5mg,此后5mg`)."""
_VAGUE = frozenset({"后", "以后", "之后", "后来", "再后来"})
"""These also part the doses of one regimen."""


def changed_from(low: str, place: int, stage: Stage, token: Token, following: Token | None) -> bool:
    """Whether an amount is the one of `由1mg改成0.5mg` from which it was changed, whatever stands before it."""
    change = following is not None and following.kind in ("change", "to") and following.start - token.end <= 2
    told = change and token.kind == "amount" and stage.dose is None
    return bool(
        told
        and (
            _FROM.search(low, max(place, token.start - 5), token.start) or low[token.start - 1] in DATE + "年月日号,，"
        )
    )


def told_after(low: str, place: int, stage: Stage, token: Token) -> bool:
    """Whether a dose is that before a change, told after it (`10mg,去年从20mg减的`)."""
    if stage.dose is None:
        return False
    if _CHANGED.match(low, token.end):
        return bool(_FROM.search(low, max(place, token.start - 2), token.start))
    if _BEFORE.search(low, max(place, token.start - 6), token.start):
        return True
    told = _REDUCED.search(low, max(0, token.start - 15), token.start) or (
        stage.changed and low.endswith(" from ", place, token.start)
    )
    return bool(told) and not low.startswith(" to", token.end)


def onward(low: str, place: int, stage: Stage, token: Token, *, old: bool) -> bool:
    """Whether from a date on another dose holds than the one before, which ends at place (`原2.5mg,2024年5月起5mg`).

    old: said to have been before; only then `2024年5月后` is no dose of a regimen.
    """
    if stage.dose is None or stage.kind != token.value.kind or stage.dose == token.value.dose:
        return False
    found = _ONWARD.fullmatch(low, place, token.start)
    return bool(found and (old or found["how"] not in _VAGUE))


def until(low: str, dates: Sequence[When], start: int, end: int) -> str | None:
    """The date before which the first dose held (`2024年5月前2.5mg,此后5mg`), between two places."""
    ended = (d for d in dates if start <= d.start < end and _BEFORE_IT.match(low, d.end))
    return next((d.value or d.until for d in ended), None)


def from_to(low: str, place: int, tail: Sequence[Token], at: int) -> bool:
    """Whether `to`, `到` stands between two amounts of `from 10 mg to 20 mg`, `从5毫克到10毫克`."""
    if not 0 < at < len(tail) - 1 or tail[at - 1].kind not in ("amount", "often"):
        return False
    near = tail[at].start - tail[at - 1].end <= 2 and tail[at + 1].start - tail[at].end <= 2
    before = low[max(place, tail[at - 1].start - 40) : tail[at - 1].start]
    told = re.search(r"\bfrom\b|[从由]|adjusted|changed", before) or _DATED.match(low, tail[at + 1].end)
    return near and tail[at + 1].kind == "amount" and bool(told)
