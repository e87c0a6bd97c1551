"""What the English forms of `dates.tsv` say."""

from __future__ import annotations

import re
from datetime import date, timedelta

from hub.summarizer.reading.date_scene import Match, Scene, nothing, when_of
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import Number, fhir, months_from, moved, number, parts, whole

_MONTHS = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_UNITS = {unit: unit for unit in ("minute", "hour", "day", "week", "month", "year")}
_UNITS |= {"min": "minute", "hr": "hour", "wk": "week", "mo": "month", "yr": "year"}
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "fall": (9, 11), "autumn": (9, 11), "winter": (12, 2)}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = {"day before yesterday": -2, "yesterday": -1, "last night": -1, "tomorrow": 1}
_COURSE = """mg mcg ml unit units tab tabs tablet tablets cap caps capsule capsules bid tid qid qd daily po iv im course
    prescribed
    prescribe take taking treated started continue amoxicillin azithromycin antibiotic antibiotics monitor observe rest
    avoid given therapy dose doses"""
_COURSE_WORDS = frozenset(_COURSE.split())
_EACH_TIME = re.compile(r" (?:at a time|before|after|each|every|per|daily|a day|then)\b")
_WORD = re.compile(r"[a-z]+")
_ABOUT = re.compile(r"\b(?:about|approximately|around|over|nearly|at least|almost)\b", re.IGNORECASE)


def _group(m: Match, name: str) -> str:
    """Of a stem, in lower case, the group of that alternative of the pattern that matched (`en`, `en3`, ...)."""
    groups = m.groupdict()
    return next((groups[key] for key in (name, name + "3", name + "4", name + "5") if groups.get(key)), "").lower()


def en_date(m: Match, scene: Scene) -> When | None:
    groups = m.groupdict()
    value = fhir(whole(m["y"]), _MONTHS[m["mon"][:3].lower()], whole(groups.get("d")))
    return when_of(m, value) or nothing(m, scene)


def en_year(m: Match, scene: Scene) -> When | None:
    return When(m.start("y"), m.end("y"), m["y"])


def en_season(m: Match, scene: Scene) -> When | None:
    first, last = _SEASONS[m["sea"].lower()]
    relative = m["rel"]
    if m["y"]:
        year = whole(m["y"])
    elif relative and scene.anchor:
        now = (scene.anchor.year, scene.anchor.month)
        year = scene.anchor.year
        while (year + (last < first), last) >= now and relative.strip().lower() == "last":
            year -= 1
    else:
        return None
    return when_of(m, fhir(year, first), fhir(year + (last < first), last), bool(relative), True)


def en_month(m: Match, scene: Scene) -> When | None:
    """`since March`, `last October`, `on Aug 3`: the newest not after the document, the next one if due."""
    if scene.anchor is None or (m["mon"].lower() in ("may", "mar") and not m["mon"][0].isupper()):
        return None
    month, day = _MONTHS[m["mon"][:3].lower()], whole(m["d"])
    here = (scene.anchor.month, scene.anchor.day if day else 0)
    year = scene.anchor.year
    if scene.due or m[0].lower().startswith("next"):
        year += (month, day) < here
    else:
        year -= (month, day) > here
    return when_of(m, fhir(year, month, day))


def _counted(m: Match, base: date, low: Number, high: Number, sign: int, relative: bool = True) -> When | None:
    if low.low is None or high.high is None:
        return When(m.start(), m.end(), None, None, True, True)
    unit = _UNITS[_group(m, "eu")]
    far, about = moved(base, high.high, unit, sign)
    near = moved(base, low.low, unit, sign)[0] if low is not high else None
    first, last = (near, far) if sign > 0 and near else (far, near)
    return when_of(m, first, last, relative, about or low is not high or bool(_ABOUT.search(m[0])))


def _numbers(m: Match) -> tuple[Number, Number] | None:
    low = number(_group(m, "en").removeprefix("a ") or "")
    second = m.groupdict().get("en2")
    high = number(second) if second else low
    return (low, high) if low and high else None


def en_ago(m: Match, scene: Scene) -> When | None:
    read = _numbers(m)
    if scene.anchor is None or read is None:
        return nothing(m, scene)
    return _counted(m, scene.anchor, read[0], read[1], -1)


