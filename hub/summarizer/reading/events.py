"""Of a stop, a start or a change of a medicine: when, why, by whom, and whether it is only intended."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from hub.summarizer.reading.model import When
from hub.summarizer.reading.regions import Region
from hub.summarizer.reading.tokens import DATE, Token

_REASON = re.compile(
    r"(?:原因|因为|由于|考虑到|出现|(?<![原病])因|(?<=[,，])系|because of|because|due to|secondary to)"
    r"\s*[是为系:：]?\s*"
    r"([^,，。;；()（）\x00\x01]{1,24})"
)
_VERB = re.compile(
    r"(?:而|后|就|遂|故|自行|自己|已|被|医生|都|才)*(?:将|把|给我停|停|改|换|减|加|撤|不吃|没吃|不用|没用|discontinued|stopped|switched)"
)
CLAUSE = re.compile(r"[,，。;；]")
_STOP_ALONE = re.compile(
    r"[,，。;；、)）(（:：?？\s\x00\x01]|$|了|的|过|掉|用?药|服|该|此|上述|这|那|所有|全部|自|已|至|后|因|由|原|有|大?约|\d|[一两三几半数]|多|且|"
    r"并|但|就|吃|用|打|未|没|没有|till|since|due|because|by|in|on|after|for|when|医生|换|改|就|说|哈"
)
_REFUSED = re.compile(
    r"(?:不要|切?勿|不能|不可|不宜|不得|别|避免|不建议|不敢|没有?|do not|don't|not be|never)\s?"
    r"(?:擅自|自行|随意|随便|突然|骤然|自己)?\s?$"
)
_WHOLE = frozenset(
    [
        "停",
        "停用",
        "停服",
        "停药",
        "停止",
        "停了",
        "停掉",
        "停吃",
        "停打",
        "停喷",
        "中止",
        "中断",
        "终止",
        "暂停",
        "停止服用",
        "停止使用",
    ]
)
_OF_ANOTHER = re.compile(
    r"[把将](?!它|他|这|那|该|此|其|药|全|都|所有|剂)[\u4e00-\u9fff]{2,10}(?:给|也|都)?$|"
    r"[,，;；](?![这那该此上所全其]|以上|两|几)[\u4e00-\u9fff]{1,5}药[物片]?[就也都早已给]*$"
)
"""Before a stop: what no table knows is stopped (`把乙药停了`, `甲在吃,降脂药没吃了`)."""
_LASTING = re.compile(r"(?:吃|用|服用?|打|服药|用药)了?约?$")
_DATED = re.compile(r"前|年[初底]|去|今|上|昨|ago|月份|\d{4}|来|腊|正月")


class Events:
    """The events of one region."""

    def __init__(self, text: str, low: str, region: Region, dates: list[When]) -> None:
        self.text, self.low, self.region, self.dates = text, low, region, dates
        self.words = (*region.lead, *region.tail)
        self._reason: str | None = None

    def own_stop(self, token: Token) -> bool:
        """Whether what follows a stop is no object of its own (`停用中药`)."""
        if _OF_ANOTHER.search(self.low, max(self.region.mention.end, token.start - 12), token.start):
            return False
        if self.low[token.start : token.end] not in _WHOLE:
            return True
        if token.end <= self.region.mention.start:
            return True
        return bool(_STOP_ALONE.match(self.low, token.end))

    def refused(self, token: Token) -> bool:
        """Whether it shall not be stopped (`不要擅自停用`)."""
        return bool(_REFUSED.search(self.low, max(0, token.start - 8), token.start))

    def planned(self, token: Token) -> bool:
        for other in self._near(token, 25):
            plan = other.kind == "plan" or (other.kind == "often" and other.value.code == "prn")
            if plan:
                gap = self.low[other.end : token.start]
                reach = 1 if self.text[other.start] in "若如倘假要i的" else 0
                if len(CLAUSE.findall(gap)) <= reach:
                    return True
        return False

    def date(self, token: Token) -> When | None:
        """The date of an event: before it in its clause, close after it, else before it where nothing else has it."""
        best = None
        for date in self.dates:
            if date.end <= token.start:
                gap = self.low[date.end : token.start]
                if self.duration(date) or DATE in gap:
                    continue
                parted = len(CLAUSE.findall(gap))
                if not parted or (parted == 1 and not self._taken_between(date, token) and len(gap) <= 30):
                    best = date
            elif self._after(date, token) <= 6 and best is None and token.kind != "change":
                gap = self.low[max(token.end, min(self.region.mention.end, date.start)) : date.start]
                if not re.search(r"[。;；]", gap) and (not CLAUSE.search(gap) or self._says_again(date)):
                    best = date
        return best

    def _after(self, date: When, token: Token) -> int:
        """The characters between a word, or the name that it stands before, and a date after it."""
        stands_before = token.end <= self.region.mention.start <= date.start and token.kind in ("stop", "no", "off")
        return date.start - (self.region.mention.end if stands_before else token.end)

    def _says_again(self, date: When) -> bool:
        return bool(
            re.match(
                r"\s*(?:就|左右|份|医生|自己|底|初)?\s*(?:停|开|改|换|加|减|没|不)", self.low[date.end : date.end + 6]
            )
        )

    def _taken_between(self, date: When, token: Token) -> bool:
        kinds = ("start", "take", "give", "past", "stop", "change", "often", "amount", "far")
        if token.kind == "start":
            return True
        return any(t.kind in kinds and date.end <= t.start for t in self._near(token, 40))

    def duration(self, date: When) -> bool:
        """`吃了3个月` says how long, not when."""
        words = self.text[date.start : date.end]
        return (
            date.ago
            and not _DATED.search(words)
            and bool(_LASTING.search(self.low[max(0, date.start - 6) : date.start]))
        )

    def reason(self) -> str:
        """Why, as the region's first `因` tells it."""
        if self._reason is None:
            self._reason = self._find_reason()
        return self._reason

    def _find_reason(self) -> str:
        for found in _REASON.finditer(self.low, self.region.start, self.region.end):
            end = found.end()
            verb = _VERB.search(self.low, found.start(1), end)
            end = verb.start() if verb and verb.start() > found.start(1) else end
            words = self.text[found.start(1) : end].strip(" .:")
            if self.low[end : end + 1] == DATE:
                words = words.removesuffix("于").removesuffix("在")
            if words:
                return words
        return ""

    def by(self, token: Token) -> str:
        near = next((t for t in self._near(token, 20) if t.kind == "by"), None)
        return self.text[near.start : near.end] if near else ""

    def _near(self, token: Token, reach: int) -> Iterator[Token]:
        """The words before a word and near it, the nearest first."""
        for other in reversed(self.words[: bisect_left(self.words, token.start, key=_start)]):
            if token.start - other.end > reach:
                return
            if other.end <= token.start:
                yield other


def _start(token: Token) -> int:
    return token.start
