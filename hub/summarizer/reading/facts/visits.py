"""Stays in hospital that a sentence dates, and what is to be done when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from hub.summarizer.reading.dates import find_due
from hub.summarizer.reading.model import Mention, When
from hub.summarizer.reading.statement import Finding, Statement

_STAY = re.compile(
    r"住(?:过|了)?(?:[一二三两几半\d]+(?:次|回|天|周|个?月|个?星期))?院(?!期间|后|费|部|号|病|治疗经过)|"
    r"收(?:治|住)?入(?:我|该|本|当地)?(?:院|科)|"
    r"住(?:进|在|到)?[\u4e00-\u9fff]{2,12}(?:医院|卫生院)|急诊收入|"
    r"住了(?:半|[一二三四五六七八九十两几\d]+)多?个?(?:天|周|月|星期)|(?<!出)入院(?!时|后|前|情况|诊断|查体)|"
    r"收入[\u4e00-\u9fff]{2,12}(?:医院|卫生院)|住的院|"
    r"\bdischarged from\b|\b(?:was )?admitted\b|\bhospitali[sz](?:ed|ation)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"住院\s*(?:[2-9]|\d\d|[二三四五六七八九十两几]+)\s*次|(?:[2-9]|\d\d|[二三四五六七八九十两几多]+)\s*次\s*住院|反复住院"
)
_NOT_DONE = re.compile(r"(?:未|没有?|拒绝|不|无需|不愿|建议|拟|需|择期|待)\s*(?:再)?\s*(?:收)?(?:住|入)")
_PLACE = re.compile(r"[\u4e00-\u9fff]{2,16}?(?:医院|卫生院|卫生室|卫生服务中心|诊所|医学院)")
_LEAD = re.compile(r"^.*(?:在|到|去|于|回|往|就诊|收住|住了|住进|住)")
_FOLLOW_UP = re.compile(
    r"复查|复诊|随访|随诊|复检|监测|门诊(?:就诊|随诊|复诊)|定期|拆线|换药|来院|回诊|follow[- ]?up|recheck|repeat|"
    r"return (?:to|in)|monitor",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"(?:已|均|都)(?:结束|完成|终止)|(?:复查|随访|监测|复诊)(?:示|提示|了|过|的|结果|:|为|见|显示|后)|(?:经|曾|已|来|前来|现为|为求|为行)\s*(?:复查|随访|复诊)|showed|revealed"
)
_ADVISED = re.compile(
    r"建议|需|应|要|请|嘱|定期|按时|记得|每(?:隔)?[\d一二三四五六半两]+个?(?:月|周|年)|"
    r"should|needs? to|advised"
)
_SECTIONS = frozenset({"plan", "treatment", "medications"})


def read(statement: Statement) -> list[Finding]:
    return [*_stays(statement), *_follow_up(statement)]


def _stays(statement: Statement) -> list[Finding]:
    match = _STAY.search(statement.text)
    if match is None or _COUNTED.search(statement.text) or _NOT_DONE.search(statement.text):
        return []
    number = statement.clause(match.start())
    dates = [
        w
        for w in statement.dates
        if abs(statement.clause(w.start) - number) <= 2
        and w.value
        and (w.end <= match.start() or match.end() <= w.start)
    ]
    if not dates:
        return []
    when = min(dates, key=lambda w: abs(w.start - match.start()))
    mention = Mention("encounter", match.group(), match.start(), match.end(), None)
    place = _place(statement.text)
    return [
        statement.finding("encounters", "encounter", mention, named="住院", when=when, status="completed",
                        keys=frozenset({"encounter|IMP"}), details=[place] if place else [],
                          group=(statement.text[slice(*place)] if place else "", ""))
    ]  # fmt: skip


@lru_cache(maxsize=2)
def due(statement: Statement) -> Sequence[When]:
    """Dates after the day of the document: what is due is not past."""
    written = statement.written.isoformat()
    found = find_due(statement.text, statement.written)
    return [w for w in found if w.value and w.value > written[: len(w.value)]]


def _place(text: str) -> tuple[int, int] | None:
    """Where the hospital is named."""
    match = _PLACE.search(text)
    if match is None:
        return None
    lead = _LEAD.match(match.group())
    return match.start() + (lead.end() if lead else 0), match.end()


def looks_again(clause: str) -> bool:
    """Whether a clause says that something is to be looked at again, rather than what that showed."""
    return bool(_FOLLOW_UP.search(clause)) and not _PAST.search(clause)


def _follow_up(statement: Statement) -> list[Finding]:
    """A clause that says what is to be looked at again: `2周后复查肾功能`, in the plan's own words."""
    found = []
    for start, end in statement.clauses:
        clause = statement.text[start:end]
        if not looks_again(clause):
            continue
        planned = [w for w in due(statement) if start <= w.start < end]
        if not planned and statement.section not in _SECTIONS and not _ADVISED.search(clause):
            continue
        first = start + len(clause) - len(clause.lstrip())
        last = start + len(clause.rstrip(" ,;；。:.、，"))
        mention = Mention("plan", statement.text[first:last], first, last, None)
        named = {m.term.key for m, _ in statement.of("procedure") if m.term and start <= m.start < end}
        found.append(
            statement.finding("plans", "plan", mention, when=planned[0] if planned else None, status="planned",
                              keys=frozenset({f"follow-up|{mention.name.casefold()}", *named}),
                              dated=bool(planned))
        )  # fmt: skip
    return found
