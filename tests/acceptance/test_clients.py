"""Clients that nobody here wrote, against the real processes: python-hl7, HAPI, curl, kafka-python, kcat."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.acceptance.installation import Hub
from tests.acceptance.messages import referral
from tests.conftest import SHARED

HAPI = SHARED / "peers" / "hapi-hl7v2" / "send"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, kafka: str) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("clients") / "home", kafka)
    hub.tokens = {  # type: ignore[attr-defined]
        "town": hub.add("AT-TOWN", "甲镇卫生院", "clinic", "ATTOWN", charset="GB 18030-2000"),
        "city": hub.add("AT-CITY", "乙市医院", "hospital", "ATCITY"),
        "other": hub.add("AT-OTHER", "丙县医院", "hospital", "ATOTHER"),
    }
    ready = hub.start()
    assert ready["ready"] == "all"
    yield hub
    assert hub.stop() == 0


def token(hub: Hub, name: str) -> str:
    return hub.tokens[name]  # type: ignore[attr-defined, no-any-return]


def events(broker: str, topic: str, done: Any, seconds: float = 60) -> list[dict[str, Any]]:
    """What a plain kafka-python consumer reads of `topic` until `done(events)`."""
    consumer = KafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, 0)])
    found: list[dict[str, Any]] = []
    end = time.monotonic() + seconds
    while not done(found) and time.monotonic() < end:
        for records in consumer.poll(timeout_ms=200).values():
            found += [json.loads(record.value) for record in records]
    consumer.close()
    assert done(found), f"{len(found)} events of {topic}: {[e['type'] for e in found]}"
    return found


def of(found: list[dict[str, Any]], control_id: str) -> list[str]:
    ids = {e["data"]["referral_id"] for e in found if e["data"].get("control_id") == control_id}
    return [e["type"] for e in found if e["data"].get("referral_id") in ids]


def test_mllp_send_of_python_hl7_delivers_a_referral_in_gb18030(hub: Hub, kafka: str, tmp_path: Path) -> None:
    (tmp_path / "ref.hl7").write_bytes(referral("PY1", sender="ATTOWN", receiver="ATCITY"))
    sender = Path(sys.executable).with_name("mllp_send")
    done = subprocess.run(
        [sender, "--loose", "--file", tmp_path / "ref.hl7", "--port", str(hub.mllp_port), "127.0.0.1"],
        capture_output=True,
        timeout=30,
    )
    assert b"MSA|AA|PY1" in done.stdout, done.stdout + done.stderr
    found = events(kafka, "org.at-city.v1", lambda es: "record.ready.v1" in of(es, "PY1"))
    first = next(e for e in found if e["data"].get("control_id") == "PY1")
    assert first["type"] == "referral.requested.v1"
    assert (first["data"]["version"], first["data"]["sender"], first["data"]["receiver"]) == (1, "AT-TOWN", "AT-CITY")


@pytest.mark.skipif(not HAPI.exists(), reason="HAPI's client is not there")
def test_hapis_client_gets_application_and_commit_acknowledgements(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "aa.hl7").write_bytes(referral("HA1", sender="ATTOWN", receiver="ATCITY", number=8))
    (tmp_path / "again.hl7").write_bytes(referral("HA1", sender="ATTOWN", receiver="ATCITY", number=8))
    (tmp_path / "ca.hl7").write_bytes(referral("HA2", sender="ATTOWN", receiver="ATCITY", number=9, modes="AL|NE"))
    (tmp_path / "ae.hl7").write_bytes(referral("HA3", sender="ATTOWN", receiver="NOWHERE", number=9))
    (tmp_path / "ar.hl7").write_bytes(referral("HA4", sender="NOBODY", receiver="ATCITY", number=9))
    files = [str(tmp_path / f"{n}.hl7") for n in ("aa", "again", "ca", "ae", "ar")]
    done = subprocess.run([HAPI, "127.0.0.1", str(hub.mllp_port), "GB18030", *files], capture_output=True, timeout=60)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a.get("code") for a in answers] == ["AA", "AA", "CA", "AE", "AR"], answers
    assert answers[0]["ack"] == answers[1]["ack"]
    assert "204" in answers[3]["ack"]
    assert "204" in answers[4]["ack"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not there")
def test_curl_reads_moves_and_is_kept_out(hub: Hub, kafka: str) -> None:
    def curl(path: str, name: str | None, *arguments: str) -> tuple[int, str]:
        authorization = ["-H", f"Authorization: Bearer {token(hub, name)}"] if name else []
        done = subprocess.run(
            [
                "curl",
                "-sS",
                "-w",
                "\n%{http_code}",
                *authorization,
                *arguments,
                f"http://127.0.0.1:{hub.http_port}{path}",
            ],
            capture_output=True,
            text=True,
            timeout=30,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    hub.run("send", "--mllp", f"127.0.0.1:{hub.mllp_port}", str(_written(hub, "CU1")))
    requested = events(kafka, "org.at-city.v1", lambda es: of(es, "CU1"))
    referral_id = next(e["data"]["referral_id"] for e in requested if e["data"].get("control_id") == "CU1")
    assert curl(f"/fhir/Task/{referral_id}", None)[0] == 401
    assert curl(f"/fhir/Task/{referral_id}", "other")[0] == 404
    status, body = curl(f"/fhir/Task/{referral_id}", "city")
    task = json.loads(body)
    assert (status, task["status"], task["meta"]["versionId"]) == (200, "requested", "1")
    task["status"] = "accepted"
    put = ["-X", "PUT", "-H", "Content-Type: application/fhir+json", "-d", json.dumps(task)]
    assert curl(f"/fhir/Task/{referral_id}", "city", *put, "-H", 'If-Match: W/"7"')[0] == 412
    assert curl(f"/fhir/Task/{referral_id}", "town", *put, "-H", 'If-Match: W/"1"')[0] == 422
    assert curl(f"/fhir/Task/{referral_id}", "city", *put, "-H", 'If-Match: W/"1"')[0] == 200
    found = events(kafka, "org.at-town.v1", lambda es: "referral.accepted.v1" in of(es, "CU1"))
    versions = [e["data"]["version"] for e in found if e["data"]["referral_id"] == referral_id]
    assert versions == [1, 2, 3]
    events(kafka, "org.at-city.v1", lambda es: _record_of(es, referral_id, 3))
    status, body = curl(f"/referrals/{referral_id}/record", "city", "-H", "Accept: application/json")
    record = json.loads(body)
    assert (status, record["schema"], record["referral_id"]) == (200, "continuous-record/1", referral_id)
    assert any("青霉素" in item["text"] for item in record["sections"]["allergies"])
    assert curl(f"/referrals/{referral_id}/record", "other", "-H", "Accept: application/json")[0] == 404


@pytest.mark.skipif(not shutil.which("kcat"), reason="kcat is not there")
def test_kcat_follows_a_hospitals_topic_without_gaps(hub: Hub, kafka: str) -> None:
    hub.run("send", "--mllp", f"127.0.0.1:{hub.mllp_port}", str(_written(hub, "KC1")))
    events(kafka, "org.at-city.v1", lambda es: of(es, "KC1"))
    done = subprocess.run(
        ["kcat", "-C", "-b", kafka, "-t", "org.at-city.v1", "-o", "beginning", "-e", "-q", "-f", "%k %h %s\n"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
    values = [json.loads(value) for _, _, value in lines]
    assert {headers for _, headers, _ in lines} == {"content-type=application/cloudevents+json"}
    assert all(key == value["data"]["referral_id"] for (key, _, _), value in zip(lines, values, strict=True))
    assert [int(v["sequence"]) for v in values] == list(range(1, len(values) + 1))


def test_subscribe_prints_the_events_of_its_organisation(hub: Hub) -> None:
    hub.run("send", "--mllp", f"127.0.0.1:{hub.mllp_port}", str(_written(hub, "SU1")))
    lines = hub.run("subscribe", "--organization", "AT-TOWN", "--from-beginning", "--count", "1")
    assert lines[0]["data"]["sender"] == "AT-TOWN"


def test_messages_are_listed_and_shown_with_bytes_answer_bundle_and_ledger(hub: Hub) -> None:
    path = _written(hub, "ME1")
    hub.run("send", "--mllp", f"127.0.0.1:{hub.mllp_port}", str(path))
    listed = hub.run("messages", "list", "--control-id", "ME1")
    assert [(m["organization"], m["type"], m["status"]) for m in listed] == [("AT-TOWN", "REF^I12", "accepted")]
    shown = hub.run("messages", "show", listed[0]["id"])[0]
    assert "血糖控制不佳" in json.dumps(shown, ensure_ascii=False)
    assert shown["bundle"]["resourceType"] == "Bundle"
    assert shown["ledger"]["mapped"]


def _written(hub: Hub, control_id: str) -> Path:
    path = hub.home.parent / f"{control_id}.hl7"
    path.write_bytes(referral(control_id, sender="ATTOWN", receiver="ATCITY", number=sum(map(ord, control_id))))
    return path


def _record_of(found: list[dict[str, Any]], referral_id: str, version: int) -> bool:
    return any(
        e["type"] == "record.ready.v1" and e["data"]["referral_id"] == referral_id and e["data"]["version"] >= version
        for e in found
    )
