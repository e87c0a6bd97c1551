"""Problems and symptoms of the patient, and those of relatives."""

from __future__ import annotations

import re

from hub.summarizer import terms
from hub.summarizer.reading import doubt, kin
from hub.summarizer.reading.facts import allergies, medications
from hub.summarizer.reading.model import Context, Mention, When
from hub.summarizer.reading.statement import Finding, Statement

_NAMES_SOMETHING_ELSE = re.compile(
    r"\s*(?:专科|医院|研究所|病房|门诊|防治|中心|疫苗|筛查|(?:患者|病人)?(?:密切)?接触|疫[区水]|知识|宣教|健康教育|讲座|(?:的|用)?药|[外内儿]?科(?!学)|"
    r"clinic|unit|screening)"
)
_ASKED = re.compile(r"^\s*(?:请|望|恳请|烦请|求)|评估|是否|有无|有没有|排查|协助|要不要|能否|please|evaluate|whether")
_REQUEST = re.compile(r"请|望|恳|烦|求|协助|评估|排查|能否|please|evaluate")
_QUESTION = re.compile(r"[?？吗么]|有没有|是否|有无|是不是")
_DATED_OTHERWISE = re.compile(
    r"停|没用|没吃|不吃|改|换|加量|减量|复查|查血|抽血|化验|住(?:过|了|院)|住.{2,12}院|入院|admitted"
)
_STAYED = re.compile(
    r"住(?:过|了|院|进)|住.{2,12}院|收(?:治|住)?入(?!院史)|收住|入院|admi(?:tted|ssion)|hospitali[sz]", re.IGNORECASE
)
_WORSE = re.compile(r"重了|加重|又犯|犯了|发作")
_DIAGNOSED = re.compile(r"诊断|确诊|发现|查出|检出|得的|患|起病|开始|diagnos|onset")
"""Clauses whose date is of something else than when the problem began."""


_UNRELATED = frozenset({"spouse", "other"})
"""Kinds of `kin.tsv` whose illness is no family history."""

_DIED_OF = re.compile(r"死于[^,，。;；]{0,4}\Z")
_DIED = re.compile(r"[^,，。;；]{0,2}(?:去世|过世|病故|病逝)")
"""Of what somebody died whom no word of `kin.tsv` names: it is not the patient."""


def read(statement: Statement) -> list[Finding]:
    drafts = []
    reasons = [intake.reason for intake in medications.taken(statement) if intake.reason]
    for mention, context in statement.of("problem", "symptom"):
        if context.planned or asked(statement, mention, context) or names_something_else(statement, mention):
            continue
        if any(mention.name in reason for reason in reasons):
            continue
        if context.assertion == "present" and doubt.denied(*statement.beside(mention)):
            continue
        if context.subject:
            drafts += _family(statement, mention, context)
        elif _DIED_OF.search(statement.text, 0, mention.start) or _DIED.match(statement.text, mention.end):
            continue
        elif not allergies.reaction(statement, mention):
            drafts.append(_own(statement, mention, context))
    return drafts


def asked(statement: Statement, mention: Mention, context: Context) -> bool:
    """Whether the clause asks about it (`请评估有无肺心病`): it states nothing but what a dialogue answers."""
    if statement.dialogue:
        return context.assertion == "uncertain" and bool(_QUESTION.search(statement.text))
    if context.assertion == "absent" or (context.assertion == "uncertain" and not _REQUEST.search(statement.text)):
        return False
    start, _ = statement.clauses[statement.clause(mention.start)]
    return bool(_ASKED.search(statement.text[start : mention.start]))


def names_something_else(statement: Statement, mention: Mention) -> bool:
    return bool(_NAMES_SOMETHING_ELSE.match(statement.text, mention.end))


def _own(statement: Statement, mention: Mention, context: Context) -> Finding:
    present = context.assertion == "present"
    when = statement.when(mention) if present else None
    if when and _of_something_else(statement, mention, when):
        when = None
    status = "unknown"
    if present:
        status = "resolved" if context.resolved else "active"
        if mention.kind == "symptom" and context.historical and not context.resolved:
            status = "unknown"
    return statement.finding(
        "problems", "problem" if mention.kind == "problem" else "symptom", mention, when=when,
        assertion=context.assertion, status=status, laterality=side(statement, mention), spans=context.cues,
    )  # fmt: skip


def _of_something_else(statement: Statement, mention: Mention, when: When) -> bool:
    """Whether a date is of a treatment or stay: of `去年12月痛风重了，送县医院住院`, where no other date follows."""
    said = statement.said(when.start)
    if _DIAGNOSED.search(said):
        return False
    if _DATED_OTHERWISE.search(said):
        return True
    told = mention.kind == "problem" and (_WORSE.search(said) or _STAYED.search(_after(statement, when)))
    return bool(told)


def _after(statement: Statement, when: When) -> str:
    """The rest of its clause and the two after it, as far as they have no other date."""
    number = statement.clause(when.start)
    last = statement.clauses[min(number + 2, len(statement.clauses) - 1)][1]
    end = min((w.start for w in statement.dates if when.end <= w.start < last), default=last)
    return statement.text[when.end : end]


def side(statement: Statement, mention: Mention) -> str:
    """`L`, `R`, `B` or "": in the name, its part of the list, else its clause where that names nothing else."""
    for words in (mention.name, statement.listed(mention)):
        if found := terms.laterality(words):
            return found
    clause = statement.clause(mention.start)
    alone = sum(statement.clause(m.start) == clause for m in statement.mentions if m.kind == mention.kind) == 1
    return terms.laterality(statement.said(mention.start)) if alone else ""


def _family(statement: Statement, mention: Mention, context: Context) -> list[Finding]:
    """A relative's illness: history. What relatives do not have is no fact of the record, nor is a spouse's."""
    if (
        context.assertion == "absent"
        or mention.kind == "symptom"
        or _UNRELATED & {kin.words().get(context.subject.lower())}
    ):
        return []
    return [
        statement.finding(
            "history", "family", mention, assertion=context.assertion, status="unknown", spans=context.cues,
            group=(terms.fold(context.subject),), said=(context.subject,), heading=statement.section == "family",
        )
    ]  # fmt: skip
