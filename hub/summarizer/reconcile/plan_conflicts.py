"""What is not to be done, and who orders or gives it now. That it was done before contradicts nothing."""

from __future__ import annotations

from collections.abc import Sequence

from hub.summarizer.items import Item
from hub.summarizer.reconcile.opposed import Opposed, by_key, crossed, keys


def forbidden(items: Sequence[Item]) -> list[Opposed]:
    """Between organisations: one that forbids what it ordered has changed its mind."""
    barred = [i for i in items if i.head.section == "plans" and i.head.assertion == "absent"]
    ordered = by_key(
        i for i in items if barred and i.head.assertion == "present" and i.head.status in ("active", "planned")
    )
    return [
        Opposed("assertion", "要与不可不一致", one, other)
        for other, one in crossed(barred, ordered, keys)
        if not one.organizations <= other.organizations
    ]
