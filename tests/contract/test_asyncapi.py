"""The AsyncAPI document says what the topics and event schemas say, no more and no less, and is AsyncAPI 3.0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hub.domain.events import TOPICS
from hub.stream.producer import CONTENT_TYPE
from hub.stream.topics import ORGANIZATION, declared
from hub.web import asyncapi

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
OFFICIAL = Path(__file__).parent / "asyncapi" / "3.0.0.schema.json"
"""Of npm's @asyncapi/specs 6.11.1 (Apache-2.0)."""

WRITTEN: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text(encoding="utf-8"))
SERVED: dict[str, Any] = yaml.safe_load(asyncapi.whole())
MESSAGES: dict[str, Any] = WRITTEN["components"]["messages"]
ADDRESSES = {topic.replace("<code>", "{code}"): topic for topic in declared()}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _resolve(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


@pytest.mark.parametrize("document", [WRITTEN, SERVED], ids=["written", "served"])
def test_it_is_valid_by_the_official_schema(document: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(json.loads(OFFICIAL.read_bytes()))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert not validator.is_valid(document | {"channels": {"x": {"adress": "y"}}})


def test_every_topic_is_a_channel_with_its_events_and_nothing_else_is() -> None:
    channels = {ADDRESSES[channel["address"]]: channel for channel in WRITTEN["channels"].values()}
    assert channels.keys() == declared().keys() == set(TOPICS.values()) | {ORGANIZATION}
    for name, topic in declared().items():
        assert list(channels[name]["messages"]) == list(topic.events)
        assert channels[name]["description"].startswith(topic.description.split(",")[0])
        bindings = channels[name]["bindings"]["kafka"]
        assert bindings["partitions"] == topic.partitions
        assert bindings["topicConfiguration"]["retention.ms"] == topic.retention_days * 86_400_000
        assert bindings.get("topic", ORGANIZATION) == name


def test_every_event_schema_is_a_message_with_its_example_and_nothing_else_is() -> None:
    files = {path.name.removesuffix(".schema.json") for path in (SCHEMAS / "events").glob("*.schema.json")}
    families = {"referral.v1"}
    assert set(MESSAGES) == files - families
    for name, message in MESSAGES.items():
        assert message["name"] == name
        assert message["payload"] == {"$ref": f"./events/{name}.schema.json"}
        assert message["examples"] == [{"name": name, "payload": {"$ref": f"./examples/{name}.json"}}]


def test_every_channel_is_written_by_the_hub_and_only_what_the_worker_reads_is_read() -> None:
    written = [o["channel"]["$ref"] for o in WRITTEN["operations"].values() if o["action"] == "send"]
    read = [o["channel"]["$ref"] for o in WRITTEN["operations"].values() if o["action"] == "receive"]
    assert sorted(written) == sorted(f"#/channels/{name}" for name in WRITTEN["channels"])
    assert read == ["#/channels/referrals", "#/channels/fragments"]


def test_headers_and_keys_are_those_that_are_sent() -> None:
    for trait in WRITTEN["components"]["messageTraits"].values():
        sent = {name: {"const": value.decode()} for name, value in CONTENT_TYPE}
        assert trait["headers"]["properties"] == sent
        assert trait["contentType"] == WRITTEN["defaultContentType"] == sent["content-type"]["const"]
        assert trait["bindings"]["kafka"]["key"]["format"] == "uuid"
    for name, message in MESSAGES.items():
        (trait,) = message["traits"]
        said = _resolve(WRITTEN, trait["$ref"])["bindings"]["kafka"]["key"]["description"]
        key = declared()[TOPICS[name.split(".")[0]]].key
        assert key.split()[0] in said.lower()


def test_every_reference_leads_somewhere() -> None:
    for reference in _references(WRITTEN):
        assert _resolve(WRITTEN, reference) if reference.startswith("#/") else (SCHEMAS / reference).is_file()
    for reference in _references(SERVED):
        assert _resolve(SERVED, reference)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_served_document_is_enough_to_judge_an_event(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": SERVED["components"]}
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    (example,) = SERVED["components"]["messages"][name]["examples"]
    assert validator.is_valid(example["payload"])
    assert not validator.is_valid({**example["payload"], "type": "another.v1"})


def test_it_is_served_to_everybody() -> None:
    app = FastAPI()
    app.include_router(asyncapi.router())
    answer = TestClient(app).get("/asyncapi.yaml")
    assert (answer.status_code, answer.headers["content-type"]) == (200, asyncapi.MEDIA_TYPE)
    assert yaml.safe_load(answer.text)["asyncapi"] == "3.0.0"
