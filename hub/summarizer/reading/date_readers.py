"""What the absolute forms of `dates.tsv` say, and a year with what follows it: a small reader a form."""

from __future__ import annotations

import re

from hub.summarizer.reading.date_scene import CJK, CLAUSE_START, DONE, Match, Scene, nothing, when_of
from hub.summarizer.reading.lunar import Named, lunar_day, lunar_month, named_times, span, year_meant
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import fhir, full_year, parts, whole

_YEAR_MONTH_AFTER = re.compile(r"(?:$|[,。;、)\]]|\s*[一-龥(])")
_AMOUNT_AFTER = re.compile(r"\s*(?:毫|微|克|片|元|万|千|个|次|倍|度|升|单位|分|厘|公|例|名|岁|斤)")
_MONTH_AFTER = re.compile(r" ?\d{1,2} ?月")
_BEFORE_IT = re.compile(r"[以之]?前(?!后|期|半|列)")
_HABIT = re.compile(r"(?:每年?|逢|到|怕|往年|历年|平时)$")
"""Before a season or feast that comes every year."""


# --- with their year


def ymd(m: Match, scene: Scene) -> When | None:
    groups = m.groupdict()
    year = whole(groups.get("y")) or full_year(int(m["yy"]), scene.anchor)
    month, day = groups.get("m") or groups.get("cm"), groups.get("d") or groups.get("cd")
    value = fhir(year, whole(month), whole(day))
    return when_of(m, value) or nothing(m, scene)


def ym(m: Match, scene: Scene) -> When | None:
    """`2022.06` is a month where words follow or a clause begins, not where a unit follows or a name precedes."""
    after, before = m.string[m.end() : m.end() + 6], m.string[max(0, m.start() - 2) : m.start()]
    if _AMOUNT_AFTER.match(after) or not _YEAR_MONTH_AFTER.match(after):
        return None
    follows = CJK.match(after.lstrip())
    if not follows and not CLAUSE_START.search(before.rstrip(" ") if before.strip() else ""):
        return None
    return when_of(m, fhir(whole(m["y"]), whole(m["m"])))


def short_ymd(m: Match, scene: Scene) -> When | None:
    if m["a"]:
        english = not CJK.search(scene.text)
        return when_of(m, fhir(full_year(int(m["c"]), scene.anchor), int(m["a"]), int(m["b"]))) if english else None
    if "/" in m[0] and int(m["yy"]) <= 31 and not CJK.search(scene.text):
        return (
            when_of(m, fhir(full_year(int(m[0][-2:]), scene.anchor), int(m["yy"]), whole(m["m"])))
            if len(m["d"]) > 1
            else None
        )
    year = full_year(int(m["yy"]), scene.anchor)
    before = m.string[max(0, m.start() - 1) : m.start()]
    if (scene.anchor and year < scene.anchor.year - 30) or (
        before and not CLAUSE_START.search(before) and not CJK.match(before)
    ):
        return None
    return when_of(m, fhir(year, whole(m["m"]), whole(m["d"])))


def short_year(m: Match, scene: Scene) -> When | None:
    """`98年`, `于15年`, `18年查出`: a year, where it cannot be a number of years."""
    groups = m.groupdict()
    short = whole(groups.get("yy") or groups.get("yyc"))
    chinese = groups.get("yyc")
    if chinese and whole(chinese[1]) == whole(chinese[0]) + 1:
        return None
    year = full_year(short, scene.anchor)
    before, after = m.string[max(0, m.start() - 2) : m.start()], m.string[m.end() : m.end() + 6]
    if scene.anchor and year > scene.anchor.year:
        return None
    sure = chinese or short >= 80 or groups.get("tail") or m[0].startswith("0")
    if not sure and not (re.search(r"[于自从]$", before) or (CLAUSE_START.search(before) and DONE.match(after))):
        return None
    if groups.get("tail"):
        return _tail_in(m, scene, year, relative=False)
    return when_of(m, fhir(year))


def us_date(m: Match, scene: Scene) -> When | None:
    """Month first in English text; elsewhere only where the order cannot be mistaken."""
    month, day, year = (m["m"], m["d"], m["y"]) if m["y"] else (m["m3"], m["d3"], m["y3"])
    if whole(day) <= 12 and day != month and CJK.search(scene.text):
        return nothing(m, scene)
    return when_of(m, fhir(whole(year), whole(month), whole(day)))


