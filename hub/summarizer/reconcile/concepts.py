"""What is known of concepts: which is a kind of which, its stage or grade, and how its kind behaves over time."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.summarizer import terms
from hub.summarizer.rows import rows
from hub.summarizer.terminology import tables

_NUMBER = r"(?:[0-9]|[一二三四五]|[ⅠⅡⅢⅣⅤⅰⅱⅲⅳⅴ]|i{1,3}|iv|v)"
_GRADES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("stage", re.compile(rf"g?({_NUMBER}[abd]?)期|stage({_NUMBER}[abd]?)$", re.IGNORECASE)),
    ("grade", re.compile(rf"(?:nyha|心功能)?(?:分级)?({_NUMBER})级|grade({_NUMBER})$", re.IGNORECASE)),
    ("risk", re.compile(r"(?<!高血压)((?:很|极)高危|高危|中危|低危)组?|(?<=高血压)((?:很|极)高危|高危|中危|低危)组?")),
)
_DIGITS = {
    "一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "ⅰ": "1", "ⅱ": "2", "ⅲ": "3", "ⅳ": "4", "ⅴ": "5",
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "极高危": "很高危",
}  # fmt: skip

_ALL_KINDS = frozenset({"procedure", "vaccine"})
"""Kinds of fact of which every kind of one may be called by its broader name."""

_CANCER = ("癌", "恶性肿瘤")
_END = 2
_LEAST = 4
_NO_KIND = re.compile(r"^[ -~]*$|^(?:非|无|假性|类|抗|防|疑|未|否认|排除)|术后|待查|史$")
"""Names of which the end is not what they are."""

_BEHAVIOUR = "reconcile/behaviour.tsv"
_EXCLUSIVE = "reconcile/exclusive.tsv"


@lru_cache(maxsize=65536)
def graded(name: str) -> tuple[str, dict[str, str]]:
    """A name without its stage, grade and risk, and these: `慢性肾脏病3期` -> `慢性肾脏病`, `{stage: 3}`."""
    base = terms.fold(name)
    found: dict[str, str] = {}
    for dimension, pattern in _GRADES:
        match = pattern.search(base)
        if match:
            said = next(g for g in match.groups() if g).lower()
            found[dimension] = _DIGITS.get(said) or _DIGITS.get(said[:-1], said[:-1]) + said[-1]
            base = base[: match.start()] + base[match.end() :]
    return base, found


@lru_cache(maxsize=65536)
def grade(key: str) -> tuple[str, dict[str, str]]:
    """Of a key of a problem: the key of the concept without stage and grade, and these ({} where it has none)."""
    kind, name = _parts(key)
    base, found = graded(name)
    return (terms.key(kind, base), found) if found and len(base) > 1 else (key, {})


@lru_cache(maxsize=65536)
def broader(key: str) -> frozenset[str]:
    """The keys of all terms of which this is a kind: of the tables, and without its stage or grade."""
    direct = {*_table().get(key, ()), *_tails(key), *_unspecified(key)}
    base, found = grade(key)
    if found and base != key:
        direct.add(base)
    return frozenset(direct.union(*(broader(k) for k in direct if k != key)))


@lru_cache(maxsize=65536)
def refines(key: str, wide: str) -> bool:
    """Whether the narrow term only adds a type, stage or grade to the wide one, which its name still holds.

    `2型糖尿病` refines `糖尿病`; `高血压性心脏病` is of `高血压`, but another illness; of procedures all kinds refine.
    """
    kind, name = _parts(key)
    _, short = _parts(wide)
    bare, said = grade(key)
    wider, least = grade(wide)
    if kind in _ALL_KINDS or (bare == wider and least.items() <= said.items()) or wide in _tails(key):
        return True
    if name.endswith(_CANCER) and short.endswith(_CANCER):
        return True
    return any(_holds(longer, short) for longer in (name, graded(name)[0]))


def _holds(name: str, short: str) -> bool:
    """Whether a name is another with words put in before its end: `慢性浅表性胃炎`, `慢性胃炎`."""
    letters = iter(name)
    return name.endswith(short[-_END:]) and all(letter in letters for letter in short)


@lru_cache(maxsize=65536)
def _tails(key: str) -> frozenset[str]:
    """Of a name that no table has, the known terms that it ends with: a Chinese name ends with what it is a kind of."""
    name = key.removeprefix("name|")
    if name == key or _NO_KIND.search(name):
        return frozenset()
    for start in range(1, len(name) - 1):
        tail = name[start:]
        if len(tail) * 3 < len(name):
            break
        found = {k for kind in ("problem", "procedure") if (k := terms.key(kind, tail)).startswith("term|")}
        if found:
            return frozenset(found)
    return frozenset(_operations(name)) if name.endswith("术") else frozenset()


def _unspecified(key: str) -> frozenset[str]:
    """Of an analyte with a letter the one without: `肌钙蛋白I` is `肌钙蛋白`."""
    kind, name = _parts(key)
    if kind != "analyte" or not name[-1:].isascii() or name[-2:].isascii():
        return frozenset()
    return frozenset(t.key for t in tables.terms() if t.kind == "analyte" and t.name == name[:-1])


def _operations(name: str) -> list[str]:
    """The longest known operations that the name is, with words put in: `胸腔镜肺上叶切除术` is a `肺叶切除术`."""
    held = [t for t in tables.terms() if t.kind == "procedure" and len(t.name) > _LEAST and _holds(name, t.name)]
    return [t.key for t in held if len(t.name) == max(len(h.name) for h in held)]


@lru_cache(maxsize=65536)
def with_refined(key: str) -> frozenset[str]:
    """The key, and those of broader terms that its name still holds."""
    return frozenset({key, *(wide for wide in broader(key) if refines(key, wide))})


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, ...]]:
    return {
        t.key: tuple(f"term|{tables.family(t.kind)}:{name}" for name in t.broader) for t in tables.terms() if t.broader
    }


@lru_cache(maxsize=1)
def symptoms() -> frozenset[str]:
    """Keys of what comes and goes: complaints."""
    return frozenset(t.key for t in tables.terms() if t.kind == "symptom")


@lru_cache(maxsize=65536)
def passes(key: str) -> bool:
    """Whether a problem is an episode or event (`肺炎`, `脑梗死`, a symptom): at two dates it is two of them."""
    return key in symptoms() or _behaves(("episode", "event"), key)


@lru_cache(maxsize=65536)
def recurs(key: str) -> bool:
    """Whether it comes and goes within a year: a complaint or an episode, not an event that stays in a history."""
    return key in symptoms() or _behaves(("episode",), key)


@lru_cache(maxsize=65536)
def changes(key: str) -> bool:
    """Whether it may be there at one time and gone at the next, so that a denial contradicts only of the same time."""
    return key in symptoms() or _behaves(("episode", "finding"), key)


@lru_cache(maxsize=65536)
def repeats(key: str) -> bool:
    """Whether a procedure is done again and again (`胃镜检查`, `血液透析`): two dates are two of them."""
    return _behaves(("repeated",), key) and not _behaves(("once",), key)


@lru_cache(maxsize=65536)
def fluctuates(key: str) -> bool:
    """Whether an analyte is measured several times a day, with another number each time (`血压`, `血糖`)."""
    return _behaves(("fluctuating",), key)


def _behaves(ways: tuple[str, ...], key: str) -> bool:
    name, known = _parts(key)[1], _behaviours()
    return any(known[how].search(name) for how in ways) and not known["lasting"].search(name)


@lru_cache(maxsize=1)
def _behaviours() -> dict[str, re.Pattern[str]]:
    words: dict[str, list[str]] = {}
    for how, pattern, _ in rows(_BEHAVIOUR, 3):
        words.setdefault(how, []).append(pattern)
    return {how: re.compile("|".join(patterns), re.IGNORECASE) for how, patterns in words.items()}


@lru_cache(maxsize=1)
def exclusive() -> tuple[tuple[str, str, str], ...]:
    """Pairs of diagnoses that are given for one another, and when they exclude each other: `always`, `same-time`."""
    pairs: dict[frozenset[str], tuple[str, str, str]] = {}
    for one, other, when in rows(_EXCLUSIVE, 3):
        a, b = terms.key("problem", one), terms.key("problem", other)
        if a != b:
            pairs.setdefault(frozenset({a, b}), (a, b, when))
    return tuple(pairs.values())


def _parts(key: str) -> tuple[str, str]:
    """Kind and name of a key: of `term|problem:x` and `name|x`; a code has neither."""
    form, _, rest = key.partition("|")
    if form == "term":
        kind, _, name = rest.partition(":")
        return kind, name
    return ("problem", rest) if form == "name" else ("", "")
