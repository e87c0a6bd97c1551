"""Conversion of HL7 v2 over everything in the corpora: nothing lost, nothing misplaced, everything valid FHIR."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.fhir import validation
from adapters.hl7v2 import charsets, files
from adapters.hl7v2.envelope import read_envelope, unreadable
from adapters.hl7v2.normalise import identified, normalise
from hub.domain.errors import Refused
from hub.domain.messages import Normalised
from tests.accounting import er7_leaves, unbalanced
from tests.conftest import CORPORA

MESSAGES = Path(__file__).parents[1] / "messages"
SHEETS = Path(__file__).parents[2] / "schemas" / "hl7v2"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
_encode = msgspec.json.Encoder(decimal_format="number").encode


def _convert(raw: bytes) -> Normalised | None:
    envelope, refusals = read_envelope(raw)
    if unreadable(refusals):
        return None
    try:
        return normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=NOW)
    except Refused:
        return None


@cache
def corpus() -> list[tuple[bytes, Normalised]]:
    """Each message of the corpora that converts, and what it became."""
    if not CORPORA.exists():
        pytest.skip("../shared/corpora is not here")
    listed = (CORPORA / "hl7v2" / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]
    paths = list(dict.fromkeys(CORPORA.joinpath("hl7v2", *line.split("\t")[:2]) for line in listed))
    paths += sorted((CORPORA / "reassembly-sample" / "inputs").rglob("*.hl7"))
    raws = [raw for path in paths for raw in files.split(path.read_bytes())]
    return [(raw, found) for raw in raws if (found := _convert(raw))]


def _resolve(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def test_every_supported_message_of_the_corpora_converts() -> None:
    kinds = {found.envelope.type for _, found in corpus()}
    assert len(corpus()) >= 409
    assert {"REF^I12", "ADT^A01", "ADT^A03", "ADT^A08", "ORU^R01", "MDM^T02", "RDE^O11", "PPR^PC1", "OMG^O19"} <= kinds


def test_each_leaf_is_mapped_or_unmapped_with_a_reason() -> None:
    for raw, found in corpus():
        assert list(unbalanced(er7_leaves(raw), found)) == []


def test_each_part_cites_the_whole_text_of_what_stands_in_it() -> None:
    for raw, found in corpus():
        leaves = er7_leaves(raw)
        for part in found.parts:
            assert _resolve(found.bundle, part.base) is part.resource
            for citation in part.citations:
                assert leaves[citation.path] == citation.text
                _resolve(part.resource, citation.target)


def test_every_part_knows_its_patient_and_when_it_was_recorded() -> None:
    known = [found for _, found in corpus() if found.patient_resource]
    assert len(known) > 300
    for found in known:
        assert found.patient_resource["resourceType"] == "Patient"
        for part in found.parts:
            assert part.patient is not None
            assert found.parts[part.patient].resource["resourceType"] == "Patient"
            assert part.recorded_at is not None and part.recorded_at.tzinfo is not None


def test_every_bundle_is_fhir_by_the_schema() -> None:
    faults = [fault for _, found in corpus() for fault in validation.check(found.bundle)]
    assert faults == []


def test_every_kind_of_message_is_fhir_by_the_models() -> None:
    chosen: dict[str, Normalised] = {}
    for _, found in corpus():
        chosen.setdefault(found.envelope.type, found)
    for found in chosen.values():
        assert validation.check_models(json.loads(_encode(found.bundle))) == ()


def test_no_reference_of_a_bundle_dangles() -> None:
    for _, found in corpus():
        urls = {entry["fullUrl"] for entry in found.bundle["entry"]}
        assert len(urls) == len(found.bundle["entry"])
        assert set(_references(found.bundle)) <= urls


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_converting_again_gives_the_same_bundle() -> None:
    for raw, found in corpus()[::10]:
        again = _convert(raw)
        assert again is not None
        assert _encode(again.bundle) == _encode(found.bundle)


_ODD = (
    "",
    '""',
    "^",
    "~",
    "&",
    "^^^",
    "周",
    "20241399",
    "1e400",
    "<5",
    "\\X0D\\",
    " ",
    "^甲^L",
    "&1.2.3&ISO",
    "\u3000",
)


def test_damaged_messages_are_refused_or_converted_without_loss() -> None:
    chance = random.Random(20260310)
    held = corpus()
    for _ in range(400):
        raw, _found = chance.choice(held)
        damaged = _damage(raw, chance)
        again = _convert(damaged)
        if again is None:
            continue
        assert list(unbalanced(er7_leaves(damaged), again)) == []
        assert validation.check(again.bundle) == ()


def _damage(raw: bytes, chance: random.Random) -> bytes:
    """The message with a few fields replaced, and a segment repeated."""
    envelope, _ = read_envelope(raw)
    text, name = charsets.decode(raw, envelope.charset, None)
    lines = [line for line in text.replace("\n", "\r").split("\r") if line]
    for _ in range(3):
        at = chance.randrange(1, len(lines)) if len(lines) > 1 else 0
        fields = lines[at].split("|")
        if at and len(fields) > 1:
            fields[chance.randrange(1, len(fields))] = chance.choice(_ODD)
            lines[at] = "|".join(fields)
    lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(lines[1:] or lines))
    return "\r".join(lines).encode(charsets.codec(name) or "utf-8", "replace")


def _rules() -> Iterator[tuple[str, str, str]]:
    documents = {"RF1": "referral", "PRD": "referral", "CTD": "referral", "AUT": "referral", "PRB": "problem"}
    for name in ("referral.csv", "medication-and-problem.csv"):
        for row in csv.DictReader((SHEETS / name).open(encoding="utf-8")):
            yield documents.get(row["field"][:3], "prescription"), row["field"], row["target"]


@pytest.mark.parametrize(("document", "field", "target"), list(_rules()))
def test_the_published_rule_is_what_is_done(document: str, field: str, target: str) -> None:
    raw = (MESSAGES / f"{document}-every-field.hl7").read_bytes()
    found = _convert(raw)
    assert found is not None
    number, _, component = field.partition(".")
    places = {
        _element(found.bundle, entry.target)
        for entry in found.ledger.mapped
        if _field(entry.path) == number and (not component or entry.path.endswith(f".{component}"))
    }
    assert any(place.startswith(target) for place in places), places


def _field(path: str) -> str:
    return path[:3] + "-" + path.partition("-")[2].partition("[")[0]


def _element(bundle: dict[str, Any], pointer: str) -> str:
    """`Task.status` of a pointer into the Bundle."""
    steps = pointer.split("/")[4:]
    kind = _resolve(bundle, "/".join(pointer.split("/")[:4]))["resourceType"]
    return ".".join([kind, *(step for step in steps if not step.isdigit())])


def test_what_names_no_patient_is_converted_but_not_filed() -> None:
    raw = b"MSH|^~\\&|LIS|B|C|D|2024||ORU^R01|1|P|2.5\rAL1|1||^dust\rOBX|1|NM|1^Glucose||5.1|||||F\r"
    found = _convert(raw)
    assert found is not None and found.ledger.mapped
    assert validation.check(found.bundle) == ()
    kinds = [entry["resource"]["resourceType"] for entry in found.bundle["entry"]]
    assert "Observation" in kinds and "AllergyIntolerance" in kinds and "Patient" not in kinds
    with pytest.raises(Refused, match=r"required-missing at PID\[1\]-3\[1\]"):
        identified(found)


def test_what_comes_before_the_patient_is_about_the_patient() -> None:
    raw = b"MSH|^~\\&|HIS|B|C|D|2024||ADT^A08|1|P|2.5\rDG1|1||I10^BP^I10\rPID|1||7^^^B^MR\r"
    found = _convert(raw)
    assert found is not None
    entries = {entry["resource"]["resourceType"]: entry for entry in found.bundle["entry"]}
    assert entries["Condition"]["resource"]["subject"] == {"reference": entries["Patient"]["fullUrl"]}


def test_messages_without_control_id_convert_each_to_resources_of_its_own() -> None:
    raw = b"MSH|^~\\&|HIS|B|C|D|2024||ADT^A08||P|2.5\rPID|1||7^^^B^MR\r"
    first, second = _convert(raw), _convert(raw.replace(b"7^", b"8^"))
    assert first is not None and second is not None
    assert "identifier" not in first.bundle and validation.check(first.bundle) == ()
    assert first.bundle["entry"][0]["fullUrl"] != second.bundle["entry"][0]["fullUrl"]


def test_a_bare_pid_gives_a_patient_of_whom_nothing_is_known_and_no_organisation_lives_at_home() -> None:
    raw = (
        b"MSH|^~\\&|LIS|B^2.1.5^ISO|C|D|2024||ORU^R01|1|P|2.5.1\rPID|1\rOBR|1|||1^Glucose\r"
        b"OBX|1|NM|1^Glucose||5.1||||||F||||||||||||Lab|1 Way^^Town^^^^H\r"
    )
    found = _convert(raw)
    assert found is not None
    resources = [entry["resource"] for entry in found.bundle["entry"]]
    [patient] = [r for r in resources if r["resourceType"] == "Patient"]
    assert "data-absent-reason" in patient["_birthDate"]["extension"][0]["url"]
    assert not any(a.get("use") for r in resources if r["resourceType"] == "Organization" for a in r.get("address", ()))
    assert "OBX[1]-24[1].7" in {unmapped.path for unmapped in found.ledger.unmapped}
    assert "urn:oid:2.1.5" not in str(found.bundle)
    with pytest.raises(Refused):
        identified(found)
