"""Which drafts are one fact: found by key and date, decided by what must not contradict. Not numbers, not medicines.

Said once more without a date or side, a fact joins the one item that it fits; where it fits two that differ in what it
does not say, it stays by itself. At last what free text only names broadly joins the one kind of it that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.summarizer.drafts import Draft
from hub.summarizer.reconcile import concepts, dates, slots
from hub.summarizer.reconcile.slots import Mark

_PREFIXES = (0, 4, 7, 10)
_MONTH = 7


@dataclass(slots=True, eq=False)
class Group:
    """Drafts of one fact. marks: what they say that must not contradict, each once; outer: of marks that differ only
    in the day of writing the first and the last, with which all between agree; into: the group that took it.
    """

    scope: tuple[Any, ...]
    drafts: list[Draft] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    marks: dict[Mark, None] = field(default_factory=dict)
    outer: dict[tuple[Mark, bool], tuple[Mark, Mark]] = field(default_factory=dict)
    into: Group | None = None

    def fits(self, mark: Mark) -> bool:
        return mark in self.marks or all(slots.agree(mark, own) for ends in self.outer.values() for own in ends)

    def say(self, mark: Mark) -> None:
        self.marks[mark] = None
        said = mark._replace(about=""), bool(mark.about)
        first, last = self.outer.get(said, (mark, mark))
        self.outer[said] = (min(first, mark), max(last, mark))


class _Index:
    """Groups by scope, key and each beginning of their dates."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self._by_date: dict[tuple[Any, ...], dict[int, Group]] = {}
        self._same: dict[tuple[Any, ...], dict[str, Group]] = {}

    def add(self, draft: Draft) -> None:
        scope, keys, mark = slots.scope(draft), slots.keys(draft), slots.mark(draft)
        owner = draft.evidence.organization
        same = self._same.setdefault((scope, mark, owner), {})
        group = next((same[k] for k in sorted(keys) if k in same), None) or self._chosen(draft, scope, keys, mark)
        if group is None:
            group = Group(scope)
            self.groups.append(group)
        group.drafts.append(draft)
        same.update(dict.fromkeys(keys, group))
        if mark not in group.marks:
            group.say(mark)
            self._file(group, group.keys | keys, [mark])
        if not keys <= group.keys:
            self._file(group, keys - group.keys, group.marks)
            group.keys |= keys

    def _file(self, group: Group, keys: Iterable[str], marks: Iterable[Mark]) -> None:
        beginnings = {date[:length] for mark in marks for date in _dates(mark) for length in (*_PREFIXES, len(date))}
        for key in keys:
            for beginning in beginnings:
                self._by_date.setdefault((group.scope, key, beginning), {})[id(group)] = group

    def _chosen(self, draft: Draft, scope: tuple[Any, ...], keys: Iterable[str], mark: Mark) -> Group | None:
        near = {
            name: group
            for key in sorted(keys)
            for date in _dates(mark)
            for name, group in self._by_date.get((scope, key, date), {}).items()
        }
        fitting = [g for g in near.values() if g.fits(mark)]
        return fitting[0] if len(fitting) == 1 else _best(draft, mark, fitting) if fitting else None


def _dates(mark: Mark) -> tuple[str, ...]:
    return (mark.start, *dates.neighbours(mark.start)) if mark.ago and mark.start else (mark.start,)


def _best(draft: Draft, mark: Mark, fitting: list[Group]) -> Group | None:
    """Of several groups that fit: one that says just this; not one of two sides or of two episodes; else its own
    organisation's, else the one with most sources.
    """
    same = next((g for g in fitting if mark in g.marks), None)
    if same is not None:
        return same
    if not mark.side and len({m.side for g in fitting for m in g.marks if m.side}) > 1:
        return None
    passing = slots.passes(draft) or any(concepts.repeats(k) for k in draft.keys)
    if passing or slots.kind(draft) not in ("problem", "procedure", "family", "allergy"):
        return None
    own = [g for g in fitting if any(d.evidence.organization == draft.evidence.organization for d in g.drafts)]
    return own[0] if len(own) == 1 else max(fitting, key=lambda g: len(g.drafts))


def grouped(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Groups of drafts, each in the order of `drafts`; those with the most precise dates are compared first."""
    index = _Index()
    order = {id(d): n for n, d in enumerate(drafts)}
    for draft in sorted(drafts, key=lambda d: (-len(d.start or ""), order[id(d)])):
        index.add(draft)
    _refine(index.groups)
    _places(index.groups)
    found = [g for g in index.groups if g.into is None]
    return [sorted(g.drafts, key=lambda d: order[id(d)]) for g in found]


def _refine(groups: Sequence[Group]) -> None:
    """Broad words join the one kind of it that fits: narrower ones first, so that `CKD` finds one `CKD 3b`.

    One of the two must be free text or without a code that all understand: who codes both means both.
    """
    under: dict[tuple[Any, ...], list[Group]] = {}
    for group in groups:
        for above in {b for key in group.keys for b in concepts.with_refined(key) if b != key}:
            under.setdefault((group.scope, above), []).append(group)
    if not under:
        return
    wide = [g for g in groups if g.scope[1] in slots.REFINED and any((g.scope, k) in under for k in g.keys)]
    for group in sorted(wide, key=lambda g: -max((len(concepts.broader(k)) for k in g.keys), default=0)):
        near = {id(t): t for key in group.keys for g in under.get((group.scope, key), ()) for t in [_taken(g)]}
        fitting = [g for g in near.values() if g is not group and all(g.fits(m) for m in group.marks)]
        target = fitting[0] if len(fitting) == 1 else _dated_alike(group, fitting)
        if target is not None and (_worded(group) or _worded(target)):
            _join(group, target)


def _worded(group: Group) -> bool:
    return all(map(slots.worded, group.drafts))


def _taken(group: Group) -> Group:
    while group.into is not None:
        group = group.into
    return group


def _dated_alike(group: Group, fitting: list[Group]) -> Group | None:
    """Of several, the only one that has a date where the broad word has one too."""
    if not any(m.start for m in group.marks):
        return None
    dated = [g for g in fitting if any(m.start for m in g.marks)]
    return dated[0] if len(dated) == 1 else None


def _places(groups: Sequence[Group]) -> None:
    """A stay that a text dates by month or day is the one that its hospital sent, where the date fits just one."""
    stays = [g for g in groups if g.scope[1] == "encounter"]
    told = [g for g in stays if all(d.free for d in g.drafts) and all(map(_exact, g.marks))]
    if not told:
        return
    sent = [g for g in stays if not all(d.free for d in g.drafts) and any(m.start for m in g.marks)]
    for group in told:
        fitting = [g for g in sent if g.keys & group.keys and _may_be_at(group, g) and all(map(g.fits, group.marks))]
        if len(fitting) == 1:
            _join(group, fitting[0])


def _exact(mark: Mark) -> bool:
    return len(mark.start) >= _MONTH and not mark.ago


def _may_be_at(told: Group, sent: Group) -> bool:
    """Whether the hospital that the text names, if any, may be the one that sent the stay."""
    named = {str(d.group[0]) for d in told.drafts if d.group and d.group[0]}
    places = {d.evidence.organization for d in sent.drafts}
    return all(name in place or place in name or (place.endswith(name[-3:]) and len(name) <= 4)
               for name in named for place in places)  # fmt: skip


def _join(group: Group, target: Group) -> None:
    group.into = target
    target.drafts += group.drafts
    target.keys |= group.keys
    for mark in group.marks:
        target.say(mark)
