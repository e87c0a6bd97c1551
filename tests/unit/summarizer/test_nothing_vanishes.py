"""Whatever is sent: each fragment is in an item, a passage, the patient or unplaced, and each source is true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.domain.fragments import Fragment

NAMES = [
    "高血压",
    "原发性高血压",
    "痛风",
    "青霉素",
    "否认药物过敏史",
    "缬沙坦",
    "肌酐",
    "左肾囊肿",
    "右肾囊肿",
    "阑尾切除术",
    "",
]
DATES = ["2024", "2024-05", "2024-05-01", "2025-01-01T07:30:00+08:00"]
STATUS = ["final", "active", "completed", "stopped", "entered-in-error", "preliminary", "amended", "unknown"]


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    code: dict[str, Any] = {"text": draw(st.sampled_from(NAMES))}
    if draw(st.booleans()):
        code["coding"] = [{"system": draw(st.sampled_from(["http://loinc.org", "urn:x"])), "code": "1-2"}]
    when = draw(st.sampled_from(DATES))
    quantity = {"value": draw(st.integers(1, 9)), "unit": draw(st.sampled_from(["mg", "g", "mmol/L"]))}
    kind = draw(st.sampled_from(sorted(_BODIES)))
    common = {"resourceType": kind, "id": "x", "status": draw(st.sampled_from(STATUS))}
    if draw(st.booleans()):
        common["identifier"] = [{"system": "urn:n", "value": draw(st.sampled_from("12"))}]
    return {**common, **_BODIES[kind](code, when, quantity, draw)}


def _value(code: dict[str, Any], when: str, quantity: dict[str, Any], draw: st.DrawFn) -> dict[str, Any]:
    value = draw(
        st.sampled_from([{"valueQuantity": quantity}, {"valueString": "阴性"}, {"valueString": "未见异常。"}, {}])
    )
    return {"code": code, "effectiveDateTime": when, **value}


_BODIES: dict[str, Callable[..., dict[str, Any]]] = {
    "Condition": lambda code, when, _, draw: {"code": code, "onsetDateTime": when, "note": [{"text": "近来加重。"}]},
    "AllergyIntolerance": lambda code, when, _, draw: {"code": code},
    "Observation": _value,
    "MedicationRequest": lambda code, when, quantity, draw: {
        "medicationCodeableConcept": code,
        "dosageInstruction": [{"text": "QD", "doseAndRate": [{"doseQuantity": quantity}]}],
    },
    "MedicationAdministration": lambda code, when, quantity, draw: {
        "medicationCodeableConcept": code, "effectiveDateTime": when, "dosage": {"dose": quantity}
    },
    "Procedure": lambda code, when, _, draw: {"code": code, "performedDateTime": when},
    "Immunization": lambda code, when, _, draw: {"vaccineCode": code, "occurrenceDateTime": when},
    "Encounter": lambda code, when, _, draw: {"class": {"code": "IMP"}, "period": {"start": when}},
    "DiagnosticReport": lambda code, *_: {"code": code, "conclusion": "未见占位。"[: len(code["text"])]},
    "ServiceRequest": lambda code, when, _, draw: {"code": {"text": "肺功能检查"}},
    "CarePlan": lambda code, when, _, draw: {"title": draw(st.sampled_from(["随访", ""]))},
    "ClinicalImpression": lambda code, when, _, draw: {"summary": draw(st.sampled_from(["好转。", ""]))},
    "NutritionOrder": lambda code, when, _, draw: {},
}  # fmt: skip


@pytest.fixture(scope="session")
def schema() -> jsonschema_rs.Validator:
    from importlib.resources import files

    text = (files("schemas.record") / "continuous-record.v1.schema.json").read_text("utf-8")
    return jsonschema_rs.validator_for(msgspec.json.decode(text))


def placed(record: dict[str, Any]) -> set[str]:
    """The fragments that stand somewhere in a record."""
    items = [i for section in record["sections"].values() for i in section]
    holders = [*items, *record["passages"], *record["unplaced"], record["patient"]]
    return {s["fragment_id"] for holder in holders for s in holder["sources"]}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(resources(), st.sampled_from("AB"), st.integers(0, 3)), max_size=8))
def test_no_fragment_vanishes_and_every_source_is_true(
    record: Any, make: Any, schema: jsonschema_rs.Validator, sent: list[tuple[dict[str, Any], str, int]]
) -> None:
    fragments: list[Fragment] = [
        make(resource, organization=organization, message_id=f"M{day}",
             received_at=datetime(2025, 5, 1, tzinfo=UTC) + timedelta(days=day))
        for resource, organization, day in sent
    ]  # fmt: skip
    made = record(*fragments, question="能否继续用药？")
    schema.validate(msgspec.json.decode(msgspec.json.encode(made)))
    assert placed(made) == {f.id for f in fragments}
    cited = {(f.id, c.path): c.text for f in fragments for c in f.citations}
    items = [i for section in made["sections"].values() for i in section]
    for holder in [*items, *made["passages"], *made["unplaced"]]:
        for source in holder["sources"]:
            location = source["location"]
            whole = cited[source["fragment_id"], location["path"]]
            assert source["text"] == whole[location["start"] : location["end"]]
    ids = {i["id"] for i in items}
    assert len(ids) == len(items)
    assert set(made["brief"]) <= ids
    assert {i for c in made["conflicts"] for i in c["item_ids"]} <= ids
    assert {t["item_id"] for t in made["timeline"]} <= ids
