"""Which fragments a later message of the same organisation corrected, completed, withdrew or stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.domain.fragments import PRELIMINARY, corrects, discontinues, keys, withdrawn
from hub.summarizer.evidence import Evidence


def superseded(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Reason by fragment id, for those that no longer hold: they stay visible, out of the items.

    A correction or withdrawal supersedes what its sender said under the same key, in whatever order they arrive: only
    what was recorded after it holds beside it. Among several the one recorded last holds. A preliminary result gives
    way to any other. A withdrawal itself states nothing.
    """
    reasons: dict[str, str] = {}
    by_key: dict[tuple[str, str], list[Evidence]] = {}
    for one in evidence:
        if withdrawn(one.resource):
            reasons[one.fragment.id] = "withdrawn by its sender"
        for key in keys(one.resource):
            by_key.setdefault((one.organization, key), []).append(one)
    for group in by_key.values():
        if len(group) > 1:
            group.sort(key=_order, reverse=True)
            for earlier in group:
                later = next((g for g in group if _replaces(g, earlier)), None)
                if later:
                    reasons.setdefault(earlier.fragment.id, _reason(later))
    return reasons


def stopped(evidence: Sequence[Evidence]) -> dict[str, Evidence]:
    """What discontinues a medicine's order, by the order's fragment id: the medicine was taken until then."""
    stops = {(one.organization, key): one for one in evidence if discontinues(one.resource)
             for key in keys(one.resource)}  # fmt: skip
    found: dict[str, Evidence] = {}
    for order in evidence:
        if order.type == "MedicationRequest" and not discontinues(order.resource):
            stop = next((s for key in keys(order.resource) if (s := stops.get((order.organization, key)))), None)
            if stop and not _recorded_after(order, stop):
                found[order.fragment.id] = stop
    return found


def _order(one: Evidence) -> tuple[datetime, datetime]:
    return one.at, one.fragment.received_at


def _replaces(one: Evidence, other: Evidence) -> bool:
    if one.fragment.id == other.fragment.id or one.fragment.message_id == other.fragment.message_id:
        return False
    if corrects(one.resource) and one.type == "Encounter" and not withdrawn(one.resource):
        # The whole encounter as it stood then: what is "recorded" of it is the admission.
        return one.fragment.received_at > other.fragment.received_at
    if other.type == "MedicationRequest" and discontinues(one.resource):
        return False
    if corrects(one.resource):
        return _order(one) > _order(other) if corrects(other.resource) else not _recorded_after(other, one)
    if _preliminary(other) and one.resource != other.resource:
        return not _preliminary(one) or _order(one) > _order(other)
    return False


def _preliminary(one: Evidence) -> bool:
    return one.resource.get("status") in PRELIMINARY


def _recorded_after(one: Evidence, other: Evidence) -> bool:
    """Whether both say when they were recorded, and `one` later: a new statement after a correction or withdrawal."""
    mine, theirs = one.fragment.recorded_at, other.fragment.recorded_at
    return bool(mine and theirs and mine > theirs)


def _reason(later: Evidence) -> str:
    what = "withdrawn by" if withdrawn(later.resource) else "superseded by"
    return f"{what} message {later.fragment.message_id} of {later.fragment.received_at.isoformat()}"
