"""Search keys of a patient's name: what somebody may type the beginning of to find it, in characters or in pinyin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, product

from hub.domain.patients import folded

MOST = 40
"""Keys of one name; those of rare readings are left out first."""

_LONGEST = 48
_UNITS = 12
_READINGS = 3
_COMBINATIONS = 16
_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(f"[{_HAN}]|[^\\s{_HAN}]+")
_BREAKS = re.compile(r"[\s·・‧•,，.。/\-]+")


def keys(name: str) -> tuple[str, ...]:
    """What the name is found by, each as `folded`: 陈桂英 -> 陈桂英, 桂英, 英, chenguiying, guiying, ying, cgy, gy.

    From each of its parts (a Chinese character, a word in other letters) to its end: in characters, in pinyin in full
    and by initials, with every common reading of each character. What another key begins with is left out: keys are
    looked for by their beginnings.
    """
    units = [unit for part in _BREAKS.split(name) for unit in _UNIT.findall(folded(part))][:_UNITS]
    found = dict.fromkeys(_endings(units))
    for reading in _combinations([_readings(unit) for unit in units]):
        found |= dict.fromkeys(_endings(reading)) | dict.fromkeys(_endings([syllable[0] for syllable in reading]))
    return _without_beginnings(islice(found, MOST))


def warm() -> None:
    """Load the table of readings now rather than with the first name."""
    _readings("王")


def _endings(units: Sequence[str]) -> list[str]:
    return ["".join(units[start:])[:_LONGEST] for start in range(len(units))]


def _without_beginnings(found: Iterable[str]) -> tuple[str, ...]:
    ordered = sorted(found)
    following = [*ordered[1:], ""]
    return tuple(key for key, after in zip(ordered, following, strict=False) if not after.startswith(key))


def _combinations(readings: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """One reading of each unit, the commonest first: those that differ from them in the fewest places."""
    if not readings:
        return []
    varied = islice(product(*(enumerate(of_unit) for of_unit in readings)), 4 * _COMBINATIONS)
    ranked = sorted(varied, key=lambda combination: sum(rank for rank, _ in combination))
    return [tuple(reading for _, reading in combination) for combination in ranked[:_COMBINATIONS]]


@lru_cache(maxsize=20_000)
def _readings(unit: str) -> tuple[str, ...]:
    """Pinyin of a character without tones; ü also as people type it; what has no pinyin reads as it is written."""
    if not _UNIT.fullmatch(unit) or len(unit) > 1 or unit.isascii():
        return (unit,)
    from pypinyin import Style, pinyin  # a quarter of a second and 15 MB: intake only

    [found] = pinyin(unit, style=Style.NORMAL, heteronym=True)
    typed = [form for reading in found[:_READINGS] for form in _umlauts(reading)]
    return tuple(dict.fromkeys(typed))


def _umlauts(reading: str) -> tuple[str, ...]:
    if "v" not in reading:
        return (reading,)
    return reading, reading.replace("v", "u"), reading.replace("v", "yu")
