"""Blood groups in text: `B型`, `O型Rh阳性`, `Rh(D)阴性`."""

from __future__ import annotations

import re

GROUPS = frozenset({"ABO血型", "血型", "ABO"})
RHESUS = frozenset({"Rh血型", "Rh", "RhD"})
RHESUS_FACTOR = re.compile(r"R[hH]\s?[(（]?D?[)）]?\s?[(（]?[阴阳+\-]")
TYPED = re.compile(r"(?<![A-Za-z])(?:AB|[ABO])\s?型(?=血(?![糖压脂管小红常])|\s?[,，、]?\s?[(（]?R[hH])")
"""A group that stands without the words `blood group`."""
WRITTEN = re.compile(
    r"(?:(?:献血|输血|验血|配血|抽血|化验|体检|鉴定)[^。；;,，\d]{0,8}?|(?:我|本人|他|她|患者|病人)(?:是|为|系))"
    r"(?P<type>(?:AB|[ABO])\s?型)(?=血|[,，。；;、)）\s]|$)"
)
"""A group that stands where one is told (`献血证上写B型`)."""
WRITTEN_EN = re.compile(
    r"\b[Tt]ype (?=(?:AB|[ABO]) blood\b)(?P<type>AB|[ABO])|"
    r"\b[Bb]lood (?:type|group)\b(?: [a-z]{2,9}){1,3}:? (?P<told>AB|[ABO])(?=[\s.,;]|$)"
)
"""`Type B blood`, `Blood type confirmed as AB`."""
_ABO = re.compile(
    r"(?P<text>(?:AB|[ABO])\s?型)|(?P<bare>AB|[ABO])(?![A-Za-z])(?=\s?(?:,|，|。|\.|;|；|\s|$|[(（]?R[hH]|血|[+\-阳阴]))"
)
_ABO_NEAR = re.compile(r"[^。；;\d]{0,6}?(?P<text>(?:AB|[ABO])\s?型)")
"""A group that stands near its name, whatever is between (`血型应该是AB型`)."""
_ABO_BEFORE = re.compile(r"(AB|[ABO])\s?型$")
_RH = re.compile(
    r"\s?(?:因子|血型|\(D\)|（D）|D|\s|:|：|为|是)*(?P<text>阳性|阴性|[(（][+\-][)）]|[+\-]|positive|negative)",
    re.IGNORECASE,
)
_RH_AFTER = re.compile(r"\s?[,，、(（]?\s?R[hH]")


def group(hidden: str, name: tuple[int, int], place: int, end: int) -> tuple[str, str | None, int] | None:
    """The ABO group, the Rh factor if it is told with it, and the end of both, of the name of a blood group.

    place: after the words that link the name to its value; end: where the next name begins.
    """
    place = near.start("text") if (near := _ABO_NEAR.match(hidden, name[1], end)) else place
    before = _ABO_BEFORE.search(hidden, max(0, name[0] - 4), name[0])
    after = _ABO.match(hidden, place, end)
    letters = before[1] if before else (after["text"] or after["bare"]) if after else ""
    if not letters:
        return None
    last = after.end() if after and not before else name[1]
    return typed(letters), *_rhesus_after(hidden, last, end)


def typed(letters: str) -> str:
    return letters.replace(" ", "").removesuffix("型") + "型"


def _rhesus_after(hidden: str, place: int, end: int) -> tuple[str | None, int]:
    named = _RH_AFTER.match(hidden, place, end)
    found = rhesus(hidden, named.end(), end) if named else None
    return found if found else (None, place)


def rhesus(hidden: str, place: int, end: int) -> tuple[str, int] | None:
    """The Rh factor that stands at a place, `阳性` or `阴性`, and its end."""
    found = _RH.match(hidden, place, end)
    if not found:
        return None
    bare = found["text"].strip("()（） ")
    return {"+": "阳性", "-": "阴性"}.get(bare, bare), found.end()