def en_event(m: Match, scene: Scene) -> When | None:
    """`3 days prior to admission`, `postoperative day 3`."""
    event = {"admission": "入院"}.get((m["ev"] or "").lower(), "术")
    if m["nth"] and m[0].lower().startswith("hospital"):
        event = "入院"
    known = scene.events.get(event)
    if not known or not parts(known)[2]:
        return nothing(m, scene)
    base = date.fromisoformat(known[:10])
    if m["nth"]:
        return when_of(m, (base + timedelta(days=int(m["nth"]) - (event == "入院"))).isoformat())
    read = _numbers(m)
    return _counted(m, base, read[0], read[1], -1, relative=False) if read else nothing(m, scene)


def en_period(m: Match, scene: Scene) -> When | None:
    if scene.anchor is None:
        return nothing(m, scene)
    if m[0].lower().startswith(("last a", "past a")):
        return nothing(m, scene)
    if not _group(m, "en"):
        unit = _UNITS[_group(m, "eu")]
        value, _ = moved(scene.anchor, 1, unit, -1)
        return when_of(m, value, scene.anchor.isoformat(), True)
    read = _numbers(m)
    if read is None or read[0].low is None:
        return When(m.start(), m.end(), None, scene.anchor.isoformat(), True, True)
    value, _ = moved(scene.anchor, read[1].high or read[0].low, _UNITS[_group(m, "eu")], -1)
    return when_of(m, value, scene.anchor.isoformat(), True)


def en_last(m: Match, scene: Scene) -> When | None:
    """`last month`, `next year`, `last Monday`; `this week` reaches to the document."""
    if scene.anchor is None:
        return nothing(m, scene)
    anchor, word = scene.anchor, m["eu"].lower()
    shift = {"last": -1, "past": -1, "next": 1}.get(m["rel"].lower(), 0)
    if word == "year":
        return when_of(m, fhir(anchor.year + shift), ago=True)
    if word == "month":
        return when_of(m, fhir(*months_from(anchor, shift)), ago=True)
    monday = anchor - timedelta(days=anchor.weekday())
    if word == "week":
        start = monday + timedelta(weeks=shift)
        end = anchor if shift == 0 else start + timedelta(days=6)
        return when_of(m, start.isoformat(), end.isoformat(), True)
    day = monday + timedelta(days=_WEEKDAYS.index(word))
    if shift < 0 and day >= anchor:
        day -= timedelta(weeks=1)
    if shift > 0 and day <= anchor:
        day += timedelta(weeks=1)
    return when_of(m, day.isoformat(), ago=True)


def en_day(m: Match, scene: Scene) -> When | None:
    if scene.anchor is None:
        return nothing(m, scene)
    return when_of(m, (scene.anchor + timedelta(days=_DAYS.get(m["word"].lower(), 0))).isoformat(), ago=True)


def en_duration(m: Match, scene: Scene) -> When | None:
    """`cough x3 days`, `for 2 weeks`: since then, unless a course of a medicine is that long."""
    read = _numbers(m)
    if _EACH_TIME.match(m.string, m.end()) or _group(m, "eu") in ("minute", "min"):
        return nothing(m, scene)
    before = re.split(r"[.;\n]", m.string[max(0, m.start() - 50) : m.start()].lower())[-1]
    if scene.anchor is None or read is None or not _COURSE_WORDS.isdisjoint(_WORD.findall(before)):
        return nothing(m, scene)
    return _counted(m, scene.anchor, read[0], read[1], -1)


def en_age(m: Match, scene: Scene) -> When | None:
    old = whole(m["n"])
    if not scene.born or not 0 < old < 120:
        return nothing(m, scene)
    return when_of(m, fhir(parts(scene.born)[0] + old), about=True)


def en_later(m: Match, scene: Scene) -> When | None:
    """`in 2 weeks`, `within 3 days`."""
    read = _numbers(m)
    if scene.anchor is None or read is None:
        return nothing(m, scene)
    found = _counted(m, scene.anchor, read[0], read[1], 1)
    if found and m[0].lower().startswith("within"):
        return When(found.start, found.end, scene.anchor.isoformat(), found.until or found.value, True, found.around)
    return found
