"""A year and what follows it, or that alone: month and day, a day of the Chinese calendar, a season, a feast."""

from __future__ import annotations

import re

from hub.summarizer.reading.date_scene import CJK, CLAUSE_START, DONE, Match, Scene, nothing, when_of
from hub.summarizer.reading.lunar import Named, lunar_day, lunar_month, named_times, span, year_meant
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import fhir, parts, whole

_MONTH_AFTER = re.compile(r" ?\d{1,2} ?月")
_BEFORE_IT = re.compile(r"[以之]?前(?!后|期|半|列)")
_HABIT = re.compile(r"(?:每年?|逢|到|怕|往年|历年|平时)$")
"""Before a season or feast that comes every year."""


def newest(scene: Scene, month: int, day: int) -> str | None:
    """The year of the newest such day not after the document (of the next one, for what is due).

    After a day with its year it is the next such day: `2023年11月3日入院,11月13日手术`.
    """
    if scene.last_day and not scene.due:
        year, last_month, last_day = parts(scene.last_day)
        year += (month, day or 31) < (last_month, last_day)
        if scene.anchor is None or (year, month, day) <= (scene.anchor.year, scene.anchor.month, scene.anchor.day):
            return str(year)
    if scene.anchor is None:
        return str(parts(scene.last)[0]) if scene.last else None
    here = (scene.anchor.month, scene.anchor.day if day else 0)
    if scene.due:
        return str(scene.anchor.year + ((month, day) < here))
    return str(scene.anchor.year - ((month, day) > here))


def year_tail(m: Match, scene: Scene) -> When | None:
    groups = m.groupdict()
    return _headed(m, scene, whole(groups.get("y") or groups.get("yc")), relative=False)


def year_word(m: Match, scene: Scene) -> When | None:
    word = m["rel"]
    if word in _FOLLOWING:
        if not scene.last:
            return nothing(m, scene)
        return _headed(m, scene, parts(scene.last)[0] + _FOLLOWING[word], relative=False)
    before = m.string[max(0, m.start() - 1) : m.start()]
    if scene.anchor is None or before in _NOT_BEFORE.get(word, set()):
        return nothing(m, scene)
    return _headed(m, scene, scene.anchor.year + _YEARS[word], relative=True)


_FOLLOWING = {"同年": 0, "当年": 0, "次年": 1, "翌年": 1}
_YEARS = {"大前年": -3, "上前年": -3, "前年": -2, "去年": -1, "旧年": -1, "昨年": -1, "上年": -1, "今年": 0, "本年": 0,
          "明年": 1, "后年": 2}  # fmt: skip
_NOT_BEFORE = {"前年": set("以之年月周天日"), "后年": set("以之年月周天日"), "去年": {"过"}, "上年": set("以晚早马")}


def _headed(m: Match, scene: Scene, year: int, relative: bool) -> When | None:
    if m["tail"]:
        read = tail_in(m, scene, year, relative)
        return read or nothing(m, scene)
    after = m.string[m.end() : m.end() + 4]
    if _MONTH_AFTER.match(after):
        return nothing(m, scene)
    if not relative and _BEFORE_IT.match(after):
        return When(m.start(), m.end(), None, fhir(year))
    return when_of(m, fhir(year), ago=relative)


def tail_in(m: Match, scene: Scene, year: int, relative: bool) -> When | None:
    if m["nm"]:
        return _named(m, scene, named_times()[m["nm"]], year, relative)
    if m["mr"]:
        return when_of(m, fhir(year, whole(m["mr"][0])), fhir(year, whole(m["mr"][1])), relative)
    lunar = m["lm"] or m["lm2"] or (m["tm"] if m["cd"] and m["cd"].startswith("初") else None)
    if lunar:
        return _lunar(m, scene, lunar, m["ld"] or m["ld2"] or m["cd"], year, relative)
    if m["cd"] and not m["day"]:
        return None
    return when_of(m, fhir(year, whole(m["tm"]), whole(m["td"] or m["cd"])), ago=relative)


