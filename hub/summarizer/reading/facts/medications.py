"""What the patient takes, took or shall take: one draft for each dose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from hub.summarizer import units
from hub.summarizer.reading.facts import allergies
from hub.summarizer.reading.intakes import intakes
from hub.summarizer.reading.model import Intake, When
from hub.summarizer.reading.statement import Finding, Statement


def read(statement: Statement) -> list[Finding]:
    return [_draft(statement, intake) for intake in taken(statement)]


@lru_cache(maxsize=2)
def taken(statement: Statement) -> Sequence[Intake]:
    """The intakes of a sentence; of none where it tells what a medicine caused, and of nobody else than the patient."""
    listed = [(m, c) for m, c in statement.of("medicine") if not c.subject]
    if not listed or allergies.concerns(statement):
        return []
    return intakes(statement.text, [m for m, _ in listed], statement.dates, [c for _, c in listed])


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
        spans=[(w.start, w.end) for w in dated],
        dated=any(w.ago for w in dated),
    )  # fmt: skip


def _near(statement: Statement, intake: Intake, when: When) -> bool:
    """Whether a date can be the medicine's: of its clause or one beside it."""
    return abs(statement.clause(when.start) - statement.clause(intake.mention.start)) <= 1
