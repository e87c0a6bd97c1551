"""Days as people write them beside the day of the document, with the date prefixes that they then tell."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from lunarcalendar import Converter, Lunar, Solar

from tests.evaluation.generator.vocabulary import phrases

Said = tuple[str, list[str]]
"""The words, and the prefixes that a reader may take from them."""

_CN = "零一二三四五六七八九十"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


def cn(number: int) -> str:
    """A number up to 99 in Chinese."""
    if number <= 10:
        return "两" if number == 2 else _CN[number]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else _CN[tens]) + "十" + (_CN[ones] if ones else "")


def when(day: date, written: date, register: str, chance: Random) -> Said:
    """A point in time. written: the day of the document, not before `day`."""
    further = phrases().get("further_dates", False)
    if register == "english":
        return chance.choice(_english(day) + (_further_english(day) if further else []))
    options = _absolute(day, register)
    if register != "formal" or chance.random() < 0.3:
        options += _relative(day, written) * 2
    if register in ("village", "dialogue"):
        options += _calendar(day, written)
    if further:
        options += _further_formal(day, written) if register == "formal" else _further_village(day, written)
    return chance.choice(options)


def duration(day: date, written: date, register: str, chance: Random) -> Said | None:
    """How long since: only where it can be said without rounding."""
    days = (written - day).days
    months = _months(day, written)
    options: list[Said] = []
    english = register == "english"
    if 1 <= days <= 25:
        words = [f"{days} days"] if english else [f"{days}天", f"{cn(days)}天"] if days > 2 else [f"{days}天"]
        options += [(w, [day.isoformat()]) for w in words]
        if days % 7 == 0:
            weeks = days // 7
            options.append((f"{weeks} weeks" if english else f"{weeks}周", [day.isoformat()[:7]]))
    elif 2 <= months <= 11 and day.day <= written.day:
        words = [f"{months} months"] if english else [f"{months}个月", f"{cn(months)}个月"]
        if months == 6 and not english:
            words.append("半年")
        options += [(w, [day.isoformat()[:7]]) for w in words]
    elif months >= 24:
        count = written.year - day.year
        options += [(f"{count} years" if english else f"{count}年", [str(day.year)])]
    if options and phrases().get("further_dates", False):
        options += _further_durations(days, months, options[0][1], register)
    return chance.choice(options) if options else None


def years(day: date, written: date, register: str, chance: Random) -> Said | None:
    count = written.year - day.year
    if count < 1:
        return None
    chinese = register in ("village", "dialogue") and chance.random() < 0.4
    return (cn(count) if chinese and count < 100 else str(count)), [str(day.year)]


def _absolute(day: date, register: str) -> list[Said]:
    full, month, year = [day.isoformat()], [day.isoformat()[:7]], [str(day.year)]
    y, m, d = day.year, day.month, day.day
    if register == "formal":
        return [(f"{y}年{m}月{d}日", full), (f"{y}-{m:02}-{d:02}", full), (f"{y}.{m}.{d}", full),
                (f"{y}年{m}月", month), (f"{y}-{m:02}", month), (f"{y}/{m:02}/{d:02}", full), (f"{y}年{m:02}月", month),
                (f"{y}年", year)]  # fmt: skip
    found = [(f"{y}年{m}月{d}号", full), (f"{y}年{m}月", month), (f"{y}年{m}月份", month), (f"{y}.{m}", month)]
    if y >= 2011:
        found.append((f"{y % 100}年{m}月", month))
    if y < 2015:
        found.append((f"{y}年", year))
    return found


def _relative(day: date, written: date) -> list[Said]:
    full, month, year = [day.isoformat()], [day.isoformat()[:7]], [str(day.year)]
    back, months, days = written.year - day.year, _months(day, written), (written - day).days
    found: list[Said] = []
    if back == 0 and months:
        found += [(f"今年{day.month}月", month), (f"今年{day.month}月份", month)]
    if back == 1:
        found += [(f"去年{day.month}月", month), (f"去年{day.month}月份", month)]
        if months > 6:
            found.append(("去年", year))
    if back == 2:
        found += [("前年", year), (f"前年{day.month}月", month)]
    if back == 3:
        found.append(("大前年", year))
    if back >= 2:
        found += [(f"{back}年前", year), (f"{cn(back)}年前", year)]
    if months == 1:
        found.append(("上个月", month))
    if 2 <= months <= 10:
        found += [(f"{months}个月前", month)]
    if 3 <= days <= 20:
        found.append((f"{days}天前", full))
    if days in (1, 2):
        found.append((("昨天", "前天")[days - 1], full))
    return found


def _calendar(day: date, written: date) -> list[Said]:
    """The lunar twelfth and first month, and feasts of the sun's calendar, of this year or the last."""
    lunar, now = (Converter.Solar2Lunar(Solar(d.year, d.month, d.day)) for d in (day, written))
    names = {12: "腊月", 1: "正月", 8: "八月（农历）"}
    found: list[Said] = []
    back = now.year - lunar.year
    if lunar.month in names and not lunar.isleap and back in (0, 1) and (back or now.month > lunar.month):
        first = Converter.Lunar2Solar(Lunar(lunar.year, lunar.month, 1)).to_date()
        months = sorted({(first + timedelta(days=n)).isoformat()[:7] for n in range(30)})
        word = ("今年", "去年")[back]
        found.append((f"{word}{names[lunar.month]}", months))
    back = written.year - day.year
    if back == 1 and (day.month, day.day) in [(10, n) for n in range(1, 8)]:
        found.append(("去年国庆", [f"{day.year}-10"]))
    return found