def _named(m: Match, scene: Scene, row: Named, year: int, relative: bool) -> When | None:
    anchor = scene.anchor
    late = row.kind.startswith("lunar") and relative and anchor
    found = span(row, year_meant(row.first[0], year, anchor, relative) if late and anchor else year)
    if not found:
        return None
    first, last = found
    if last and relative and anchor and not scene.due and first <= anchor.isoformat()[:7] < last:
        last = anchor.isoformat()[:7]
    return when_of(m, first, last if last != first else None, relative, row.about or bool(m["near"]))


def _lunar(m: Match, scene: Scene, month: str, day: str | None, year: int, relative: bool) -> When | None:
    number = {"正": 1, "冬": 11, "腊": 12}.get(month) or whole(month)
    meant = year_meant(number, year, scene.anchor, relative) if scene.anchor else year
    if day:
        return when_of(m, lunar_day(meant, number, whole(day)), ago=relative)
    found = lunar_month(meant, number)
    return when_of(m, found[0], found[1], relative) if found else None


def alone(m: Match, scene: Scene) -> When | None:
    """`去冬`: a year and a season in two characters."""
    word = m["left"]
    if scene.anchor is None:
        return nothing(m, scene)
    found = span(named_times()[word[1]], scene.anchor.year - (word[0] == "去"))
    return when_of(m, found[0], found[1], True, True) if found else None


def tail(m: Match, scene: Scene) -> When | None:
    """A month, day or named time without a year: the newest one not after the document, the next one if due."""
    before = m.string[max(0, m.start() - 4) : m.start()]
    if scene.anchor is None and not (scene.last and m["tm"]):
        return None
    row = named_times()[m["nm"]] if m["nm"] else None
    if row and (not row.bare or _HABIT.search(before) or len(m["nm"]) == 1 or _is_other(m, before)):
        return None
    if m["tm"] and not (m["td"] or m["cd"] or m["sure"]) and not _is_month(m, before, scene):
        return None
    if m["tm"] and not (m["cd"] and m["cd"].startswith("初")):
        year = newest(scene, whole(m["tm"]), whole(m["td"] or m["cd"]))
        read = tail_in(m, scene, int(year), relative=False) if year else None
        return read or (None if scene.due else nothing(m, scene))
    if scene.anchor is None:
        return nothing(m, scene)
    now = scene.anchor.isoformat()
    for shift in (-1, 0, 1) if scene.due else (0, -1, -2, -4):
        read = tail_in(m, scene, scene.anchor.year + shift, relative=False)
        opens = lunar_day(scene.anchor.year + shift, *row.first) if row and row.kind == "lunarmonth" else None
        if opens and opens > now and not scene.due:
            continue
        if read and read.value and _reached(read, now, scene.due):
            return read
    return nothing(m, scene) if not scene.due else None


def _is_other(m: Match, before: str) -> bool:
    """`王国庆`, `神志清明`, `吃元宵`: a name, a mind, a meal."""
    word = m["nm"]
    if word == "元宵":
        return before.endswith("吃")
    return (
        word in _NAMES_TOO
        and not m["near"]
        and bool(CJK.match(before[-1:]))
        and before[-1] not in "年在于自从到了是的过等至上"
    )


_NAMES_TOO = {"国庆", "清明", "立春", "谷雨", "元旦"}


def _reached(read: When, now: str, due: bool) -> bool:
    value = read.value or ""
    return (read.until or value) >= now[: len(read.until or value)] if due else value <= now[: len(value)]


def _is_month(m: Match, before: str, scene: Scene) -> bool:
    """`3月` is the month and not three months: after 于, at the start of a clause, before what was done in it."""
    after = m.string[m.end() : m.end() + 6]
    if re.match(r"[前余多来内间龄后]", after):
        return False
    if before.endswith(("后", "岁", "龄")):
        return False
    if after.startswith(")") and re.search(r"[\d%]\($", before):
        return True
    if re.search(r"[于自从是]$", before) or DONE.match(after):
        return True
    return scene.due or bool(CLAUSE_START.search(before) and CJK.match(after))
