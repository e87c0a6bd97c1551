"""What a sentence says of how its medicines are taken: dose, frequency, route, since when, changed, stopped, why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hub.summarizer.reading.characters import lower
from hub.summarizer.reading.course_reader import course
from hub.summarizer.reading.courses import Course
from hub.summarizer.reading.model import Context, Intake, Mention, When
from hub.summarizer.reading.regions import Region, regions
from hub.summarizer.reading.tokens import DATE, OTHER, masked, masks, tokens

_ALL = re.compile(r"都|均|全|一并|同时|一起|both")
_EACH = re.compile(r"各|均|都|each|both")
_COUNTED = re.compile(r"[\d一二两三四半]\s?[片粒丸袋]$")
"""The form of a name that is none: `早上空腹1片`."""
_PRN = re.compile(
    r"(?:必要时|需要时|按需|临时)(?:[服用吃喷吸含]|口服|吸入|使用|服用|应用)?|prn|"
    r"(?:(?:as|if|when) )?(?:needed|required|necessary)(?: for)?"
)
"""How often it is taken, not that it is only thought of."""
_THOUGHT_OF = re.compile(r"\s?(?:可|再|考虑|加|备|停|换|改|给予|予)")
_MEASURED = frozenset({"amount", "often", "route"})
_LATTER = re.compile(r"后者|前者|其中")


def intakes(text: str, mentions: Sequence[Mention], dates: Sequence[When], contexts: Sequence[Context]) -> list[Intake]:
    """The intakes of the medicines among the mentions (one context each), in order; a change of dose gives two.

    Mentions of other kinds only part the words. A medicine that is said not to be taken, or that a relative takes,
    gives none.
    """
    medicines = [
        (m, c)
        for m, c in zip(mentions, contexts, strict=True)
        if m.kind == "medicine" and (m.term or not _COUNTED.search(m.name))
    ]
    if not medicines:
        return []
    names = [m for m, _ in medicines]
    low = lower(text)
    low = masked(low, masks(names, [m for m in mentions if m.kind not in ("medicine", "analyte")], dates))
    found = regions(low, names, tokens(low))
    switched = {r.index for r, n in pairwise(found) if _switch(low, r, n)}
    courses = [course(text, low, region, dates, switched=region.index in switched) for region in found]
    _hand_over(found, courses)
    _share(low, found, courses)
    return [
        intake
        for region, read in zip(found, courses, strict=True)
        for intake in read.intakes(region.mention, _settled(low, region, medicines[region.index][1]))
    ]


def _settled(low: str, region: Region, context: Context) -> Context:
    """A context without the plan that `必要时` after the name, or after another of a list, seems to say."""
    if not context.planned or not context.cues:
        return context
    for begin, end in context.cues:
        start = begin - low.startswith("按", begin - 1) if begin else begin
        own = region.start <= start and end <= region.mention.start
        if own or not _PRN.fullmatch(low, start, end) or _THOUGHT_OF.match(low, end):
            return context
    return replace(context, planned=False)


def _switch(low: str, region: Region, following: Region) -> bool:
    """Whether a change of medicine is all that stands between two names (`氨氯地平改为缬沙坦`)."""
    changes = [t for t in following.lead if t.kind == "change"]
    if not changes or any(t.kind == "stop" for t in region.tail):
        return False
    start = max((t.end for t in region.tail if t.kind in _MEASURED and t.end <= changes[-1].start), default=0)
    gap = low[max(region.mention.end, start) : changes[-1].start].replace(DATE, "").replace(OTHER, "")
    return len(re.sub(r"[\s,，]", "", gap)) <= 12 and not re.search(r"[;；。]", gap)


def _hand_over(found: list[Region], courses: list[Course]) -> None:
    """A switch stops the first medicine when it starts the second."""
    for at in range(1, len(found)):
        before, after = courses[at - 1], courses[at]
        if before.switched:
            date = after.start or before.changed
            before.stopped, before.end = True, before.end or date
            after.start = after.start or date
            after.reason_of_start = before.reason
            first = at - 1
            while found[first].joined and first:
                first -= 1
                courses[first].stopped, courses[first].end = True, courses[first].end or date


def _share(low: str, found: list[Region], courses: list[Course]) -> None:
    """What is said once of a list of medicines: its verb, its stop, a frequency that plainly is of each."""
    for at in range(1, len(found)):
        if found[at].joined or found[at].listed:
            before, here = courses[at - 1], courses[at]
            here.taken = here.taken or before.taken
            here.past = here.past or before.past
            here.route = here.route or before.lead_route
            here.lead_route = here.lead_route or before.lead_route
            here.start = here.start or before.lead_start
            here.lead_start = here.lead_start or before.lead_start
            if found[at].joined and before.lead_stopped and not here.dosed:
                here.stopped, here.lead_stopped, here.end = True, True, here.end or before.end
                here.reason = here.reason or before.reason
    for at in range(len(found) - 1, 0, -1):
        _backwards(low, found[at], found, courses, at)


def _backwards(low: str, region: Region, found: list[Region], courses: list[Course], at: int) -> None:
    before, here = courses[at - 1], courses[at]
    tail = low[region.mention.end : region.end]
    linked = region.joined or region.listed
    if not linked or _LATTER.search(tail):
        return
    if here.tail_stopped and not before.stopped and (region.joined or _ALL.search(tail)):
        before.stopped, before.tail_stopped, before.end = True, True, here.end
        before.reason = before.reason or here.reason
    if here.tail_taken:
        before.taken = before.tail_taken = True
    stage, other = here.stages[-1], before.stages[-1]
    each = bool(_EACH.search(tail))
    apart = here.often_parted and (other.dose is not None) == (stage.dose is not None) and not before.dosed_often
    if stage.often and not other.often and (each or apart) and len(here.stages) == 1:
        other.often = stage.often
        before.often_parted = True
        if each and region.joined and other.dose is None:
            other.dose, other.unit = stage.dose, stage.unit
    if not before.route and here.tail_route and each:
        before.route = here.tail_route
