"""How much and how often: doses per taking and frequencies in a text, and the frequency of words that say one.

Patterns of frequency are rows of `frequencies.tsv`, units of `dose_units.tsv`. All works on lower case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from hub.summarizer.reading.quantities import NUMBER, alternatives, dose_units, number
from hub.summarizer.rows import rows

_X = r"(?:次|回|遍|顿)"
_MACROS = {
    "{1}": r"\s?(?:1|一)\s?", "{2}": r"\s?(?:2|二|两)\s?", "{3}": r"\s?(?:3|三)\s?", "{4}": r"\s?(?:4|四)\s?",
    "{n}": r"\s?(?:1[0-2]|[2-9]|[二两三四五六七八九十])\s?", "{x}": _X,
    "{day}": r"(?:每[日天]|(?<![\d一二三四五六七八九十])[一1]\s?[日天]|天天|日日|(?<![今昨当次近平\d])日)",
    "{L}": r"(?:(?<![a-z])|(?<=mg)|(?<=[\du]g)|(?<=ml)|(?<=\du)|(?<=iu)|(?<=po)|(?<=iv)|(?<=im)|(?<=gtt))",
    "{R}": r"(?![a-z])",
}  # fmt: skip
_SQUEEZED = r"(?:(?![a-z])|(?=d\d|po|iv|prn|pc|ac|ih|sc|im))"
_LATIN_END = r"(?![a-z%])|(?=bid|tid|qid|qd|qn|qod|qhs|prn|po|iv|im|ih|sc|[×x*]|d\d)"


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in a text. per: `""` a taking, `day`; often: the frequency that the same words say, or None."""

    start: int
    end: int
    dose: Decimal | None
    unit: str | None
    kind: str
    per: str = ""
    often: str | None = None


@dataclass(frozen=True, slots=True)
class Often:
    """A frequency in a text. code: `qd`, ..., `daily` (an amount a day follows), or the words as written."""

    start: int
    end: int
    code: str
    weak: bool = False


@dataclass(frozen=True, slots=True)
class _Forms:
    """Frequencies of one script: their codes in order, and one pattern with a group for each."""

    codes: tuple[str, ...]
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def _forms() -> tuple[_Forms, _Forms]:
    """The rows of frequencies that begin with a Latin letter, and the others."""
    latin: list[tuple[str, str]] = []
    other: list[tuple[str, str]] = []
    for code, pattern, _ in rows("reading/frequencies.tsv", 3):
        for part in _alternatives(pattern):
            begins_latin = part.startswith("{L}") or re.match(r"(?:\(\?:)?[a-z]", part)
            if begins_latin:
                latin.append((code, part))
            if not begins_latin or part.startswith("(?:"):
                other.append((code, part))
    return _joined(latin), _joined(other)


def _joined(parts: list[tuple[str, str]]) -> _Forms:
    """Neighbours of one code share a group: the first part that fits is taken, as in the table."""
    codes: list[str] = []
    groups: list[list[str]] = []
    for code, part in parts:
        if not codes or codes[-1] != code:
            codes.append(code)
            groups.append([])
        groups[-1].append(_expand(part))
    return _Forms(tuple(codes), re.compile("|".join(f"({'|'.join(group)})" for group in groups)))


def _alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between the `|` that stand in no bracket."""
    parts, depth = [""], 0
    for before, character in zip(" " + pattern, pattern, strict=False):
        if before != "\\":
            depth += (character in "([") - (character in ")]")
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _expand(pattern: str) -> str:
    pattern = pattern.replace("{R}", _SQUEEZED if "{L}" in pattern else _MACROS["{R}"])
    for macro, meaning in _MACROS.items():
        pattern = pattern.replace(macro, meaning)
    return pattern


def frequency(text: str) -> str:
    """`qd`, `bid`, ... of words or a code that say so and nothing else; other words as they are."""
    words = text.strip()
    for plain in (words.lower(), words.lower().replace(" ", "")):
        for forms in _forms():
            found = forms.pattern.fullmatch(plain)
            if found and found.lastindex:
                code = forms.codes[found.lastindex - 1]
                return words if code in ("=", "daily") else code
    return "st" if words.lower() == "once" else words


def often_at(low: str, place: int) -> Often | None:
    """The frequency that starts at a place of a text in lower case."""
    latin, other = _forms()
    forms = latin if "a" <= low[place] <= "z" else other
    found = forms.pattern.match(low, place)
    if not found or found.end() == place or not found.lastindex:
        return None
    words = found.group().strip()
    if low.startswith(_OF_A_RESULT, found.end()) and (_MEAL.search(words) or not _TOLD.match(low, found.end())):
        return None
    code = forms.codes[found.lastindex - 1]
    return Often(
        place, found.end(), words if code == "=" else code, code == "=" and not re.search(r"[\d一-十]|q", words)
    )


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Of a strength, of doses by the time of day, of a dose."""
    units = dose_units()
    unit = f"(?:{alternatives(list(units))})"
    mass = f"(?:{alternatives([s for s, (_, kind, _) in units.items() if kind != 'count'])})"
    piece = f"(?:{alternatives([s for s, (_, kind, _) in units.items() if kind == 'count' and not s.isascii()])})"
    strength = re.compile(
        rf"(?:规格[:为是]?\s?|(?:每|[1一])\s?{piece}(?:含|为|是|:)?\s?)(?:{NUMBER})\s?{mass}(?!/日|/天)"
        rf"|(?:{NUMBER})\s?{mass}\s?[×x*]\s?(?:{NUMBER})\s?(?:{piece}|s|t|板)(?:\s?/?\s?[盒瓶板])?"
        rf"|(?:{NUMBER})\s?{mass}\s?/\s?(?:{piece}|tab|盒)"
        rf"|(?:{NUMBER})(?:{mass})?\s?/\s?(?:{NUMBER})(?:\s?{mass}(?![a-z])|(?=\s*(?:每次|1|2|一|两)\s?吸))"
    )
    clock = (
        r"(?:早(?:上|晨|餐前|餐后|饭前|饭后|起)?|中午?(?:餐前|餐后|饭前|饭后)?|午餐前|下午|晚(?:上|间|餐前|餐后|饭前|饭后)?"
        r"|睡前|夜里|夜间)"
    )
    before = rf"{clock}\s?[:吃打用服各]?\s?(?:{NUMBER})(?!\s?[次回顿])\s?{unit}?"
    after = rf"(?:{NUMBER})\s?{unit}\s?[/(]?{clock}\)?"
    part = rf"(?:{before}|{after})"
    split = re.compile(rf"{part}(?:\s?[,、;和+/]?\s?{part}){{1,3}}")
    dose = re.compile(
        rf"(?P<n>{DOSE_NUMBER})(?:\s?[-~至到]\s?(?P<m>{NUMBER}))?\s?(?P<u>{unit})(?:{_LATIN_END})(?P<half>半)?"
        rf"(?:\s?[×x*]\s?(?P<times>\d{{1,2}})(?=\s?/\s?次))?"
        r"(?:\s?/\s?(?P<per>次|回|日|天|d(?![a-z])|day|晚|早|晨|[a-z一-鿿%]+))?"
    )
    return strength, split, dose


