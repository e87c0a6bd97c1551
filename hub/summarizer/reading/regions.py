"""Which words of a sentence speak of which of its medicines: before the name, after it, in a list of names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.summarizer.reading.model import Mention
from hub.summarizer.reading.tokens import NAME, OTHER, Token

_LEADS = {"change", "start", "give", "take", "stop", "resume", "route", "plan", "old", "now", "past", "later", "open"}
_MEASURED = {"amount", "often"}
_SEPARATOR = re.compile(r"[,，、;；。:：\n+(（)）/]|以及|还有|[和及与并跟]|联合|同时|\band\b|\bplus\b|\bwith\b")
_GLUE = re.compile(
    r"^\x01+|盐酸|硫酸氢?|苯磺酸|磷酸|甲磺酸|琥珀酸|酒石酸|马来酸|富马酸|枸橼酸|醋酸|氢溴酸|碳酸|重组人?|注射用|复方|精蛋白|叔丁胺|"
    r"\([^()\d]{0,12}\)|[\s,，、:：()（）\"“”'‘’\[\]【】\x00.…~+]|每[次回顿]|[一1][次回顿]|剂量|用量|用法|药量|首剂|日量|单次|"
    r"目前|现在|仍|还|都|也|就|均|各|共|约|大概|大约|左右|的|了|着|在|是|为|系|量|按|以|给|起|来|上|吧|哈|呢|嘛|等|这|那|药|"
    r"(?:肠溶|缓释|控释|分散|咀嚼|泡腾|薄膜衣|干粉|粉雾|气雾|吸入|预混|预填充)+|胶囊|注射液|注射剂|吸入剂|气雾剂|粉雾剂|混悬液|"
    r"口服液|颗粒|滴丸|软膏|笔芯|都保|准纳器|[片针丸剂]|治疗|控制|维持|降压|降糖|调脂|抗血小板|抗凝|dose[sd]?|tablets?|capsules?|"
    r"injection|inhaler|insulin|succinate|tartrate|besylate|calcium|sodium|hydrochloride|hcl|[xse]r|xl|at|of|a|an|the|his|her|currently|for|as|,|-|is|was|to|be|s|使用|应用|进行|皮下|每日|每天|从|由|自|于"
)
_SERIOUS = re.compile(r"[\d;；。]|\x01|\x02")
_JOINED = re.compile(
    r"(?:[、，,和及与+/\s跟\"“”]|以及|还有|联合|片|胶囊|缓释|肠溶|控释|分散|注射液|颗粒|and|plus|or|或)*"
)
_CONNECTED = re.compile(r"[、，,和及与+/;；]|以及|还有|联合|and")


@dataclass(slots=True)
class Region:
    """A medicine and the words around it. joined: to the one before by a list's comma alone; listed: with doses."""

    mention: Mention
    index: int
    start: int
    end: int
    lead: list[Token] = field(default_factory=list)
    tail: list[Token] = field(default_factory=list)
    joined: bool = False
    listed: bool = False


def glued(low: str, start: int, end: int, *, across: bool = True) -> bool:
    """Whether what stands between two places is so little that the second still speaks of the first."""
    if start >= end:
        return True
    gap = low[start:end]
    rest = _GLUE.sub("", gap)
    if not rest:
        return across or not re.search(r"[,，、;；。:：]", gap)
    if _SERIOUS.search(rest):
        return False
    parted = re.search(r"[,，、:：]", gap)
    return len(rest) <= (2 if parted else 5) if across else not parted and len(rest) <= 1


def regions(low: str, mentions: Sequence[Mention], tokens: Sequence[Token]) -> list[Region]:
    """One region per medicine. A name in brackets after another is the same medicine and has none of its own."""
    kept = [(i, m) for i, m in enumerate(mentions) if not _alias(low, mentions, i)]
    found: list[Region] = []
    start = 0
    prefixed = bool(kept) and _prefixed(low, kept[0][1], tokens)
    for place, (index, mention) in enumerate(kept):
        last = place + 1 == len(kept)
        following = kept[place + 1][1] if not last else None
        between = [t for t in tokens if mention.end <= t.start and (following is None or t.start < following.start)]
        end = len(low) if following is None else _boundary(low, mention, following, between, prefixed)
        region = Region(mention, index, start, end)
        region.lead = [t for t in tokens if start <= t.start < mention.start]
        region.tail = [t for t in between if t.start < end]
        if found:
            region.joined, region.listed = _link(low, found[-1], region)
        found.append(region)
        start = end
    return found


