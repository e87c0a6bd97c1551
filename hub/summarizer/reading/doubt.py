"""Words of denial, doubt or intention beside a name that no rule accounts for: then nothing is stated of it.

The rules of `assertion.tsv` know many wordings, and no table knows all. What is left of a clause without the names and
cues that were understood is looked through once more: a `没` that nothing explains may deny what is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.summarizer.reading import cues

_DENIAL = re.compile(
    r"[没无未否冇莫唔毋勿]|不(?=存在|是|算|像|曾|见|伴|患|会|考虑|支持|符合)|"
    r"\b(?:no|not|never|none|without|denie[sd]|absent|negative|free of)\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"[?？吗]|可能|也许|或许|大概|兴许|八成|怕是|恐怕|疑|估计|好像|似乎|像是|说不|拿不|不确定|未必|不排|待|"
    r"\b(?:(?-i:may)(?! \d)|might|could|possibl[ey]|probabl[ey]|suspect\w*|likely|question|query|"
    r"perhaps|rule|versus|vs)\b",
    re.IGNORECASE,
)
_INTENTION = re.compile(
    r"等|想|准备|打算|计划|预约|约好|排队|排期|拟|择|将要?|下次|下周|下月|明天|后天|回头|改天|改日|还没|尚|未|没|不|建议|需要?|应|要|"
    r"\b(?:schedul\w*|plan\w*|await\w*|pending|will|to be|consider\w*|recommend\w*|refer\w*|advise\w*|not|yet|never|"
    r"declin\w*|refus\w*)\b",
    re.IGNORECASE,
)
_DENYING = re.compile(r"[没无未不冇莫]")
_MODIFIER = re.compile(r"(?![过再了])[\u4e00-\u9fff]{2,4}(?<![有就却而后但是伴的了着得及和、])")
_NEAR = 10
"""Characters before and after a name that may speak of it."""


def denied(text: str, start: int, end: int, clause: tuple[int, int], names: Sequence[tuple[int, int]]) -> bool:
    """Whether a word of denial or doubt stands near characters [start, end), in their clause, that nothing explains."""
    if _left(_DENIAL, text, start, end, clause, names) or _left(_DOUBT, text, start, end, clause, names):
        return True
    return _all_but_reached(text, start)


def _all_but_reached(text: str, start: int) -> bool:
    """Whether a word that denies what touches it stands before a name with a word between that no table knows."""
    if not _DENYING.search(text, max(0, start - _NEAR), start):
        return False
    for cue in cues.scan(text):
        if cue.end >= start:
            return False
        if cue.rule.effect == "absent" and cue.rule.direction != "before" and _MODIFIER.fullmatch(text, cue.end, start):
            return True
    return False


def intended(text: str, start: int, end: int, clause: tuple[int, int], names: Sequence[tuple[int, int]]) -> bool:
    """Whether a word of intention, or that it was not done, does."""
    return _left(_INTENTION, text, start, end, clause, names)


def _left(words: re.Pattern[str], text: str, start: int, end: int, clause: tuple[int, int],
          names: Sequence[tuple[int, int]]) -> bool:  # fmt: skip
    first, last = max(clause[0], start - _NEAR), min(clause[1], end + _NEAR)
    found = [m.span() for m in words.finditer(text, first, last)]
    if not found:
        return False
    known = [*names, *((cue.start, cue.end) for cue in cues.scan(text))]
    return any(all(b <= low or high <= a for low, high in known) for a, b in found)
