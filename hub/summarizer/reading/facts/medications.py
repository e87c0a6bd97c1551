"""What the patient takes, took or shall take: one draft for each dose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile

from hub.summarizer import units
from hub.summarizer.reading.facts import allergies
from hub.summarizer.reading.intakes import intakes
from hub.summarizer.reading.model import Context, Intake, Mention, When
from hub.summarizer.reading.statement import Finding, Statement


def read(statement: Statement) -> list[Finding]:
    return [_draft(statement, intake) for intake in taken(statement)]


_OWN = re.compile(
    r"(?:^|[,，。;；:：])\s?(?:这|该)?位?老人家?(?:现在|目前|平时|平常|一直|天天|每天|长期|都)*(?:在?[吃用打服]|口服)"
)
"""How a village doctor begins to tell what the patient takes."""
_URGED = re.compile(r"叮嘱|嘱咐|嘱托|交代|叮咛|吩咐|告知|提醒|嘱")
"""Words whose own object ends with their clause (`嘱咐少盐少油,甲20mg每日一次`)."""

_REAL = re.compile(
    r"原来|原先|以前|曾经?|停了|撂|目前|现在|现用|现服|平[时素]|还在|在[吃用服]|一直|[取拿配]药|现?用药|续方|配了"
)
"""What a plan in a clause before does not reach."""

_AMOUNT = re.compile(
    r"\d|[一二两三四半每各]|早|晚|睡前|必要时|\b(?:once|twice|daily|every|nightly|[btq]id|q[dn])\b", re.IGNORECASE
)

_TAKES = re.compile(r"(?:长期|每[天日]|天天|成天|日日|按时|规律|一直)*[吃打食用](?!药|量)")
_ADVISED = re.compile(r"建议|推荐|拟|宜|应|嘱")


def _settled(statement: Statement, mention: Mention, context: Context) -> Context:
    """A context without what plainly is of something else: another's by `老人家`, or planned by advice before it."""
    clause = statement.clause(mention.start)
    start = statement.clauses[clause][0]
    if context.subject.startswith("老人") and statement.section != "family" and _OWN.search(statement.text):
        context = replace(context, subject="")
    cues = [cue for cue in context.cues if not statement.text.startswith("老人", cue[0])]
    before = all(statement.clause(cue[0]) < clause for cue in cues)
    said = statement.text[max(0, start - 6) : start] if statement.text[start - 1 : start] in (":", "：") else ""
    said += statement.said(mention.start)
    done = any(statement.text.startswith(("了", " since", " any"), end) for _, end in cues)
    real = done or (before and (_REAL.search(said) or _past(statement, clause) or _told(statement, said, cues)))
    if context.planned and cues and (real or all(_of_another(statement, cue, clause) for cue in cues)):
        context = replace(context, planned=False)
    return context


def _past(statement: Statement, clause: int) -> bool:
    """Whether a clause is dated before the document."""
    today = statement.written.isoformat()
    return any(w.value and w.value < today[: len(w.value)] and statement.clause(w.start) == clause
               for w in statement.dates)  # fmt: skip


def _told(statement: Statement, said: str, cues: Sequence[tuple[int, int]]) -> bool:
    """Whether a clause plainly tells what is taken, and what is planned is named in the clauses of the cues."""
    if not _TAKES.match(said) or any(_ADVISED.search(statement.text, *cue) for cue in cues):
        return False
    named = {statement.clause(m.start) for m, _ in statement.of("medicine", "procedure")}
    return any(statement.clause(cue[0]) in named for cue in cues)


def _of_another(statement: Statement, cue: tuple[int, int], clause: int) -> bool:
    """Whether a cue is an advice with an object of its own in a clause before."""
    number = statement.clause(cue[0])
    said = statement.text[cue[1] : statement.clauses[number][1]].rstrip(",，:： ")
    return number < clause and len(said) >= 3 and bool(_URGED.search(statement.text, *cue))


@lru_cache(maxsize=2)
def taken(statement: Statement) -> Sequence[Intake]:
    """The intakes of a sentence; of none where it tells what a medicine caused, and of nobody else than the patient."""
    around = [(m, _settled(statement, m, c)) for m, c in statement.of("medicine")]
    caused = allergies.about(statement)
    if all(c.subject or statement.clause(m.start) in caused for m, c in around):
        return []
    read = intakes(statement.text, [m for m, _ in around], statement.dates, [c for _, c in around])
    own = [i for i in read if statement.clause(i.mention.start) not in caused]
    return [replace(i, status="planned") if _ahead(statement, i) else i for i in own]


def _ahead(statement: Statement, intake: Intake) -> bool:
    """Whether it begins after the day of the document (`下周起用`)."""
    start = intake.start or ""
    return intake.status == "active" and start > statement.written.isoformat()[: len(start)]


def _draft(statement: Statement, intake: Intake) -> Finding:
    planned = intake.status == "planned"
    dated = [w for w in statement.dates if w.value in (intake.start, intake.end) and _near(statement, intake, w)]
    start = intake.start if any(w.value == intake.start for w in dated) else None
    return statement.finding(
        "plans" if planned else "medications", "medication", intake.mention, status=intake.status,
        start=start, end=intake.end, ago=any(statement.counted(w) for w in dated), reason=intake.reason, by=intake.by,
        medication={"dose": intake.dose, "unit": intake.unit, "route": intake.route,
                    "frequency": intake.frequency},
        group=(units.dose(intake.dose, intake.unit), intake.frequency),
        spans=[*_told_after(statement, intake), *_reason(statement, intake), *((w.start, w.end) for w in dated)],
        dated=any(w.ago for w in dated),
    )  # fmt: skip


def _told_after(statement: Statement, intake: Intake) -> list[tuple[int, int]]:
    """The clauses behind the medicine's that may say how it is taken, up to the next name (`一直用甲,每天1次,10mg`)."""
    own = statement.clause(intake.mention.start)
    if intake.dose is None and intake.frequency is None:
        return []
    following = statement.clauses[own + 1 :]
    named = {statement.clause(m.start) for m in statement.mentions}
    run = list(takewhile(lambda numbered: numbered[0] not in named, enumerate(following, own + 1)))
    return [c for _, c in run if _AMOUNT.search(statement.text, *c)]


def _reason(statement: Statement, intake: Intake) -> list[tuple[int, int]]:
    """Where the reason of a change or stop stands, which may be clauses away."""
    at = statement.text.find(intake.reason) if intake.reason else -1
    return [(at, at + len(intake.reason))] if at >= 0 else []


def _near(statement: Statement, intake: Intake, when: When) -> bool:
    """Whether a date can be the medicine's: of its clause, one beside it, or behind it before another medicine."""
    own = intake.mention
    if abs(statement.clause(when.start) - statement.clause(own.start)) <= 1:
        return True
    return when.start > own.end and not any(
        own.end < m.start < when.start for m, _ in statement.of("medicine", "procedure", "problem")
    )