def my(m: Match, scene: Scene) -> When | None:
    return when_of(m, fhir(whole(m["y"]), whole(m["m"])))


def bare_year(m: Match, scene: Scene) -> When | None:
    """`appendectomy 1988,`, `(2019)`: a number after a long word or in brackets is a year."""
    before = m.string[max(0, m.start() - 8) : m.start()]
    bracketed = before.endswith("(") and m.string[m.end() : m.end() + 1] == ")"
    said = CJK.match(m.string, m.end()) and CLAUSE_START.search(before)
    return when_of(m, m["y"]) if bracketed or said or re.search(r"[a-z]{6} $", before) else None


def year_months(m: Match, scene: Scene) -> When | None:
    first, last = fhir(whole(m["y"]), whole(m["m"])), fhir(whole(m["y2"]), whole(m["m2"]))
    return when_of(m, first, last) if first and last and first <= last else None


def decade(m: Match, scene: Scene) -> When | None:
    first = 1900 + whole(m["dec"])
    return when_of(m, fhir(first), fhir(first + 9), about=True)


def dmy(m: Match, scene: Scene) -> When | None:
    return when_of(m, fhir(whole(m["y"]), whole(m["m"]), whole(m["d"]))) if whole(m["d"]) > 12 else nothing(m, scene)


# --- periods


def months(m: Match, scene: Scene) -> When | None:
    before, after = m.string[max(0, m.start() - 2) : m.start()], m.string[m.end() : m.end() + 1]
    first, last = whole(m["m"]), whole(m["m2"])
    if not m["y"] and (not CLAUSE_START.search(before) or after in set("前后余内多以")):
        return None
    year = whole(m["y"]) or (int(_newest(scene, last, 0) or 0) if scene.anchor else 0)
    if not year:
        return None
    return when_of(
        m, fhir(year - (first > last and not m["y"]), first), fhir(year + (first > last and bool(m["y"])), last)
    )


def days(m: Match, scene: Scene) -> When | None:
    year = whole(m["y"]) or int(_newest(scene, whole(m["m"]), whole(m["d"])) or 0)
    first, last = fhir(year, whole(m["m"]), whole(m["d"])), fhir(year, whole(m["m"]), whole(m["d2"]))
    return when_of(m, first, last) if last else nothing(m, scene)


def years(m: Match, scene: Scene) -> When | None:
    return when_of(m, m["y"], m["y2"]) if m["y"] <= m["y2"] else None


def _newest(scene: Scene, month: int, day: int) -> str | None:
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


# --- a year and what follows it


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
        read = _tail_in(m, scene, year, relative)
        return read or nothing(m, scene)
    after = m.string[m.end() : m.end() + 4]
    if _MONTH_AFTER.match(after):
        return nothing(m, scene)
    if not relative and _BEFORE_IT.match(after):
        return When(m.start(), m.end(), None, fhir(year))
    return when_of(m, fhir(year), ago=relative)


def _tail_in(m: Match, scene: Scene, year: int, relative: bool) -> When | None:
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
        year = _newest(scene, whole(m["tm"]), whole(m["td"] or m["cd"]))
        read = _tail_in(m, scene, int(year), relative=False) if year else None
        return read or (None if scene.due else nothing(m, scene))
    if scene.anchor is None:
        return nothing(m, scene)
    now = scene.anchor.isoformat()
    for shift in (-1, 0, 1) if scene.due else (0, -1, -2, -4):
        read = _tail_in(m, scene, scene.anchor.year + shift, relative=False)
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


def month_day(m: Match, scene: Scene) -> When | None:
    """`10.6复查`, `8月15做的`: only where a clause begins and what was done that day follows."""
    before, after = m.string[max(0, m.start() - 2) : m.start()], m.string[m.end() : m.end() + 6]
    month, day = whole(m["m"] or m["m2"]), whole(m["d"] or m["d2"])
    begins = CLAUSE_START.search(before) and not before.endswith(("约", "到", "至"))
    if not begins or not DONE.match(after) or scene.anchor is None:
        return None
    return when_of(m, fhir(int(_newest(scene, month, day) or 0), month, day))
