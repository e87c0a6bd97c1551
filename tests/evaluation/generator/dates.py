"""Days as people write them beside the day of the document, with the date prefixes that they then tell."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from lunarcalendar import Converter, Lunar, Solar

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
    if register == "english":
        return chance.choice(_english(day))
    options = _absolute(day, register)
    if register != "formal" or chance.random() < 0.3:
        options += _relative(day, written) * 2
    if register in ("village", "dialogue"):
        options += _calendar(day, written)
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


def _months(day: date, written: date) -> int:
    return (written.year - day.year) * 12 + written.month - day.month
