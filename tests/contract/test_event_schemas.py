"""Every event that the hub can make has a schema and an example; every file belongs to an event or a topic."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hub.domain.events import SCHEMA, TOPICS, Event
from hub.domain.referrals import TRANSITIONS
from hub.stream.topics import ORGANIZATION, declared

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
WITHOUT_TRANSITION = {
    "referral.requested",
    "referral.amended",
    "referral.cancellation-requested",
    "referral.cancellation-refused",
    "fragment.received",
    "patient.merged",
    "patient.separated",
    "record.ready",
    "dead-letter.parked",
}
TYPES = sorted({f"{name}.v1" for name in {t.event for t in TRANSITIONS} | WITHOUT_TRANSITION})


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


FILES = {path.name.removesuffix(".schema.json"): _load(path) for path in (SCHEMAS / "events").glob("*.schema.json")}


def _validator(type_: str) -> Any:
    return jsonschema_rs.validator_for(FILES[type_], validate_formats=True)


def _example(type_: str) -> dict[str, Any]:
    return _load(SCHEMAS / "examples" / f"{type_}.json")


@pytest.mark.parametrize("type_", TYPES)
def test_an_event_has_a_schema_and_its_example_is_valid(type_: str) -> None:
    example = _example(type_)
    assert [e.message for e in _validator(type_).iter_errors(example)] == []
    assert (example["type"], example["dataschema"]) == (type_, SCHEMA.format(type=type_))
    assert FILES[type_]["$id"] == example["dataschema"]


@pytest.mark.parametrize("type_", TYPES)
def test_a_schema_refuses_another_event_and_one_without_its_subject(type_: str) -> None:
    other = TYPES[TYPES.index(type_) - 1]
    assert not _validator(type_).is_valid(_example(other))
    assert not _validator(type_).is_valid({k: v for k, v in _example(type_).items() if k != "subject"})


@pytest.mark.parametrize("type_", [t for t in TYPES if t.startswith("referral.")])
def test_a_schema_carries_its_family_so_that_one_file_is_enough(type_: str) -> None:
    family = {name: value for name, value in FILES["referral.v1"].items() if name not in ("$id", "$schema")}
    assert FILES[type_]["$defs"] == {"referral.v1": family}


def test_an_example_is_what_the_domain_publishes() -> None:
    example = _example("referral.accepted.v1")
    event = Event(example["id"], example["type"], example["subject"], datetime.fromisoformat(example["time"]),
                  example["data"])  # fmt: skip
    assert event.cloudevent(int(example["sequence"])) == example


def test_no_file_is_left_over() -> None:
    families = {ref["$ref"].removeprefix("#/$defs/") for schema in FILES.values() for ref in schema.get("allOf", ())}
    assert set(FILES) == set(TYPES) | families
    assert {path.stem for path in (SCHEMAS / "examples").glob("*.json") if path.stem in TYPES} == set(TYPES)


def test_every_event_stands_in_its_topic_and_a_topic_names_no_other() -> None:
    for type_ in TYPES:
        assert type_ in declared()[TOPICS[type_.split(".", 1)[0]]].events
    assert {event for topic in declared().values() for event in topic.events} == set(TYPES)
    assert set(declared()) == set(TOPICS.values()) | {ORGANIZATION}


def test_an_organisation_has_one_order() -> None:
    assert declared()[ORGANIZATION].partitions == 1
