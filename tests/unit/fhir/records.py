"""Records of the contract for the tests of what is made of them."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from adapters.fhir.parsing import decode

SECTIONS = ("problems", "allergies", "medications", "results", "procedures", "immunizations", "encounters", "history",
            "plans")  # fmt: skip


def example() -> dict[str, Any]:
    """The example of the schema."""
    found: dict[str, Any] = decode(files("schemas").joinpath("record/continuous-record.v1.example.json").read_bytes())
    return found


def source(
    text: str, message: str = "M1", organization: str = "安和县人民医院", path: str = "OBX[1]-5[1]"
) -> dict[str, Any]:
    return {"fragment_id": f"f-{message}", "message_id": message, "organization": organization,
            "received_at": "2025-05-01T08:00:00+08:00", "recorded_at": None, "file": None,
            "location": {"kind": "hl7v2", "path": path, "start": 0, "end": len(text)}, "text": text}  # fmt: skip


def item(name: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    """An item; `more` are its fields of the contract."""
    return {"id": name, "kind": kind, "text": text, "code": None, "assertion": "present", "status": "unknown",
            "start": None, "end": None, "precision": "unknown", "value": None, "medication": None, "series": None,
            "sources": [source(text)], **more}  # fmt: skip


def value(number: Any = None, unit: str | None = None, text: str | None = None, **more: Any) -> dict[str, Any]:
    said = text if text is not None else str(number)
    return {"number": number, "unit": unit, "ucum": None, "low": None, "high": None, "interpretation": None,
            "text": said, **more}  # fmt: skip


def record(**sections: list[dict[str, Any]]) -> dict[str, Any]:
    """A record that holds these sections and nothing else."""
    return {**example(), "sections": {name: sections.get(name, []) for name in SECTIONS}, "brief": [], "timeline": [],
            "passages": [], "conflicts": [], "missing": [], "suggestions": [], "unplaced": []}  # fmt: skip
