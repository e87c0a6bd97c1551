"""Which fragments a later message of the same organisation corrected, completed or withdrew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.domain.fragments import corrects, keys, withdrawn
from hub.summarizer.evidence import Evidence

_PRELIMINARY = frozenset({"registered", "preliminary", "partial"})


def superseded(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Reason by fragment id, for those that no longer hold: they stay visible, out of the items.

    A correction or withdrawal supersedes what was said before under the same key; among several the one received last
    holds. A preliminary result gives way to any later one. A withdrawal itself states nothing.
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
            group.sort(key=_order)
            for index, earlier in enumerate(group):
                later = next((g for g in reversed(group[index + 1 :]) if _replaces(g, earlier)), None)
                if later:
                    reasons.setdefault(earlier.fragment.id, _reason(later))
    return reasons


def _order(one: Evidence) -> tuple[datetime, datetime]:
    return one.fragment.received_at, one.at


def _replaces(later: Evidence, earlier: Evidence) -> bool:
    if later.fragment.id == earlier.fragment.id or later.fragment.message_id == earlier.fragment.message_id:
        return False
    preliminary = earlier.resource.get("status") in _PRELIMINARY
    return corrects(later.resource) or (preliminary and later.resource != earlier.resource)


def _reason(later: Evidence) -> str:
    what = "withdrawn by" if withdrawn(later.resource) else "superseded by"
    return f"{what} message {later.fragment.message_id} of {later.fragment.received_at.isoformat()}"
