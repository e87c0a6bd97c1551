"""Measurements that a sentence tells, numbers as written."""

from __future__ import annotations

from hub.summarizer import terms, units
from hub.summarizer.drafts import Draft
from hub.summarizer.reading.measurements import measurements
from hub.summarizer.reading.model import Measurement
from hub.summarizer.reading.statement import Statement
from hub.summarizer.text import Span

_TAKEN_WHEN_WRITTEN = frozenset(
    ["收缩压", "舒张压", "血压", "心率", "脉搏", "体温", "呼吸频率", "血氧饱和度", "体重", "身高", "体重指数", "腰围"]
)
"""What is measured while the note is written: without a date of its own it is of the note's day."""


def read(statement: Statement) -> list[Draft]:
    analytes = [m for m, c in statement.of("analyte") if not c.planned and not c.subject]
    if not analytes:
        return []
    return [_draft(statement, found) for found in measurements(statement.text, analytes, statement.dates)]


def _draft(statement: Statement, found: Measurement) -> Draft:
    start, also = _moment(statement, found)
    key = terms.key("analyte", found.name)
    value = {"number": found.number, "unit": found.unit, "ucum": units.ucum(found.unit), "low": found.low,
             "high": found.high, "interpretation": found.interpretation, "text": found.text}  # fmt: skip
    return statement.draft(
        "results", "result", found.mention, name=_name(statement, found), keys=frozenset({key}), status="completed",
        value=value, start=start, ago=bool(found.when and statement.counted(found.when)), also=also,
        spans=[(found.when.start, found.when.end)] if found.when else (),
        group=() if found.number is not None else (found.text.strip().casefold(),),
    )  # fmt: skip


def _name(statement: Statement, found: Measurement) -> str:
    """As written; of a blood pressure which of the two it is."""
    written = statement.written(found.mention)
    return found.name if found.name in ("收缩压", "舒张压") and found.name != written else written


def _moment(statement: Statement, found: Measurement) -> tuple[str | None, tuple[Span | None, ...]]:
    dated = statement.document.dated
    if found.when:
        return found.when.value, (dated if found.when.ago else None,)
    if found.name in _TAKEN_WHEN_WRITTEN or statement.sentence.section == "examination":
        return statement.document.written.isoformat(), (dated,)
    return None, ()
