"""Messages with a script in every text that the hub takes; what it refuses there is left as it was."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from adapters.fhir.normalise import normalise as normalise_fhir
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise
from hub.domain.errors import Refused
from hub.domain.patients import valid_national_identifier

PAYLOAD = "<script>window.xss=1</script>\"'><img src=x onerror=window.xss=1>"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
_TELLS_WHO = frozenset({"QINGLIN", "YUNLING", "JIANGZHOU", "MR", "NI", "MPS", "RP", "RT", "CHN", "I10", "LN", "WC"})
_PLAIN_KEYS = frozenset(
    {"text", "display", "value", "name", "given", "family", "line", "city", "district", "state", "postalCode", "code",
     "comment", "description", "title", "unit", "authorString", "valueString"}
)  # fmt: skip
_FIELD = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\]-(\d+)")


def hl7v2(text: str) -> tuple[str, int]:
    """The message with the payload after every component, and how many hold it. text: segments end with CR."""
    lines = [line.split("|") for line in text.strip("\r").split("\r")]
    poisoned = [line if line[0] == "MSH" else [line[0], *map(_field, line[1:])] for line in lines]
    for _ in range(60):
        message = "\r".join("|".join(line) for line in poisoned) + "\r"
        faults = _faults(message)
        if not faults:
            return message, message.count(PAYLOAD)
        for segment, occurrence, field in faults:
            at = [n for n, line in enumerate(lines) if line[0] == segment][occurrence - 1]
            if field < len(lines[at]):
                poisoned[at][field] = lines[at][field]
    raise AssertionError(f"refused without the payload as well: {faults}")


def _field(value: str) -> str:
    return "~".join("^".join(map(_component, one.split("^"))) for one in value.split("~"))


def _component(value: str) -> str:
    kept = value in _TELLS_WHO or value.startswith("HL7") or valid_national_identifier(value) or len(value) < 2
    return value if kept else value + PAYLOAD


def _faults(text: str) -> list[tuple[str, int, int]]:
    raw = text.encode()
    try:
        normalise(raw, read_envelope(raw)[0], charset="UNICODE UTF-8", timezone="Asia/Shanghai", received_at=NOW)
    except Refused as refused:
        found = [_FIELD.search(refusal.path) for refusal in refused.refusals]
        assert all(found), [refusal.path for refusal in refused.refusals]
        return [(m[1], int(m[2]), int(m[3])) for m in found if m]
    return []


def fhir(document: Any, *, check: bool = True) -> tuple[Any, int]:
    """The document with the payload in every free text, code and number of its own, and how many hold it."""
    poisoned = _poison(json.loads(json.dumps(document)), "")
    if check:
        raw = json.dumps(poisoned, ensure_ascii=False).encode()
        normalise_fhir(raw, timezone="Asia/Shanghai", received_at=NOW)
    return poisoned, sum(1 for _ in _held(poisoned))


def _poison(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        ours = str(value.get("system", "")).startswith(("urn:referral-hub", "http://terminology.hl7.org"))
        return {k: v if ours or (k == "type" and isinstance(v, str)) else _poison(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_poison(one, key) for one in value]
    if key == "data":
        return base64.b64encode(base64.b64decode(value) + PAYLOAD.encode()).decode()
    if key in _PLAIN_KEYS and isinstance(value, str) and not valid_national_identifier(value):
        return value + PAYLOAD
    return value


def _held(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _held(one)
    elif isinstance(value, str) and PAYLOAD in value:
        yield value
