"""The course of one medicine in a sentence: its stages of dose, how it began, whether it was stopped, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from hub.summarizer.reading.model import Context, Intake, Mention

Status = Literal["active", "stopped", "planned", "unknown"]


@dataclass(slots=True)
class Stage:
    """A dose that held for a time. weak: its frequency says little (`饭后`), or is carried on from before."""

    dose: Decimal | None = None
    unit: str | None = None
    kind: str = ""
    often: str | None = None
    start: str | None = None
    planned: bool = False
    weak: bool = False
    changed: bool = False
    filled: bool = False


@dataclass(slots=True)
class Course:
    """What the words around one name say. untaken: that it is not taken, nor ever was.

    lead_, tail_: said before, after the name (of a list, of all its names).
    """

    stages: list[Stage] = field(default_factory=lambda: [Stage()])
    route: str | None = None
    lead_route: str | None = None
    tail_route: str | None = None
    taken: bool = False
    tail_taken: bool = False
    lasting: bool = False
    past: bool = False
    start: str | None = None
    lead_start: str | None = None
    stopped: bool = False
    lead_stopped: bool = False
    tail_stopped: bool = False
    planned_stop: bool = False
    end: str | None = None
    changed: str | None = None
    reason: str = ""
    reason_of_start: str = ""
    by: str = ""
    switched: bool = False
    kept: bool = False
    untaken: bool = False
    formerly: bool = False
    began: bool = False
    often_parted: bool = False
    dosed_often: bool = False

    @property
    def dosed(self) -> bool:
        return any(stage.filled for stage in self.stages)

    def intakes(self, mention: Mention, context: Context) -> Iterator[Intake]:
        """One intake per stage."""
        said = self.stopped or self.kept or self.changed or self.stages[-1].planned
        untaken = self.untaken and not context.planned and not said
        if context.subject or untaken or (context.assertion == "absent" and not said):
            return
        stages = [s for s in self.stages if s.filled] or [self.stages[-1]]
        if len(stages) == 1 and self.changed and not self.switched and not stages[0].start:
            stages = [replace(stages[0], start=self.changed)]
        for place, stage in enumerate(stages):
            following = stages[place + 1] if place + 1 < len(stages) else None
            yield self._intake(mention, context, stage, following, first=place == 0)

    def _intake(
        self, mention: Mention, context: Context, stage: Stage, following: Stage | None, *, first: bool
    ) -> Intake:
        status, end = self._status(context, stage, following, first)
        over = status == "stopped"
        start = stage.start or (self.start if first else None)
        changed_on = following is not None or bool(stage.start) or self.stopped
        return Intake(
            mention,
            status,
            stage.dose,
            stage.unit,
            self.route,
            stage.often or (following.often if following else None),
            None if following and following.start == start else start,
            end,
            self.reason if over else (self.reason_of_start or (self.reason if stage.start or self.changed else "")),
            self.by if changed_on or self.changed or self.start or over else "",
        )  # fmt: skip

    def _status(
        self, context: Context, stage: Stage, following: Stage | None, first: bool
    ) -> tuple[Status, str | None]:
        if following is not None and not following.planned and not (context.planned and first):
            return "stopped", following.start
        if following is not None:
            return "active", None
        if stage.planned or (context.planned and not self.planned_stop and not self.stopped):
            return "planned", None
        if self.stopped and not context.planned:
            return "stopped", self.end
        if context.resolved and not self.kept and not self.planned_stop:
            return "stopped", self.end
        if (
            context.planned
            or context.assertion == "uncertain"
            or ((self.past or self._before(context)) and not self.lasting)
        ):
            return "unknown", self.end
        said = self.taken or self.kept or stage.filled or stage.often or self.route or self.start or self.changed
        return ("active" if said else "unknown"), self.end

    def _before(self, context: Context) -> bool:
        return context.historical and not self.stages[-1].start