def _alias(low: str, mentions: Sequence[Mention], index: int) -> bool:
    if not index:
        return False
    before, mention = mentions[index - 1], mentions[index]
    gap = low[before.end : mention.start]
    if before.start <= mention.start < before.end or (mention.term is None and not gap):
        return True
    return gap.strip() in ("(", "（") and low[mention.end : mention.end + 1] in (")", "）")


def _prefixed(low: str, mention: Mention, tokens: Sequence[Token]) -> bool:
    """Whether the first name has its dose before it (`1片阿司匹林、2片...`)."""
    before = [t for t in tokens if t.end <= mention.start and t.kind == "amount"]
    return bool(before) and glued(low, before[-1].end, mention.start, across=False)


def _boundary(low: str, mention: Mention, following: Mention, between: list[Token], prefixed: bool) -> int:
    """Where the words on the first name end and those on the second begin."""
    inside = {place for t in between for place in range(t.start, t.end)}
    separators = [
        m.end()
        for m in _SEPARATOR.finditer(low, mention.end, following.start)
        if m.start() not in inside and not _opens_form(low, m)
    ]
    parted = separators[-1] if separators else mention.end
    segment = [t for t in between if t.start >= parted]
    changes = [t for t in segment if t.kind == "change"]
    stops = [t for t in segment if t.kind == "stop" and changes and t.start < changes[0].start]
    if stops:
        return changes[0].start
    if not separators:
        return _without_separator(following, between)
    measured = [t for t in segment if t.kind in _MEASURED]
    if any(t.kind in _LEADS for t in segment if not measured or t.start < measured[0].start):
        return parted
    if measured and _taken_then(low, segment, following):
        return parted
    if measured and not _before_name(low, measured, following, prefixed):
        return measured[-1].end
    return parted


def _opens_form(low: str, separator: re.Match[str]) -> bool:
    return separator.group() in "(（" and low[separator.end() : separator.end() + 6].find(")") > 0


def _without_separator(following: Mention, between: list[Token]) -> int:
    """The words right before the second name belong to it, as far as they are no amounts."""
    start = following.start
    for token in reversed(between):
        if token.kind in _MEASURED or token.kind in ("strength", "by") or token.kind not in _LEADS - {"stop", "route"}:
            break
        start = token.start
    return start


def _taken_then(low: str, segment: list[Token], following: Mention) -> bool:
    """Whether a segment tells when the second medicine is taken (`晚饭后吃他汀`)."""
    if [t.kind for t in segment] != ["often", "take"]:
        return False
    often, take = segment
    return not low[often.end : take.start].strip() and not low[take.end : following.start].strip()


def _before_name(low: str, measured: list[Token], following: Mention, prefixed: bool) -> bool:
    near = glued(low, measured[-1].end, following.start, across=False)
    return near and (prefixed or low[measured[-1].end : following.start].strip() == "的")


def _link(low: str, before: Region, region: Region) -> tuple[bool, bool]:
    """Whether two names are joined in a list, without and with amounts between them."""
    gap = low[before.mention.end : region.mention.start]
    if OTHER in gap or NAME in gap:
        return False, False
    if _JOINED.fullmatch(gap):
        return True, False
    amounts = [t for t in (*before.tail, *region.lead) if before.mention.end <= t.start < region.mention.start]
    if any(t.kind not in ("amount", "often", "route") for t in amounts):
        return False, False
    rest = gap
    for token in reversed(amounts):
        at = token.start - before.mention.end
        rest = rest[:at] + rest[at + token.end - token.start :]
    rest = _GLUE.sub("", _CONNECTED.sub("", rest))
    return False, not rest
