"""What the relative forms of `dates.tsv` say: names of days and weeks, so long ago, since, after an event."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from hub.summarizer.reading.date_scene import CLAUSE_END, Match, Scene, nothing, when_of
from hub.summarizer.reading.durations import Duration, back, duration, is_onset
from hub.summarizer.reading.model import When
from hub.summarizer.reading.partial import fhir, months_from, moved, parts, whole

_AFTER_EVENT = re.compile(r"[术产伤]后[\d、及和]*$")
_EVENT_NAMES = {"手术": "术", "分娩": "产", "受伤": "伤", "住院": "入院"}


# --- by their names


_DAYS = {"今": 0, "本日": 0, "昨": -1, "大前": -3, "前": -2, "明": 1, "大后": 3, "后": 2}

_TOLD_SO_FAR = re.compile(rf"{CLAUSE_END.pattern}|\s?[(（]")
"""After `术后5年`, when that tells how long ago it was."""


def day_word(m: Match, scene: Scene) -> When | None:
    word = m[0]
    before = m.string[max(0, m.start() - 1) : m.start()]
    if word[0] in "当次翌":
        if not scene.last or not parts(scene.last)[2]:
            return nothing(m, scene)
        shown = date.fromisoformat(scene.last) + timedelta(days=word[0] != "当")
        return when_of(m, shown.isoformat())
    if scene.anchor is None or (word[0] in "前后" and before in set("饭餐睡术以之晨年月周天日最产午然先")):
        return nothing(m, scene)
    days_off = next(off for name, off in sorted(_DAYS.items(), key=lambda i: -len(i[0])) if word.startswith(name))
    end = m.end()
    time = _TIME_AFTER.match(m.string, end)
    return When(
        m.start(), time.end() if time else end, (scene.anchor + timedelta(days=days_off)).isoformat(), None, True
    )


_PART = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|夜间"
_TIME_AFTER = re.compile(rf" ?(?:{_PART}|早|晚)?\d{{1,2}}(?:[时点](?:\d{{1,2}}分?|半)?|:\d{{2}})|(?:{_PART})")
_WEEKS = {"上上": -2, "上": -1, "本": 0, "这": 0, "下": 1, "下下": 2}
_WEEKDAYS = "一二三四五六日"


def week_word(m: Match, scene: Scene) -> When | None:
    if scene.anchor is None:
        return nothing(m, scene)
    monday = scene.anchor - timedelta(days=scene.anchor.weekday()) + timedelta(weeks=_WEEKS[m["rel"]])
    if m["wd"]:
        return when_of(
            m,
            (monday + timedelta(days=_WEEKDAYS.find(m["wd"].replace("天", "日").replace("末", "六")))).isoformat(),
            ago=True,
        )
    sunday = monday + timedelta(days=6)
    last = scene.anchor if m["rel"] in "本这" and not scene.due else sunday
    return when_of(m, monday.isoformat(), last.isoformat(), ago=True)


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
    return when_of(m, fhir(year, month, whole(m["d"])), ago=True)


# --- so long before, after, up to the document


def ago(m: Match, scene: Scene) -> When | None:
    read = duration(m)
    if scene.anchor is None or read is None:
        return None if read is None else nothing(m, scene)
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
    return when_of(m, first, last, relative, about or read.about)


def period(m: Match, scene: Scene) -> When | None:
    read = duration(m)
    if scene.anchor is None or read is None:
        return None if read is None else nothing(m, scene)
    if read.low is None:
        return When(m.start(), m.end(), None, scene.anchor.isoformat(), True, True)
    value = back(scene.anchor, read)
    return when_of(m, value, scene.anchor.isoformat(), True, read.about)


def onset(m: Match, scene: Scene) -> When | None:
    """`咳嗽3天`: since then, where the words around say that something has lasted and not how long it was given."""
    read = duration(m)
    if scene.anchor is None or read is None or not is_onset(m, read):
        return None
    return _counted(m, scene.anchor, read, -1)


def event(m: Match, scene: Scene) -> When | None:
    """`术后3天`, `入院第2天`, `出院后1周`: counted from the event, or from the document where it lies that near."""
    read = duration(m)
    if read is None:
        return None
    known = scene.events.get(m["ev"]) or scene.events.get(_EVENT_NAMES.get(m["ev"], ""))
    sign = -1 if m["dir"].startswith("前") else 1
    if known and parts(known)[2]:
        base = date.fromisoformat(known[:10])
        if m["dir"] == "第" and m["ev"] in ("入院", "住院") and read.unit == "day":
            base -= timedelta(days=1)
        found = _counted(m, base, read, sign, relative=False)
        later_than_told = found and found.value and scene.anchor and found.value > scene.anchor.isoformat()
        if scene.due or not later_than_told or not CLAUSE_END.match(m.string, m.end()):
            return found
    return _by_document(m, scene, read) or nothing(m, scene)


def _by_document(m: Match, scene: Scene, read: Duration) -> When | None:
    """Without the day of the event: `术后3年。` tells when it was; a stay is short against `入院前2年`; a letter of
    discharge is written about then.
    """
    if scene.anchor is None:
        return None
    stay, long = m["ev"] in ("入院", "住院", "出院"), read.unit in ("year", "month")
    if scene.due:
        found = _counted(m, scene.anchor, read, 1) if m["ev"] == "出院" and m["dir"] == "后" else None
    elif m["dir"] == "后" and long and _TOLD_SO_FAR.match(m.string, m.end()) and not read.months:
        return _counted(m, scene.anchor, read, -1)
    else:
        found = _counted(m, scene.anchor, read, -1) if stay and m["dir"] == "前" and long else None
    return replace(found, around=True) if found else None


def event_day(m: Match, scene: Scene) -> When | None:
    known = scene.events.get(m["ev"]) or scene.events.get(_EVENT_NAMES.get(m["ev"], ""))
    if not known or not parts(known)[2]:
        return nothing(m, scene)
    later = m[0].endswith(("次日", "翌日", "第二天"))
    return when_of(m, (date.fromisoformat(known[:10]) + timedelta(days=later)).isoformat())


def age(m: Match, scene: Scene) -> When | None:
    years_old = duration_years(m["n"])
    if not scene.born or years_old is None:
        return nothing(m, scene)
    year = parts(scene.born)[0] + years_old
    wide = re.match(r"[\d一-十]+(?:多|余)", m[0]) and years_old % 10 == 0
    return when_of(m, fhir(year), fhir(year + 9) if wide else None, False, True)


def duration_years(text: str) -> int | None:
    value = whole(text)
    return value if 0 < value < 120 else None


def later(m: Match, scene: Scene) -> When | None:
    """`2周后`, `3天内`, `1周复查`; `每隔2周`, `3个月复查一次` are no date."""
    groups = m.groupdict()
    read = duration(m)
    if read is None:
        return None
    often = (groups.get("pre") or "").endswith("隔") or re.search(r"[一1]次", m.string[m.end() : m.end() + 6])
    if scene.anchor is None or often or _AFTER_EVENT.search(m.string[max(0, m.start() - 8) : m.start()]):
        return nothing(m, scene)
    found = _counted(m, scene.anchor, read, 1)
    if found and groups.get("within"):
        return replace(found, value=scene.anchor.isoformat(), until=found.until or found.value, around=read.about)
    return found
