"""HL7 times to FHIR: precision as given, an offset wherever there is a time of day."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_DTM = re.compile(
    r"(\d{4})(?:-?(\d\d)(?:-?(\d\d)(?:[ T]?(\d\d)(?::?(\d\d)(?::?(\d\d)"
    r"(?:(?:\.|(?=\d{3}(?:[+Z-]|$)))(\d{1,6})\d*)?)?)?)?)?)?"
    r"([+-](?:(?:0\d|1[0-3])[0-5]\d|1400)|Z)?$"
)
"""Offsets as far as FHIR has them. Milliseconds also without their point, as many systems write them."""

_LONGEST = 64
"""Characters, blanks around it included, beyond which nothing is a time."""


class Clock:
    """Reads the times of one message. Where a value has no offset, MSH-7's holds, else the sender's time zone."""

    __slots__ = ("offset", "zone")

    def __init__(self, zone: str, message_time: str = "") -> None:
        self.zone = ZoneInfo(zone)
        found = _DTM.match(message_time[:_LONGEST])
        self.offset = _offset(found[8]) if found and found[8] else None

    def date_time(self, text: str) -> str | None:
        """A FHIR dateTime (`2024`, `2024-10`, `2024-10-22`, `2024-10-22T08:12:57+08:00`); None when it is no date."""
        return _date_time(text[:_LONGEST], self.offset, self.zone)

    def date(self, text: str) -> str | None:
        """A FHIR date: the day of it."""
        found = _date_time(text[:_LONGEST], self.offset, self.zone)
        return found[:10] if found else None

    def instant(self, text: str) -> str | None:
        """A FHIR instant; None when the value has no time of day."""
        found = _date_time(text[:_LONGEST], self.offset, self.zone)
        return found if found and len(found) > 10 else None

    def moment(self, text: str) -> datetime | None:
        """An aware time; what is missing of it is the beginning of the year, month or day."""
        found = _date_time(text[:_LONGEST], self.offset, self.zone)
        if found is None:
            return None
        if len(found) > 10:
            return datetime.fromisoformat(found)
        year, month, day = (int(part) for part in (found + "-01-01")[:10].split("-"))
        return datetime(year, month, day, tzinfo=timezone(self.offset) if self.offset is not None else self.zone)


@lru_cache(maxsize=4096)
def _date_time(text: str, offset: timedelta | None, zone: ZoneInfo) -> str | None:
    found = _DTM.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, given = found.groups()
    if day is None and month and year > "2100":
        return None  # YYMMDD, as before the standard; 9999 alone says that there is no end
    try:
        # A missing part is checked as its first value: only what was given is written.
        at = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
                      tzinfo=UTC)  # fmt: skip
    except ValueError:
        return None
    if hour is None:
        return "-".join(part for part in (year, month, day) if part)
    if given:
        delta = _offset(given)
    elif offset is not None:
        delta = offset
    else:
        delta = at.replace(tzinfo=zone).utcoffset() or timedelta()
    moment = f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}"
    if fraction and fraction.strip("0"):
        moment += f".{fraction[:3]}"
    return moment + _written(delta)


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta()
    delta = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))
    return delta if text[0] == "+" else -delta


def _written(delta: timedelta) -> str:
    minutes = round(delta.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
