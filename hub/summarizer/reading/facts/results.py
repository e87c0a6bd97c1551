"""Measurements that a sentence tells, numbers as written."""

from __future__ import annotations

from hub.summarizer import terms, units
from hub.summarizer.reading.measurements import measurements
from hub.summarizer.reading.model import Measurement
from hub.summarizer.reading.statement import Finding, Statement

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
    start, dated = _moment(statement, found)
    ago = bool(start and found.when and start == found.when.value and statement.counted(found.when))
    key = terms.key("analyte", found.name)
    value = {"number": found.number, "unit": found.unit, "ucum": units.ucum(found.unit), "low": found.low,
             "high": found.high, "interpretation": found.interpretation, "text": found.text}  # fmt: skip
    return statement.finding(
        "results", "result", found.mention, named=_name(found), keys=frozenset({key}), status="completed",
        value=value, start=start, ago=ago, dated=dated,
        spans=[(found.when.start, found.when.end)] if found.when else (),
        group=() if found.number is not None else (found.text.strip().casefold(),),
    )  # fmt: skip


def _name(found: Measurement) -> str:
    """Of a blood pressure which of the two it is; others are named as written."""
    return found.name if found.name in ("收缩压", "舒张压") else ""


def _moment(statement: Statement, found: Measurement) -> tuple[str | None, bool]:
    """When it was measured, and whether the document's date says so."""
    if found.when and statement.governs(found.when, found.mention):
        return found.when.value, found.when.ago
    if found.name in _TAKEN_WHEN_WRITTEN or statement.section == "examination":
        return statement.written.isoformat(), True
    return None, False
