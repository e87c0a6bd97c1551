"""Procedures done or planned, and vaccinations."""

from __future__ import annotations

import re

from hub.summarizer.reading import doubt
from hub.summarizer.reading.facts import visits
from hub.summarizer.reading.facts.problems import asked, names_something_else, side
from hub.summarizer.reading.model import Context, Mention
from hub.summarizer.reading.statement import Finding, Statement

_EXAMINATIONS = tuple(str(n) for n in (87, 88, 89, 90, 91, 92, 93, 94, 95, 97))
"""Chapters of ICD-9-CM-3 that are examinations: a procedure only where somebody did it, not where it `showed` ..."""

_DONE = re.compile(r"行|做(?:了|过|的)|完成|查(?:了|过)|underwent|s/p|status post|performed|had (?:a|an)\b")
_ADVISED = re.compile(r"建议|完善|待|择期|择日|再做|转上级|advise|recommend|arrange")
"""After `未行...`: it is still to be done."""

_DO = re.compile(r"做|行|查|安排|完善|perform|arrange")
_WISHED = re.compile(
    r"预约|择期|择日|拟|下一步|准备去?|打算|要去|计划|完善|需要?做|要做|等床|排队|排期|欠着|"
    r"\b(?:pending|scheduled|recommended|consider|will be|planned|awaiting|to be arranged|referred for)\b",
    re.IGNORECASE,
)
_ALREADY = re.compile(r"已(?:经)?(?:行|做|完成|予)|做了|做过|查了|查过|\b(?:underwent|performed|completed|done)\b")
_NOT_GIVEN = re.compile(r"(?:没|未|没有|从没|从未|不曾|拒绝)\s*(?:打|种|接种|注射)|\b(?:never|not|declined|refused)\b")
_INVASIVE = re.compile(r"造影|镜|活检|穿刺|手术|术$|治疗")


def read(statement: Statement) -> list[Finding]:
    found = [_procedure(statement, m, c) for m, c in statement.of("procedure") if not c.subject]
    found += [_vaccination(statement, m, c) for m, c in statement.of("vaccine") if not c.subject]
    return [draft for draft in found if draft]


def _procedure(statement: Statement, mention: Mention, context: Context) -> Finding | None:
    if names_something_else(statement, mention):
        return None
    if visits.looks_again(statement.said(mention.start)):
        return None
    wanted = asked(statement, mention, context)
    wished = statement.section == "plan" or (context.assertion == "present" and _wished(statement, mention))
    if context.planned or wished or _due(statement, mention) or (wanted and _DO.search(statement.said(mention.start))):
        return statement.finding("plans", "plan", mention, when=statement.when(mention), status="planned",
                               spans=context.cues, laterality=side(statement, mention))  # fmt: skip
    if context.assertion == "uncertain" or wanted:
        return None
    if context.assertion == "present" and doubt.intended(*statement.beside(mention)):
        return None
    if _examination(mention) and not _DONE.search(statement.said(mention.start)):
        return None
    absent = context.assertion == "absent"
    if absent and _ADVISED.search(statement.text, mention.end):
        return statement.finding("plans", "plan", mention, status="planned", laterality=side(statement, mention))
    return statement.finding(
        "procedures", "procedure", mention, when=None if absent else statement.when(mention),
        status="stopped" if absent else "completed", assertion=context.assertion, laterality=side(statement, mention),
        spans=context.cues,
    )  # fmt: skip


def _wished(statement: Statement, mention: Mention) -> bool:
    """Whether its clause, or the next, says that it is to be done or waited for."""
    start, end = statement.clauses[statement.clause(mention.start)]
    return bool(_WISHED.search(statement.text, start, end)) and not _ALREADY.search(statement.text, start, end)


def _due(statement: Statement, mention: Mention) -> bool:
    """Whether its clause names a day to come."""
    clause = statement.clause(mention.start)
    return any(statement.clause(w.start) == clause for w in visits.due(statement))


def _examination(mention: Mention) -> bool:
    if mention.term is None:
        return False
    codes = [code for _, code in mention.term.codes]
    diagnostic = not codes or codes[0].startswith(_EXAMINATIONS)
    return diagnostic and not _INVASIVE.search(mention.term.name + mention.name)


def _vaccination(statement: Statement, mention: Mention, context: Context) -> Finding | None:
    if context.planned:
        return statement.finding("plans", "plan", mention, when=statement.when(mention), status="planned",
                               spans=context.cues)  # fmt: skip
    if context.assertion == "uncertain" or asked(statement, mention, context):
        return None
    absent = context.assertion == "absent" or bool(_NOT_GIVEN.search(statement.said(mention.start)))
    return statement.finding(
        "immunizations", "immunization", mention, when=None if absent else statement.when(mention),
        status="stopped" if absent else "completed", assertion="absent" if absent else "present", spans=context.cues,
    )  # fmt: skip
