"""The messages of the corpora that have an expected FHIR output, and what this project makes of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from adapters.hl7v2 import files
from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise
from hub.domain.errors import Refused

NO_OUTPUT = frozenset({"java-asserts", "roundtrip-hl7"})
"""Kinds of expectation that hold no FHIR."""
_FHIR = "{http://hl7.org/fhir}"

Resource = dict[str, Any]


class Case(NamedTuple):
    """family: MSH-9.1; source: whose output was expected; message: its text in lower case; expected, ours:
    resources (ours none where it is refused)."""

    name: str
    family: str
    source: str
    message: str
    expected: list[Resource]
    ours: list[Resource]


def cases(folder: Path) -> Iterator[Case]:
    """folder: hl7v2 of the corpora."""
    with folder.joinpath("MANIFEST.tsv").open(encoding="utf-8") as manifest:
        rows = [row for row in csv.DictReader(manifest, delimiter="\t") if row["gold"]]
    for row in rows:
        if row["gold_kind"] not in NO_OUTPUT:
            home = folder / row["source"]
            raw = files.split((home / row["file"]).read_bytes())[int(row["message_index"])]
            gold = home / row["gold"].partition("#")[0]
            text = raw.decode("utf-8", "replace").casefold().replace("\r", "\n")
            yield Case(row["file"], row["type"], row["gold_kind"], text, expected(gold), converted(raw))


def converted(raw: bytes) -> list[Resource]:
    envelope, refusals = read_envelope(raw)
    if refusals:
        return []
    try:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        bundle = normalise(raw, envelope, charset=None, timezone="UTC", received_at=now).bundle
    except Refused:
        return []
    return [{"resourceType": "Bundle", "timestamp": bundle["timestamp"]}, *_resources(bundle)]


def expected(path: Path) -> list[Resource]:
    """A Bundle, a list of resources or one, JSON or XML."""
    text = path.read_text(encoding="utf-8-sig")
    return _resources(_from_xml(ElementTree.fromstring(text)) if text.startswith("<") else json.loads(text))


def _resources(found: Any) -> list[Resource]:
    if isinstance(found, list):
        return list(found)
    if found["resourceType"] != "Bundle":
        return [found]
    entries = found["entry"] if isinstance(found["entry"], list) else [found["entry"]]
    return [entry["resource"] for entry in entries if "resource" in entry]


def _from_xml(element: ElementTree.Element) -> Any:
    """FHIR XML in the shape of FHIR JSON, values as strings."""
    name = element.tag.removeprefix(_FHIR)
    made: dict[str, Any] = {"resourceType": name} if name[0].isupper() else {}
    for child in element:
        key = child.tag.removeprefix(_FHIR)
        value = child.get("value") if "value" in child.attrib else _from_xml(child)
        if key == "resource":
            value = _from_xml(child[0])
        made[key] = [*made[key], value] if isinstance(made.get(key), list) else [value]
    return {key: value if key == "resourceType" or len(value) > 1 else value[0] for key, value in made.items()}