def _english(day: date) -> list[Said]:
    """After "in"."""
    month, year = [day.isoformat()[:7]], [str(day.year)]
    name = _MONTHS[day.month - 1]
    return [(f"{name} {day.year}", month), (f"{name[:3]} {day.year}", month), (str(day.year), year)]


def _further_formal(day: date, written: date) -> list[Said]:
    full, month = [day.isoformat()], [day.isoformat()[:7]]
    y, m, d = day.year, day.month, day.day
    months, days = _months(day, written), (written - day).days
    found = [(f"{y}-{m}-{d}", full), (f"{y}.{m:02}.{d:02}", full), (f"{y}/{m}/{d}", full), (f"{y}.{m:02}", month),
             (f"{y}年{m}月{_third(day)}旬", month), (f"{y}年{m:02}月{d:02}日", full)]  # fmt: skip
    if y == written.year:
        found.append((f"{m}月{d}日", full))
    if 2 <= months <= 11 and d <= written.day:
        found += [(f"{months}月前", month), (f"{months}+月前", month), (f"{months}个月前", month)]
    if days in (7, 14, 21):
        found.append((f"{days // 7}周前", full))
    return found


def _further_village(day: date, written: date) -> list[Said]:
    full, month = [day.isoformat()], [day.isoformat()[:7]]
    y, m, d = day.year, day.month, day.day
    back, days = written.year - y, (written - day).days
    part = {"上": "初", "中": "中", "下": "底"}[_third(day)]
    found = [(f"{y}-{m}-{d}", full), (f"{y}.{m}.{d}", full), (f"{y}/{m}/{d}", full), (f"{y}年{m}月{part}", month)]
    if y >= 2011:
        found += [(f"{y % 100}年{m}月份", month), (f"{y % 100}年{m}月{d}号", full)]
    if back == 0:
        found += [(f"{m}月{d}号", full), (f"今年{cn(m) if m != 2 else '二'}月", month)]
    if back == 1:
        found += [(f"{word}{m}月", month) for word in ("头年", "上年", "旧年")]
        found.append((f"去年{cn(m) if m != 2 else '二'}月份", month))
    if _months(day, written) == 6 and d == written.day:
        found.append(("半年前", month))
    if days == 3:
        found.append(("大前天", full))
    return found


def _further_english(day: date) -> list[Said]:
    """After "in"."""
    month, name = [day.isoformat()[:7]], _MONTHS[day.month - 1]
    part = {"上": "early ", "中": "mid-", "下": "late "}[_third(day)]
    return [(f"{part}{name} {day.year}", month), (f"{day.month:02}/{day.year}", month),
            (f"{name} of {day.year}", month), (f"{day.year}-{day.month:02}", month)]  # fmt: skip


def _further_durations(days: int, months: int, prefixes: list[str], register: str) -> list[Said]:
    """Beside the durations that `duration` has: in months or days, as these are."""
    if len(prefixes[0]) == len("2024"):
        return []
    if days > 25:
        return [(w.format(months), prefixes) for w in _FURTHER_MONTHS.get(register, ())]
    return [(w.format(days), prefixes) for w in _FURTHER_DAYS.get(register, ())]


_FURTHER_MONTHS = {"english": ("{} mos",), "formal": ("{}月", "{}+月")}
_FURTHER_DAYS = {"english": ("{}d",), "formal": ("{}日", "{}+天")}


def _third(day: date) -> str:
    return "上" if day.day <= 10 else "中" if day.day <= 20 else "下"


def _months(day: date, written: date) -> int:
    return (written.year - day.year) * 12 + written.month - day.month
