"""What the words that a rule of `dates.tsv` matched say: one small reader a form, without looking anywhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hub.summarizer.reading.durations import Duration, back, duration, is_onset
from hub.summarizer.reading.lunar import Named, lunar_day, lunar_month, named_times, span, year_meant
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import fhir, full_year, months_from, moved, parts, whole

Match = re.Match[str]
_CJK = re.compile(r"[一-龥]")
_CLAUSE_START = re.compile(r"(?:^|[\s,。;:、!?()\[\]]|[于自从在至到约])$")
_YEAR_MONTH_AFTER = re.compile(r"(?:$|[,。;、)\]]|\s*(?:[一-龥(]))")
_AMOUNT_AFTER = re.compile(r"\s*(?:毫|微|克|片|元|万|千|个|次|倍|度|升|单位|分|厘|公|例|名|岁|斤)")
_CLAUSE_END = re.compile(r"余?(?:$|[,。;、)\s])")
_MONTH_AFTER = re.compile(r" ?\d{1,2} ?月")
_BEFORE_IT = re.compile(r"[以之]?前(?!后|期|半|列)")
_HABIT = re.compile(r"(?:每年?|逢|到|怕|往年|历年|平时)$")
_DONE = re.compile(r"(?:份|的|因|我|他|她|又|就|才|县|市|省|人民|来(?!了))?(?:(?:开始|起|得|查|做|打|切|割|行|停|发|出现|确诊|诊断|复查|换|加|改|验|抽|拍|测|手术|接种|植|装|放|摔|住|在|到|去|生|拿|开|患|患|首次|第一次|曾))")  # fmt: skip
_EVENT_NAMES = {"手术": "术", "分娩": "产", "受伤": "伤", "住院": "入院", "admission": "入院", "surgery": "术",
                "operation": "术"}  # fmt: skip


@dataclass(slots=True)
class Scene:
    """What a reader may use besides the words. last: the date before it in the text, for 同年, 次日, 至11月;
    last_day: the last one said as a day with its year, for the days after it that leave the year out.
    """

    text: str
    anchor: date | None
    born: str | None
    events: Mapping[str, str]
    due: bool
    last: str | None = None
    last_day: str | None = None


Reader = Callable[[Match, Scene], When | None]


def nothing(m: Match, scene: Scene) -> When | None:
    """The words are no date: they are passed over as a whole."""
    return When(m.start(), m.end(), None)


def is_nothing(when: When) -> bool:
    return when.value is None and when.until is None and not when.ago


def _when(m: Match, value: str | None, until: str | None = None, ago: bool = False, about: bool = False) -> When | None:
    return When(m.start(), m.end(), value, until, ago, about) if value else None


# --- with their year


def ymd(m: Match, scene: Scene) -> When | None:
    groups = m.groupdict()
    year = whole(groups.get("y")) or full_year(int(m["yy"]), scene.anchor)
    month, day = groups.get("m") or groups.get("cm"), groups.get("d") or groups.get("cd")
    value = fhir(year, whole(month), whole(day))
    return _when(m, value) or nothing(m, scene)


def ym(m: Match, scene: Scene) -> When | None:
    """`2022.06` is a month where words follow or a clause begins, not where a unit follows or a name precedes."""
    after, before = m.string[m.end() : m.end() + 6], m.string[max(0, m.start() - 2) : m.start()]
    if _AMOUNT_AFTER.match(after) or not _YEAR_MONTH_AFTER.match(after):
        return None
    follows = _CJK.match(after.lstrip())
    if not follows and not _CLAUSE_START.search(before.rstrip(" ") if before.strip() else ""):
        return None
    return _when(m, fhir(whole(m["y"]), whole(m["m"])))


def short_ymd(m: Match, scene: Scene) -> When | None:
    if m["a"]:
        english = not _CJK.search(scene.text)
        return _when(m, fhir(full_year(int(m["c"]), scene.anchor), int(m["a"]), int(m["b"]))) if english else None
    if "/" in m[0] and int(m["yy"]) <= 31 and not _CJK.search(scene.text):
        return (
            _when(m, fhir(full_year(int(m[0][-2:]), scene.anchor), int(m["yy"]), whole(m["m"])))
            if len(m["d"]) > 1
            else None
        )
    year = full_year(int(m["yy"]), scene.anchor)
    before = m.string[max(0, m.start() - 1) : m.start()]
    if (
        scene.anchor
        and year < scene.anchor.year - 30
        or (before and not _CLAUSE_START.search(before) and not _CJK.match(before))
    ):
        return None
    return _when(m, fhir(year, whole(m["m"]), whole(m["d"])))


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
    if not sure and not (re.search(r"[于自从]$", before) or (_CLAUSE_START.search(before) and _DONE.match(after))):
        return None
    if groups.get("tail"):
        return _tail_in(m, scene, year, relative=False)
    return _when(m, fhir(year))


def us_date(m: Match, scene: Scene) -> When | None:
    """Month first in English text; elsewhere only where the order cannot be mistaken."""
    month, day, year = (m["m"], m["d"], m["y"]) if m["y"] else (m["m3"], m["d3"], m["y3"])
    if whole(day) <= 12 and day != month and _CJK.search(scene.text):
        return nothing(m, scene)
    return _when(m, fhir(whole(year), whole(month), whole(day)))


def my(m: Match, scene: Scene) -> When | None:
    return _when(m, fhir(whole(m["y"]), whole(m["m"])))


def bare_year(m: Match, scene: Scene) -> When | None:
    """`appendectomy 1988,`, `(2019)`: a number after a long word or in brackets is a year."""
    before = m.string[max(0, m.start() - 8) : m.start()]
    bracketed = before.endswith("(") and m.string[m.end() : m.end() + 1] == ")"
    return _when(m, m["y"]) if bracketed or re.search(r"[a-z]{6} $", before) else None


def decade(m: Match, scene: Scene) -> When | None:
    first = 1900 + whole(m["dec"])
    return _when(m, fhir(first), fhir(first + 9), about=True)


def dmy(m: Match, scene: Scene) -> When | None:
    return _when(m, fhir(whole(m["y"]), whole(m["m"]), whole(m["d"]))) if whole(m["d"]) > 12 else nothing(m, scene)


# --- periods


def months(m: Match, scene: Scene) -> When | None:
    before, after = m.string[max(0, m.start() - 2) : m.start()], m.string[m.end() : m.end() + 1]
    first, last = whole(m["m"]), whole(m["m2"])
    if not m["y"] and (not _CLAUSE_START.search(before) or after in set("前后余内多以")):
        return None
    year = whole(m["y"]) or (int(_newest(scene, last, 0) or 0) if scene.anchor else 0)
    if not year:
        return None
    return _when(
        m, fhir(year - (first > last and not m["y"]), first), fhir(year + (first > last and bool(m["y"])), last)
    )


def days(m: Match, scene: Scene) -> When | None:
    year = whole(m["y"]) or int(_newest(scene, whole(m["m"]), whole(m["d"])) or 0)
    first, last = fhir(year, whole(m["m"]), whole(m["d"])), fhir(year, whole(m["m"]), whole(m["d2"]))
    return _when(m, first, last) if last else nothing(m, scene)


def years(m: Match, scene: Scene) -> When | None:
    return _when(m, m["y"], m["y2"]) if m["y"] <= m["y2"] else None


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
    return _when(m, fhir(year), ago=relative)


def _tail_in(m: Match, scene: Scene, year: int, relative: bool) -> When | None:
    if m["nm"]:
        return _named(m, scene, named_times()[m["nm"]], year, relative)
    if m["mr"]:
        return _when(m, fhir(year, whole(m["mr"][0])), fhir(year, whole(m["mr"][1])), relative)
    lunar = m["lm"] or m["lm2"] or (m["tm"] if m["cd"] and m["cd"].startswith("初") else None)
    if lunar:
        return _lunar(m, scene, lunar, m["ld"] or m["ld2"] or m["cd"], year, relative)
    if m["cd"] and not m["day"]:
        return None
    return _when(m, fhir(year, whole(m["tm"]), whole(m["td"] or m["cd"])), ago=relative)


def _named(m: Match, scene: Scene, row: Named, year: int, relative: bool) -> When | None:
    anchor = scene.anchor
    late = row.kind.startswith("lunar") and relative and anchor
    found = span(row, year_meant(row.first[0], year, anchor, relative) if late and anchor else year)
    if not found:
        return None
    first, last = found
    if last and relative and anchor and not scene.due and first <= anchor.isoformat()[:7] < last:
        last = anchor.isoformat()[:7]
    return _when(m, first, last if last != first else None, relative, row.about or bool(m["near"]))


def _lunar(m: Match, scene: Scene, month: str, day: str | None, year: int, relative: bool) -> When | None:
    number = {"正": 1, "冬": 11, "腊": 12}.get(month) or whole(month)
    meant = year_meant(number, year, scene.anchor, relative) if scene.anchor else year
    if day:
        return _when(m, lunar_day(meant, number, whole(day)), ago=relative)
    found = lunar_month(meant, number)
    return _when(m, found[0], found[1], relative) if found else None


def alone(m: Match, scene: Scene) -> When | None:
    """`去冬`: a year and a season in two characters."""
    word = m["left"]
    if scene.anchor is None:
        return nothing(m, scene)
    found = span(named_times()[word[1]], scene.anchor.year - (word[0] == "去"))
    return _when(m, found[0], found[1], True, True) if found else None


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
        and bool(_CJK.match(before[-1:]))
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
    if re.search(r"[于自从]$", before) or _DONE.match(after):
        return True
    return scene.due or bool(_CLAUSE_START.search(before) and _CJK.match(after))


def month_day(m: Match, scene: Scene) -> When | None:
    """`10.6复查`: only where a clause begins and what was done that day follows."""
    before, after = m.string[max(0, m.start() - 2) : m.start()], m.string[m.end() : m.end() + 6]
    if (
        not _CLAUSE_START.search(before)
        or not _DONE.match(after)
        or scene.anchor is None
        or before.endswith(("约", "到", "至"))
    ):
        return None
    year = int(_newest(scene, whole(m["m"]), whole(m["d"])) or 0)
    return _when(m, fhir(year, whole(m["m"]), whole(m["d"])))


# --- by their names


_DAYS = {"今": 0, "本日": 0, "昨": -1, "大前": -3, "前": -2, "明": 1, "大后": 3, "后": 2}


def day_word(m: Match, scene: Scene) -> When | None:
    word = m[0]
    before = m.string[max(0, m.start() - 1) : m.start()]
    if word[0] in "当次翌":
        if not scene.last or not parts(scene.last)[2]:
            return nothing(m, scene)
        shown = date.fromisoformat(scene.last) + timedelta(days=word[0] != "当")
        return _when(m, shown.isoformat())
    if scene.anchor is None or (word[0] in "前后" and before in set("饭餐睡术以之晨年月周天日最产午然先")):
        return nothing(m, scene)
    days_off = next(off for name, off in sorted(_DAYS.items(), key=lambda i: -len(i[0])) if word.startswith(name))
    end = m.end()
    time = _TIME_AFTER.match(m.string, end)
    return When(
        m.start(), time.end() if time else end, (scene.anchor + timedelta(days=days_off)).isoformat(), None, True
    )


_TIME_AFTER = re.compile(r" ?(?:凌晨|清晨|早上|早晨|早|上午|中午|下午|傍晚|晚上|晚|夜里|夜间)?\d{1,2}(?:[时点](?:\d{1,2}分?|半)?|:\d{2})"
                         r"|(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|夜间)")  # fmt: skip
_WEEKS = {"上上": -2, "上": -1, "本": 0, "这": 0, "下": 1, "下下": 2}
_WEEKDAYS = "一二三四五六日"


def week_word(m: Match, scene: Scene) -> When | None:
    if scene.anchor is None:
        return nothing(m, scene)
    monday = scene.anchor - timedelta(days=scene.anchor.weekday()) + timedelta(weeks=_WEEKS[m["rel"]])
    if m["wd"]:
        return _when(
            m,
            (monday + timedelta(days=_WEEKDAYS.find(m["wd"].replace("天", "日").replace("末", "六")))).isoformat(),
            ago=True,
        )
    sunday = monday + timedelta(days=6)
    last = scene.anchor if m["rel"] in "本这" and not scene.due else sunday
    return _when(m, monday.isoformat(), last.isoformat(), ago=True)


def month_word(m: Match, scene: Scene) -> When | None:
    before = m.string[max(0, m.start() - 1) : m.start()]
    if m["rel2"] == "当":
        if not scene.last or not parts(scene.last)[1]:
            return nothing(m, scene)
        year, month, _ = parts(scene.last)
    elif scene.anchor is None or (m["rel"] == "上" and before in set("以早晚马")):
        return nothing(m, scene)
    else:
        year, month = months_from(scene.anchor, _WEEKS[m["rel"]] if m["rel"] else 0)
    return _when(m, fhir(year, month, whole(m["d"])), ago=True)


# --- so long before, after, up to the document


def ago(m: Match, scene: Scene) -> When | None:
    read = duration(m)
    if scene.anchor is None or read is None:
        return nothing(m, scene)
    found = _counted(m, scene.anchor, read, -1)
    return replace(found, around=True) if found and m[0][0] == "前" else found


def _counted(m: Match, base: date, read: Duration, sign: int, relative: bool = True) -> When | None:
    """That long from the base; a range (`两三年前`) is a period."""
    if read.low is None or read.high is None:
        return When(m.start(), m.end(), None, None, True, True)
    far, about = moved(base, read.high, read.unit, sign) if not read.months else (
        fhir(*months_from(base, sign * (int(read.high) * 12 + read.months))), False)  # fmt: skip
    near = moved(base, read.low, read.unit, sign)[0] if read.low != read.high else None
    first, last = (far, near) if sign < 0 or near is None else (near, far)
    return _when(m, first, last, relative, about or read.about)


def period(m: Match, scene: Scene) -> When | None:
    read = duration(m)
    if scene.anchor is None or read is None:
        return nothing(m, scene)
    if read.low is None:
        return When(m.start(), m.end(), None, scene.anchor.isoformat(), True, True)
    value = back(scene.anchor, read)
    return _when(m, value, scene.anchor.isoformat(), True, read.about)


def onset(m: Match, scene: Scene) -> When | None:
    """`咳嗽3天`: since then, where the words around say that something has lasted and not how long it was given."""
    read = duration(m)
    if scene.anchor is None or read is None or not is_onset(m, read):
        return None
    return _counted(m, scene.anchor, read, -1)


def event(m: Match, scene: Scene) -> When | None:
    """`术后3天`, `入院第2天`; without the date of the event only `术后3年` at the end of a clause tells its date."""
    read = duration(m)
    known = scene.events.get(m["ev"]) or scene.events.get(_EVENT_NAMES.get(m["ev"], ""))
    if read is None:
        return nothing(m, scene)
    ends = _CLAUSE_END.match(m.string, m.end())
    if known and parts(known)[2]:
        base = date.fromisoformat(known[:10])
        if m["dir"] == "第" and m["ev"] in ("入院", "住院") and read.unit == "day" and read.high:
            base -= timedelta(days=1)
        found = _counted(m, base, read, -1 if m["dir"].startswith("前") else 1, relative=False)
        if not (ends and found and found.value and scene.anchor and found.value > scene.anchor.isoformat()):
            return found
    if (
        scene.anchor
        and not scene.due
        and m["dir"] == "后"
        and read.unit in ("year", "month")
        and ends
        and not read.months
    ):
        return _counted(m, scene.anchor, read, -1)
    if (
        scene.anchor
        and not scene.due
        and m["ev"] in ("入院", "住院")
        and m["dir"] == "前"
        and read.unit in ("year", "month")
    ):
        found = _counted(m, scene.anchor, read, -1)  # the stay is not long against a year or a month: about
        return replace(found, around=True) if found else None
    return nothing(m, scene)


def event_day(m: Match, scene: Scene) -> When | None:
    known = scene.events.get(m["ev"]) or scene.events.get(_EVENT_NAMES.get(m["ev"], ""))
    if not known or not parts(known)[2]:
        return nothing(m, scene)
    later = m[0].endswith(("次日", "翌日", "第二天"))
    return _when(m, (date.fromisoformat(known[:10]) + timedelta(days=later)).isoformat())


def age(m: Match, scene: Scene) -> When | None:
    years_old = duration_years(m["n"])
    if not scene.born or years_old is None:
        return nothing(m, scene)
    year = parts(scene.born)[0] + years_old
    wide = re.match(r"[\d一-十]+(?:多|余)", m[0]) and years_old % 10 == 0
    return _when(m, fhir(year), fhir(year + 9) if wide else None, False, True)


def duration_years(text: str) -> int | None:
    value = whole(text)
    return value if 0 < value < 120 else None


def later(m: Match, scene: Scene) -> When | None:
    """`2周后`, `3天内`, `1周复查`; `每隔2周`, `3个月复查一次` are no date."""
    groups = m.groupdict()
    read = duration(m)
    after = m.string[m.end() : m.end() + 6]
    if scene.anchor is None or read is None or (groups.get("pre") or "").endswith("隔") or re.search(r"[一1]次", after):
        return nothing(m, scene)
    if groups.get("within"):
        found = _counted(m, scene.anchor, read, 1)
        return found and When(
            found.start, found.end, scene.anchor.isoformat(), found.until or found.value, True, read.about
        )
    return _counted(m, scene.anchor, read, 1)
