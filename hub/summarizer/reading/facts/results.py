"""Measurements that a sentence tells, numbers as written."""

from __future__ import annotations

from hub.summarizer import terms, units
from hub.summarizer.reading.measurements import measurements
from hub.summarizer.reading.model import Measurement, When
from hub.summarizer.reading.statement import Finding, Statement

_ALONE = 4
"""Characters beside a date that is alone in its clause."""

_TAKEN_WHEN_WRITTEN = frozenset(
    ["收缩压", "舒张压", "血压", "心率", "脉搏", "体温", "呼吸频率", "血氧饱和度", "体重", "身高", "体重指数", "腰围"]
)
"""What is measured while the note is written: without a date of its own it is of the note's day."""


def read(statement: Statement) -> list[Finding]:
    """The results of the patient. All names are handed on: a complaint may begin with the name of what was measured
    (`血压高,160/100`), and any name parts the words of two others."""
    named = [m for m, _ in statement.of("analyte", "problem", "symptom", "procedure", "medicine")]
    others = [(m.start, m.end) for m, c in zip(statement.mentions, statement.contexts, strict=True)
              if c.planned or c.subject]  # fmt: skip
    return [
        _draft(statement, found)
        for found in measurements(statement.text, named, statement.dates)
        if not any(start <= found.mention.start < end for start, end in others)
    ]


def _draft(statement: Statement, found: Measurement) -> Finding:
    when = _when(statement, found)
    written = when is None and _of_the_day(statement, found)
    start = statement.written.isoformat() if written else when.value if when else None
    value = {"number": found.number, "unit": found.unit, "ucum": units.ucum(found.unit), "low": found.low,
             "high": found.high, "interpretation": found.interpretation, "text": found.text}  # fmt: skip
    return statement.finding(
        "results", "result", found.mention, named=_name(found), keys=frozenset({terms.key("analyte", found.name)}),
        status="completed", value=value, start=start, ago=bool(when and statement.counted(when)),
        dated=written or bool(when and when.ago),
        spans=[found.place, *([(when.start, when.end)] if when else [])],
        group=() if found.number is not None else (found.text.strip().casefold(),),
    )  # fmt: skip


def _when(statement: Statement, found: Measurement) -> When | None:
    """The date of a result: as it was read with it, else one that is alone in the next clause (`90%，2023年。`)."""
    if found.when:
        return found.when if statement.governs(found.when, found.mention) else None
    number = statement.clause(found.mention.start) + 1
    if number >= len(statement.clauses):
        return None
    start, end = statement.clauses[number]
    alone = [w for w in statement.dates if start <= w.start < end and end - start - (w.end - w.start) <= _ALONE]
    return alone[0] if alone else None


def _of_the_day(statement: Statement, found: Measurement) -> bool:
    return found.name in _TAKEN_WHEN_WRITTEN or statement.section == "examination"


def _name(found: Measurement) -> str:
    """Of a blood pressure which of the two it is; others are named as written."""
    return found.name if found.name in ("收缩压", "舒张压") else ""
