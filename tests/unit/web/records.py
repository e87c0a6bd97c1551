"""Records for tests of the record page, as the summarizer writes them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hub.store.connections import encode
from hub.web.record.model import View, view

ZONE = ZoneInfo("Asia/Shanghai")


def source(organization: str = "县医院", at: str = "2026-11-04T08:00:00+08:00", message: str = "m1",
           recorded_at: str | None = None, path: str = "OBX[1]-5[1]") -> dict[str, Any]:  # fmt: skip
    return {"fragment_id": f"f-{message}", "message_id": message, "organization": organization, "received_at": at,
            "recorded_at": recorded_at, "file": None, "text": "x",
            "location": {"kind": "hl7v2", "path": path, "start": 0, "end": 1}}  # fmt: skip


def item(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": name.partition("-")[0], "text": text, "code": None, "assertion": "present",
            "status": "unknown", "start": None, "end": None, "precision": "unknown", "value": None, "medication": None,
            "series": None, "sources": [source()], **more}  # fmt: skip


def value(text: str, unit: str | None = None, **more: Any) -> dict[str, Any]:
    return {"number": None, "unit": unit, "ucum": None, "low": None, "high": None, "interpretation": None,
            "text": text, **more}  # fmt: skip


def point(date: str | None, number: Any, unit: str | None = "umol/L", *sources: dict[str, Any]) -> dict[str, Any]:
    return {"date": date, "number": number, "unit": unit, "sources": list(sources) or [source()]}


def record(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Items go to the section that their id begins with; each that has a start stands in the timeline."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for one in items:
        sections.setdefault(one["id"].rpartition("-")[0], []).append(one)
    timeline = [{"date": i["start"], "precision": "day", "item_id": i["id"]} for i in items if i["start"]]
    organizations = list(dict.fromkeys(s["organization"] for i in items for s in i["sources"]))
    return {
        "schema": "continuous-record/1", "referral_id": None, "generated_at": "2026-11-22T10:00:00+00:00",
        "as_of": "2026-11-22", "model": {"name": "m", "revision": "1"}, "question": None,
        "patient": {"name": "王芳", "gender": "female", "birth_date": "1958-03-12", "identifiers": [], "sources": []},
        "messages": 1, "fragments": len(items), "organizations": organizations, "sections": sections,
        "brief": [], "timeline": sorted(timeline, key=lambda m: m["date"]), "passages": [], "conflicts": [],
        "missing": [], "suggestions": [], "unplaced": [], **more,
    }  # fmt: skip


def viewed(*items: dict[str, Any], **more: Any) -> View:
    return view(encode(record(*items, **more)).decode(), ZONE)
