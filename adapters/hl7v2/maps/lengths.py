"""How long an appointment and its resources take, in whole minutes, and the times that come of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, COMPONENT, mark
from adapters.hl7v2.maps.quantities import number
from adapters.hl7v2.maps.reading import Leaf, Reading

_MINUTES = {"": 1, "M": 1, "MIN": 1, "MINUTE": 1, "MINUTES": 1, "MINS": 1, "H": 60, "HR": 60, "HOUR": 60, "HOURS": 60,
            "S": 1 / 60, "SEC": 1 / 60, "D": 1440, "DAY": 1440, "分": 1, "分钟": 1, "小时": 60, "天": 1440}  # fmt: skip
"""Units as senders write them, in minutes."""
MOST = 100_000
"""Units; what is told as longer is none."""
_LENGTH = {"start", "end", "minutesDuration"}


def as_told(made: dict[str, Any], key: str, minutes: Leaf, unit: str) -> None:
    """A time that was told as so many units from another."""
    mark(made, AS_SENT, minutes.text.strip(), key)
    if unit:
        mark(made, COMPONENT, unit, key)


def moment(instant: Leaf) -> datetime:
    """An instant of FHIR, aware."""
    return datetime.fromisoformat(str(instant.value))


def after(start: datetime, minutes: Leaf) -> str:
    """So many minutes later (earlier where they are negative), as FHIR's instant."""
    return (start + timedelta(minutes=float(str(minutes.value)))).isoformat(timespec="seconds")


def duration(s: Reading, field: int, unit: int) -> Leaf | None:
    """A positive number of whole minutes."""
    found = minutes_of(s, field, unit, 0)
    return found.give(max(1, int(str(found.value)))) if found else None


def minutes_of(s: Reading, field: int, unit: int, least: int) -> Leaf | None:
    """A number of units in whole minutes, rounded. least: units, itself not taken."""
    leaf = s.leaf(field)
    found = number(leaf.text) if leaf else None
    factor = _MINUTES.get(s.text(unit).upper())
    if leaf is None or found is None or factor is None or not least < found < MOST:
        return None
    return leaf.give(round(float(found) * factor))


def otherwise(made: dict[str, Any]) -> bool:
    """Whether the appointment's own times say that a length without units is none of minutes."""
    if not made.keys() >= _LENGTH:
        return False
    return datetime.fromisoformat(after(moment(made["start"]), made["minutesDuration"])) != moment(made["end"])