DOSE_NUMBER = rf"(?:1/[24](?=\s?[片粒袋包t])|{NUMBER})"
_FURTHER = re.compile(r"\s?[×x*/]")
_FURTHER_MASS = re.compile(r"[含为是:]?\s?\d")
_PIECES = frozenset("片粒丸袋支瓶包颗")
_SHOTS = re.compile(r"(\d{1,3})\s?个(?![月小星礼周疗半])")
"""`打14个`: units of insulin."""
_OF_A_RESULT = ("血糖", "血", "静脉血", "葡萄糖", "指尖")
"""After `空腹`, `餐后`, `每日3次`: what was or is measured then."""
_MEAL = re.compile(r"空腹|[餐饭]")
_TOLD = re.compile(r"\D{1,8}\d")
"""A result after a frequency is of the next thing told (`每日3次血压上头167`), not what is measured so often."""
_DAILY = {"日": "day", "天": "day", "d": "day", "day": "day"}
_CLOCKED = {"晚": "qn", "早": "qd", "晨": "qd"}
_PART = re.compile(rf"({NUMBER})\s?(万?[a-zμµ]+|万?[^\d\s早中晚睡夜,、;和+/()半一二两三四五六七八九十]+)?")


def amount_at(low: str, place: int) -> Amount | None:
    """The amount that starts at a place of a text in lower case: a strength (no dose), a split day, or a dose."""
    strength, _, dose = _patterns()
    found = dose.match(low, place)
    if (
        not found
        or _FURTHER.match(low, found.end("u"))
        or (found["u"] in _PIECES and _FURTHER_MASS.match(low, found.end()))
    ):
        longer = strength.match(low, place)
        if longer:
            return Amount(place, longer.end(), None, None, "strength")
    if found:
        return _dose(found)
    found = _SHOTS.match(low, place)
    if found and low[max(0, place - 2) : place].rstrip().endswith("打"):
        return Amount(place, found.end(), number(found[1]), "U", "activity")
    return None


def split_at(low: str, place: int) -> Amount | None:
    """The doses by the time of day that start at a place of a text in lower case (`早16晚14个单位`)."""
    found = _patterns()[1].match(low, place)
    return _split(found) if found else None


def _split(found: re.Match[str]) -> Amount | None:
    """Doses by the time of day: one dose where all are the same, else their words as frequency."""
    parts = [(number(n), dose_units().get(u.strip())) for n, u in _PART.findall(found.group())]
    known = [unit for _, unit in parts if unit]
    if not known or any(value is None for value, _ in parts):
        return None
    unit = known[-1][0]
    values = {value for value, _ in parts}
    if len(values) == 1:
        often = {2: "bid", 3: "tid", 4: "qid"}.get(len(parts))
        return Amount(found.start(), found.end(), values.pop(), unit, known[-1][1], often=often)
    return Amount(found.start(), found.end(), None, unit, "split", often=found.group().strip())


def _dose(found: re.Match[str]) -> Amount | None:
    written, unit, kind, factor = found["n"], *dose_units()[found["u"]]
    if "/" in written:
        value: Decimal | None = Decimal(1) / Decimal(written[2:])
    else:
        value = number(written)
    if value is None or (found["half"] and kind != "count"):
        return None
    value += Decimal("0.5") if found["half"] else 0
    value = value * factor if factor != 1 else value
    value = value * int(found["times"]) if found["times"] else value
    per = found["per"]
    if per and per not in _DAILY and per not in _CLOCKED and per not in ("次", "回"):
        return None
    end = found.end()
    if found["m"]:
        return Amount(found.start(), end, None, unit, kind)
    if found["u"] in ("iu", "万iu"):
        unit = "[IU]"
    return Amount(found.start(), end, value, unit, kind, _DAILY.get(per or "", ""), _CLOCKED.get(per or ""))
