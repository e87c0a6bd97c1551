"""How long something has lasted: the duration that words say, and whether it counts back from the document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from hub.summarizer.reading.partial import fhir, months_from, moved, number


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_UNITS = {
    **dict.fromkeys(("年", "载"), "year"),
    "月": "month",
    **dict.fromkeys(("周", "星期", "礼拜"), "week"),
    **dict.fromkeys(("天", "日"), "day"),
    **dict.fromkeys(("小时", "钟头"), "hour"),
    "分钟": "minute",
    **{letter: unit for unit in ("day", "week", "year", "hour") for letter in (unit[0], unit[0].upper())},
}
_ABOUT_BEFORE = re.compile(r"(?:约|大概|大致|差不多|近|快|不到|将近|至少|超过)$")
_NEVER = _words(
    "每 每次 隔 孕 妊娠 怀孕 胎 第 共 疗程 连 仅 连服 连续 连用 至少 间隔 休息 卧床 观察"
    " 禁食 复查 随访 维持 带药 住院 术后 术前 后 前 内 余 生存 需 建议 有效期 预计"
    " 不超过 服药 用药 给药 产后 再 请 继续 坚持 一次 服 疗 每日 每天 给 周 岁 年"
)
"""Before a number of days: it is not how long something has lasted."""
_GIVEN = _words("治疗 吃 喝 服用 挂 打 输 滴 口服 使用 应用 输液 打针 静滴 滴注 抗感染 化疗 给予 予 开 用")
"""Directly before: a course; so `吃药3天` is not since when, but `吃药3年了` is."""
_COURSE = re.compile(r"静滴|静脉|口服|服用|肌注|给予|输液|治疗|雾化|(?:^|[^给赐])予|应用|输注|泵入|吃药|吃了|用了")
"""In the same clause: days and weeks are those of a course."""
_OF_THEN = re.compile(r"[前日月年号天]\S{0,8}因")
"""`4月前因反复腹痛3天就诊`: three days before then."""
_THIS_VISIT = re.compile("(?:门诊|急诊|而)?(?:以.{0,12})?(?:入院|入我|收入|收住|就诊|来诊|来院|来我)")
_OVER = re.compile(r"[,、]?(?:现|目前|后|已|均|渐|自行)*(?:恢复|好转|缓解|消失|消退|痊愈|自愈|愈|停药|停用)")
"""It has ended: nobody knows when it began."""
_EARLIER = re.compile(r"曾|前|上次|[日号月年]|\d[./-]\d")
_LASTS = _words("持续 病程 病史 历时 长达 已 已经 有 确诊 患病 起病 发病 病 达")
_ENDS = re.compile(
    r"\s*[”\"]?(?:$|[,。;、!?)\]\n:(]|\.(?!\d)"
    r"|加重|加剧|再发|复发|伴|入院|就诊|来诊|未愈|不愈|不缓解|无缓解|未缓解|不退|不好|且|并|又)"
)
_LISTED = re.compile(r"和|与|及|以及|跟|几样|这[些几]|那些|都有|[”\"](?:等)?(?:慢性)?病?史")
"""After a number of years in a list of illnesses (`高血压3年和冠心病2年`)."""
_HISTORY = re.compile("(?:等)?(?:慢性)?病?史")
_NOT_MONTHS = re.compile(r"[于自从在到至是为今去前年院每]$")
_CLAUSE = re.compile(r"[,。;:、!?\n]")
_LEFT = re.compile(r"[一-龥A-Za-z)\]”\"'] ?$")
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Duration:
    """low == high unless a range; both None: `几天`. months: of `1年3个月`. counted: `个` says that it is no date."""

    low: float | None
    high: float | None
    unit: str
    about: bool
    months: int = 0
    counted: bool = False


def duration(m: re.Match[str]) -> Duration | None:
    """What the groups of `{dur}` say; None where they are no duration."""
    first = number(m["n"])
    if first is None:
        return None
    unit = _UNITS[m["u"]]
    more = bool(m["more"] or m["half"] in ("多", "余") or m["after"] in ("余", "多", "+"))
    about = first.about or more or bool(_ABOUT_BEFORE.search(m.string[max(0, m.start() - 3) : m.start()]))
    low, high = first.low, first.high
    if m["n2"] and (second := number(m["n2"])) and second.low is not None:
        if "、" in m[0] and second.low != (first.low or 0) + 1:
            return None  # `第1、3天`: two of them, no range
        low, high, about = first.low, second.high, True
    if (m["half"] == "半" or m["after"] == "半") and low is not None and high is not None:
        low, high = low + 0.5, high + 0.5
    months = number(m["n3"]) if m["n3"] else None
    extra = int(months.low) if months and months.low else 0
    about = about or "左右" in m.string[m.end() - 3 : m.end() + 2] or "左右" in m[0]
    return Duration(low, high, unit, about, extra, "个" in m[0] or more)


def back(base: date, read: Duration) -> str | None:
    """The beginning of the last so many days, months, years: a year is counted in months, half a year too."""
    if read.high is None:
        return None
    if read.unit == "year" and read.high <= 1:
        return fhir(*months_from(base, -round(read.high * _YEAR)))
    return moved(base, read.high, read.unit, -1)[0]


def is_onset(m: re.Match[str], read: Duration) -> bool:
    """Whether a bare duration says since when. Certain words forbid it, others demand a word that it lasts."""
    text, mark = m.string, m["mark"]
    before = text[max(0, m.start() - 12) : m.start()]
    after = text[m.end() : m.end() + 6]
    if _of_another_visit(text, m.start(), m.end()) or (read.unit in ("day", "week", "hour") and _OVER.match(after)):
        return False
    bare = before.rstrip(" ")
    near = bare.rstrip("了约近大概用")
    if (
        read.unit == "minute"
        or near.endswith(_NEVER)
        or "每次" in before
        or (read.unit == "hour" and before.endswith("持续"))
    ):
        return False
    if mark:
        return not _date_not_duration(m, read)
    ends = _ENDS.match(after) or (read.unit == "year" and _LISTED.match(after))
    if near.endswith(_LASTS):
        return bool(ends or (read.unit in ("year", "month") and after.startswith("的")))
    if not _LEFT.search(before) or not ends or _date_not_duration(m, read):
        return False
    if bare.rstrip("了过药约近").endswith(_GIVEN):
        return False
    clause = _CLAUSE.split(before)[-1]
    return not _OF_THEN.search(clause) and (read.unit not in ("day", "week") or not _COURSE.search(clause))


def _of_another_visit(text: str, start: int, end: int) -> bool:
    """Whether a duration stands in a quoted complaint that led to some visit before this document."""
    opened = max(text.rfind("“", 0, start), text.rfind('"', 0, start) if text.count('"', 0, start) % 2 else -1)
    if opened < 0 or "”" in text[opened:start]:
        return False
    closed = re.compile('[”"]').search(text, end)
    if closed and _HISTORY.match(text, closed.end()):
        return False
    if closed is None or not _THIS_VISIT.match(text, closed.end()):
        return True
    return bool(_EARLIER.search(text, max(text.rfind("。", 0, opened), 0), opened))


def _date_not_duration(m: re.Match[str], read: Duration) -> bool:
    """`3月`, `3日` may be a date: where 于 or 在 precedes."""
    if read.counted or m["u"] not in ("月", "日"):
        return False
    return bool(_NOT_MONTHS.search(m.string[max(0, m.start() - 1) : m.start()])) or not m["n"].strip()
