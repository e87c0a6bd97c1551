"""Numbers as a text writes them, and FHIR dates of partial precision: year, year and month, or day."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_DIGITS = {
    "〇": 0,
    "零": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "俩": 2,
    "三": 3,
    "仨": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_ABOUT = {"十几": 10.0, "二十几": 20.0, "三十几": 30.0, "个把": 1.0, "大半": 0.5, "小半": 0.5, "couple": 2.0}
_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
          "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "half a": 0.5}  # fmt: skip
_CENTURY = 100
_LATER_CENTURY = 2000
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Number:
    """A number of days, months, years. low == high unless a range (`两三年`, `3-5天`); low None: `几`, `数`."""

    low: float | None
    high: float | None = None
    about: bool = False


@lru_cache(maxsize=2048)
def number(text: str) -> Number | None:
    """What `3`, `1.5`, `十二`, `两三`, `十几`, `半`, `几`, `two` say; None where it is not a number."""
    word = text.strip().lower().removesuffix(" of")
    if not word:
        return None
    if word[0].isdigit():
        return Number(float(word), float(word)) if word.replace(".", "", 1).isdigit() else None
    if word == "半":
        return Number(0.5, 0.5)
    if word in _ABOUT:
        return Number(_ABOUT[word], _ABOUT[word], about=True)
    if word in _WORDS:
        return Number(float(_WORDS[word]), float(_WORDS[word]))
    if "几" in word or word in {"数", "若干", "数十", "several", "few", "some", "多", "好多"}:
        return Number(None, None, about=True)
    return _chinese(word)


def _chinese(word: str) -> Number | None:
    """`二十五`, `一百二十`; two digits in a row are a range (`三四` 3 to 4, `十七八` 17 to 18, `二三十` 20 to 30)."""
    low = high = 0
    last: int | None = None
    upper: int | None = None
    for char in word:
        if char in "十百":
            scale = 10 if char == "十" else _CENTURY
            first = 1 if last is None else last
            low, high, last, upper = low + first * scale, high + (upper or first) * scale, None, None
        elif char not in _DIGITS:
            return None
        elif last is None:
            last = _DIGITS[char]
        elif _DIGITS[char] == last + 1 and upper is None:
            upper = _DIGITS[char]
        else:
            return None
    low, high = low + (last or 0), high + (upper or last or 0)
    return Number(float(low), float(high), about=low != high)


@lru_cache(maxsize=2048)
def whole(text: str | None) -> int:
    """A year, month or day: `10`, `十`, `二〇二四`, `廿三`, `初五`, `三十`; 0 where there is none."""
    word = (text or "").strip()
    if not word:
        return 0
    if word.isdigit():
        return int(word)
    word = word.removeprefix("初").replace("廿", "二十").replace("卅", "三十")
    if len(word) > 1 and all(char in _DIGITS for char in word):
        return int("".join(str(_DIGITS[char]) for char in word))
    read = _chinese(word)
    return int(read.low) if read and read.low is not None and read.low == read.high else 0


def full_year(short: int, anchor: date | None) -> int:
    """The year that two digits mean: not after the next year, not more than a century ago."""
    newest = (anchor.year if anchor else _LATER_CENTURY + 49) + 1
    return _LATER_CENTURY + short if _LATER_CENTURY + short <= newest else _LATER_CENTURY - _CENTURY + short


def fhir(year: int, month: int = 0, day: int = 0) -> str | None:
    """The FHIR date; None where there is no such day (2月30日) or the year is none of a living person's century."""
    if not 1900 <= year <= 2100 or not 0 <= month <= _MONTHS or (day and not month):
        return None
    if not month:
        return f"{year:04}"
    if not day:
        return f"{year:04}-{month:02}"
    return f"{year:04}-{month:02}-{day:02}" if 0 < day <= monthrange(year, month)[1] else None


def parts(value: str) -> tuple[int, int, int]:
    """Year, month, day of a FHIR date, 0 for what it does not say."""
    numbers = [int(part) for part in value[:10].split("-")]
    year, month, day = (*numbers, 0, 0)[:3]
    return year, month, day


def months_from(base: date, months: int) -> tuple[int, int]:
    """Year and month so many months after (before, where negative)."""
    count = base.year * _MONTHS + base.month - 1 + months
    return count // _MONTHS, count % _MONTHS + 1


def moved(base: date, amount: float, unit: str, sign: int) -> tuple[str | None, bool]:
    """The date so far from base, as precise as said, and whether it is only about: years give a year, months a month.

    unit: `year`, `month`, `week`, `day`, `hour`, `minute`. Half years give a month, half months and weeks a
    day, all about.
    """
    try:
        if unit == "year" and amount == int(amount):
            return fhir(base.year + sign * int(amount)), False
        if unit == "year":
            return fhir(*months_from(base, sign * round(amount * _MONTHS))), True
        if unit == "month" and amount == int(amount):
            return fhir(*months_from(base, sign * int(amount))), False
        if unit == "month" and amount < 1:
            return (base + timedelta(days=sign * 15)).isoformat(), True
        if unit == "month":
            year, month, _ = parts((base + timedelta(days=sign * round(amount * 30.4))).isoformat())
            return fhir(year, month), True
        days = (
            amount * 7 if unit == "week" else int(amount / 24) if unit == "hour" else 0 if unit == "minute" else amount
        )
        return (base + timedelta(days=sign * int(days))).isoformat(), unit in (
            "week",
            "hour",
            "minute",
        ) or amount != int(amount)
    except (OverflowError, ValueError):
        return None, False
