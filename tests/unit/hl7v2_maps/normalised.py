"""What unit tests of the maps begin with: a message as FHIR, and what they look for in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.fhir import validation
from adapters.hl7v2.envelope import read_envelope, unreadable
from adapters.hl7v2.normalise import normalise
from adapters.hl7v2.outbound.values import written
from adapters.hl7v2.outbound.writer import drawn
from hub.domain.delivery import Outbound
from hub.domain.messages import Normalised

NOW = datetime(2026, 3, 10, 9, 16, tzinfo=UTC)


def normalised(segments: Iterable[str], codec: str = "utf-8", at: datetime = NOW) -> Normalised:
    """The segments as one message, received at that time; what it becomes is FHIR."""
    raw = ("\r".join(segments) + "\r").encode(codec)
    envelope, refusals = read_envelope(raw)
    assert unreadable(refusals) == ()
    found = normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=at)
    assert validation.check(found.bundle) == ()
    return found


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment of few of its many fields."""
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def all_of(found: Normalised, kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in found.bundle["entry"] if e["resource"]["resourceType"] == kind]


def one_of(found: Normalised, kind: str) -> dict[str, Any]:
    (resource,) = all_of(found, kind)
    return resource


def referred(found: Normalised, reference: dict[str, Any]) -> dict[str, Any]:
    (resource,) = [e["resource"] for e in found.bundle["entry"] if e["fullUrl"] == reference["reference"]]
    return resource


def read(kind: str, version: str, *segments: str) -> Normalised:
    """The segments behind an MSH of that kind and version."""
    head = rf"MSH|^~\&|HIS|ZSWSY|REFHUB|TERT|20260310091500+0800||{kind}|C1|P|{version}||||||UNICODE UTF-8"
    return normalised([head, *segments])


def sent_back(found: Normalised, kind: str, version: str) -> list[str]:
    """The segments, without MSH, by which a receiver of that version is told the same."""
    message = Outbound(kind, found.bundle, "B1", NOW, version, "UNICODE UTF-8", ("HUB", "HUB"), ("HIS", "H"),
                       timezone="Asia/Shanghai")  # fmt: skip
    made, faults = drawn(message)
    assert faults == []
    return [written(segment) for segment in made[1:]]


def names(lines: list[str]) -> str:
    return " ".join(line[:3] for line in lines)
