"""What the absolute forms of `dates.tsv` say: a small reader a form."""

from __future__ import annotations

import re

from hub.summarizer.reading.date_readers_tail import newest, tail_in
from hub.summarizer.reading.date_scene import CJK, CLAUSE_START, DONE, Match, Scene, nothing, when_of
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import fhir, full_year, whole

_YEAR_MONTH_AFTER = re.compile(r"(?:$|[,。;、)\]]|\s*[一-龥(])")
_AMOUNT_AFTER = re.compile(r"\s*(?:毫|微|克|片|元|万|千|个|次|倍|度|升|单位|分|厘|公|例|名|岁|斤)")


# --- with their year


def ymd(m: Match, scene: Scene) -> When | None:
    groups = m.groupdict()
    year = whole(groups.get("y")) or full_year(int(m["yy"]), scene.anchor)
    month, day = groups.get("m") or groups.get("cm"), groups.get("d") or groups.get("cd")
    value = fhir(year, whole(month), whole(day))
    return when_of(m, value) or nothing(m, scene)


def ym(m: Match, scene: Scene) -> When | None:
    """`2022.06` is a month where words follow or a clause begins, not where a unit follows or a name precedes;
    `2022-06` is no amount anywhere.
    """
    after, before = m.string[m.end() : m.end() + 6], m.string[max(0, m.start() - 2) : m.start()]
    if _AMOUNT_AFTER.match(after) or not _YEAR_MONTH_AFTER.match(after):
        return None
    follows = CJK.match(after.lstrip()) or (m[0][4] in "-/" and len(m["m"]) == len("01"))
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
        return tail_in(m, scene, year, relative=False)
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
    year = whole(m["y"]) or (int(newest(scene, last, 0) or 0) if scene.anchor else 0)
    if not year:
        return None
    return when_of(
        m, fhir(year - (first > last and not m["y"]), first), fhir(year + (first > last and bool(m["y"])), last)
    )


def days(m: Match, scene: Scene) -> When | None:
    year = whole(m["y"]) or int(newest(scene, whole(m["m"]), whole(m["d"])) or 0)
    first, last = fhir(year, whole(m["m"]), whole(m["d"])), fhir(year, whole(m["m"]), whole(m["d2"]))
    return when_of(m, first, last) if last else nothing(m, scene)


def years(m: Match, scene: Scene) -> When | None:
    return when_of(m, m["y"], m["y2"]) if m["y"] <= m["y2"] else None


def month_day(m: Match, scene: Scene) -> When | None:
    """`10.6复查`, `8月15做的`: only where a clause begins and what was done that day follows."""
    before, after = m.string[max(0, m.start() - 2) : m.start()], m.string[m.end() : m.end() + 6]
    month, day = whole(m["m"] or m["m2"]), whole(m["d"] or m["d2"])
    begins = CLAUSE_START.search(before) and not before.endswith(("约", "到", "至"))
    if not begins or not DONE.match(after) or scene.anchor is None:
        return None
    return when_of(m, fhir(int(newest(scene, month, day) or 0), month, day))
