"""Other numbers of one moment, other findings of one day, and blood groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hub.summarizer.drafts import Draft
from hub.summarizer.items import Item
from hub.summarizer.reconcile import dates, slots
from hub.summarizer.reconcile.opposed import Opposed, by_key, pairs

_SIGNS = ("+", "-")
_DAY = 10


def measurements(items: Sequence[Item]) -> list[Opposed]:
    """Each disputed measurement beside the one of the series that it contradicts."""
    disputed = [i for i in items if i.disputes]
    wanted = {i.disputes for i in disputed}
    series = {i.id: (i, _by_day(i.drafts)) for i in items if i.id in wanted}
    found = []
    for item in disputed:
        whole, days = series[item.disputes or ""]
        rivals = _rivals(days.get(dates.day(item.head.start)) or [whole.head], item.head.start)
        mine = replace(whole, text=_measured(rivals[0]), drafts=tuple(rivals))
        found.append(Opposed("result", "同一时间检验结果不一致", mine, replace(item, text=_measured(item.head))))
    return found


def _by_day(drafts: Iterable[Draft]) -> dict[str, list[Draft]]:
    days: dict[str, list[Draft]] = {}
    for draft in drafts:
        days.setdefault(dates.day(draft.start), []).append(draft)
    return days


def _rivals(drafts: Sequence[Draft], moment: str | None) -> list[Draft]:
    """All that say the other number of the moment, of the day where none has the moment."""
    one = next((d for d in drafts if d.start == moment), drafts[0])
    number = (one.value or {}).get("number")
    return [one, *(d for d in drafts if d is not one and (d.value or {}).get("number") == number)]


def _measured(draft: Draft) -> str:
    value = draft.value or {}
    return " ".join(str(part) for part in (draft.name, value.get("text"), value.get("unit"), draft.start) if part)


def qualitative(items: Sequence[Item]) -> list[Opposed]:
    """Positive here, negative there, of one day."""
    signed = [i for i in items if i.head.kind == "result" and not i.points and len(i.head.start or "") >= _DAY
              and not slots.is_blood_group(i.head) and slots.outcome(i.head) in _SIGNS]  # fmt: skip
    return [
        Opposed("result", "同一时间检验结果不一致", a, b)
        for a, b in pairs(by_key(signed))
        if slots.outcome(a.head) != slots.outcome(b.head)
        and dates.day(a.head.start) == dates.day(b.head.start)
        and not a.organizations & b.organizations
    ]


def blood_groups(items: Sequence[Item]) -> list[Opposed]:
    groups = [i for i in items if i.head.value and slots.is_blood_group(i.head)]
    return [Opposed("blood-group", "血型不一致", a, b) for a, b in pairs(by_key(groups)) if _other_group(a, b)]


def _other_group(a: Item, b: Item) -> bool:
    """Whether ABO or Rh group differ, of those that both say; words that are neither must be equal."""
    mine, theirs = (slots.blood_group(str((i.head.value or {}).get("text") or "")) for i in (a, b))
    if not mine or not theirs:
        return slots.outcome(a.head) != slots.outcome(b.head)
    abo = [next((g for g in groups if not g.startswith("Rh")), "") for groups in (mine, theirs)]
    rhesus = [next((g for g in groups if g.startswith("Rh")), "") for groups in (mine, theirs)]
    return any(x and y and x != y for x, y in (abo, rhesus))
