"""When a resource says that it was recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

from hub.domain.fragments import Resource

_ELEMENTS = (
    "effectiveDateTime", "effectiveInstant", "effectivePeriod", "recordedDate", "date", "authoredOn", "dateAsserted",
    "performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod", "issued", "recorded", "created",
    "period", "start",
)  # fmt: skip
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}(T.*)?$")


def recorded_at(resource: Resource, zone: tzinfo) -> datetime | None:
    """The first of the elements that say it, to the day or finer; a day is its midnight in the sender's zone."""
    return next((time for value in _values(resource) if (time := parse(value, zone)) is not None), None)


def parse(value: object, zone: tzinfo) -> datetime | None:
    """A FHIR date, dateTime or instant as an aware time; None for a year or a month alone and for what is none."""
    if not isinstance(value, str) or not _DAY.match(value):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


def _values(resource: Resource) -> Iterator[object]:
    for name in _ELEMENTS:
        value = resource.get(name)
        if isinstance(value, dict):
            yield value.get("start")
            yield value.get("end")
        else:
            yield value
