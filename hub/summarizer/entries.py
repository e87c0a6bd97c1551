"""An item as it stands in the record: the contract's `item`, with its series, history and trend."""

from __future__ import annotations

from typing import Any

from hub.summarizer.drafts import precision
from hub.summarizer.items import Item, Point, Step


def entry(item: Item) -> dict[str, Any]:
    """The item of the record contract (JSON-like; numbers are int or Decimal)."""
    head = item.head
    medicine = head.kind == "medication"
    return {
        "id": item.id,
        "kind": head.kind,
        "text": item.text,
        "code": head.code,
        "assertion": head.assertion,
        "status": head.status,
        "start": head.start,
        "end": head.end,
        "precision": precision(head.start or head.end),
        "value": head.value,
        "medication": head.medication,
        "history": [_step(step) for step in item.history] if medicine else None,
        "duplicates": list(item.duplicates) if medicine else None,
        "series": [_point(point) for point in item.points if point.draft.value] if item.points else None,
        "trend": item.trend,
        "sources": list(item.sources),
    }


def _step(step: Step) -> dict[str, Any]:
    head, given = step.head, step.head.medication or {}
    return {
        "item_id": step.item,
        "status": head.status,
        **{name: given.get(name) for name in ("dose", "unit", "frequency")},
        "start": head.start,
        "end": head.end,
        "by": step.by or None,
        "reason": step.reason or None,
    }


def _point(point: Point) -> dict[str, Any]:
    value = point.draft.value or {}
    number, unit = point.converted or (None, None)
    return {
        "date": point.draft.start,
        "number": value["number"],
        "unit": value["unit"],
        "converted": {"number": number, "unit": unit} if point.converted else None,
        "low": value["low"],
        "high": value["high"],
        "interpretation": value["interpretation"],
        "organization": point.draft.evidence.organization,
        "flag": point.flag or None,
        "sources": list(point.sources),
    }
