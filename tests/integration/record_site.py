"""A people's site with a referral whose record cites an HL7 v2 message of a clinic, a FHIR one of another hospital."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from psycopg.types.json import Json
from uuid_utils import uuid7

from hub.domain.referrals import State
from tests.integration.people_site import PeopleSite, people_site

PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"
HL7 = (
    "MSH|^~\\&|HIS|CLINIC|HUB|HUB|20260501||REF^I12|M-77|P|2.5.1\r"
    "PID|1||1||陈桂英\r"
    "DG1|1||I10^高血压" + PAYLOAD.replace("&", "") + "^I10\r"
    "OBX|1|TX|N^病史||咳嗽\\T\\发热三天，无胸痛||||||F\r"
)
FHIR = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Condition", "code": {"text": f"糖尿病 {PAYLOAD}"}}},
        {"resource": {"resourceType": "Observation", "valueString": "SECRET OF ANOTHER ENTRY"}},
    ],
}


@dataclass
class RecordSite:
    """site: people; referral: of the clinic to the hospital, accepted; record: its whole record; messages: cited, by
    who sent them; uncited: a message of the clinic that no record cites."""

    site: PeopleSite
    patient: str
    referral: str
    record: str
    messages: dict[str, str] = field(default_factory=dict)
    uncited: str = ""

    def store(self, document: dict[str, Any], *, whole: bool = True, referral: str | None = None) -> str:
        """Store a record, the newest."""
        name, text = str(uuid7()), json.dumps(document)
        self.site.connection.execute(
            "INSERT INTO records (id, referral_id, version, whole, record, sha256, generated_at) "
            "VALUES (%s, %s, 1, %s, %s, %s, now())",
            (name, referral or self.referral, whole, Json(document), sha256(text.encode()).digest()),
        )
        self.site.connection.commit()
        return name

    def url(self, rest: str) -> str:
        return f"/referrals/{self.referral}/{rest}"

    def sources(self, query: str = "item=i1") -> str:
        return self.url(f"record/sources?record={self.record}&{query}")

    def document(self) -> dict[str, Any]:
        clinic, other = self.messages["clinic"], self.messages["other"]
        hypertension = "高血压" + PAYLOAD.replace("&", "")
        diabetes = f"糖尿病 {PAYLOAD}"
        first = _item("i1", "problem", hypertension, [_source(clinic, "Name of clinic", "hl7v2", "DG1[1]-3[1].2",
                                                              hypertension)])  # fmt: skip
        stated = _source(other, "Name of other", "fhir", "/entry/0/resource/code/text", diabetes)
        second = _item("i2", "problem", diabetes, [stated])
        both = _item("i3", "problem", "两家都说的", [first["sources"][0], second["sources"][0]])
        fever = _source(clinic, "Name of clinic", "hl7v2", "OBX[1]-5[1]", "咳嗽&发热三天")
        return {
            "schema": "continuous-record/1", "referral_id": self.referral, "generated_at": "2026-05-02T08:00:00+08:00",
            "as_of": "2026-05-02", "model": {"name": "m", "revision": "r"},
            "question": {"text": "要不要住院？", "sources": [fever]},
            "patient": {"name": "陈桂英", "gender": "female", "birth_date": "1958-03-12",
                        "identifiers": [{"system": "urn:oid:2.16.156.10011.1.3", "value": "990101195803120027"}],
                        "sources": [_source(clinic, "Name of clinic", "hl7v2", "PID[1]-5[1]", "陈桂英")]},
            "messages": 2, "fragments": 3, "organizations": ["Name of clinic", "Name of other"],
            "sections": {"problems": [first, second, both]},
            "brief": ["i1", "i2"], "timeline": [{"date": "2026-04-01", "precision": "day", "item_id": "i1"}],
            "passages": [{"text": "咳嗽&发热三天", "score": 0.9, "sources": [fever]}],
            "conflicts": [{"id": "conflict-1", "kind": "diagnosis", "item_ids": ["i1", "i2"], "text": "诊断不一致"}],
            "missing": [{"section": "allergies", "text": "未见过敏史"}],
            "suggestions": [],
            "unplaced": [{"text": "另一人", "reason": "another patient",
                          "sources": [_source(clinic, "Name of clinic", "hl7v2", "DG1[1]-3[1].1", "I10")]}],
        }  # fmt: skip


@contextmanager
def record_site(database: str) -> Iterator[RecordSite]:
    with people_site(database) as site:
        seeds = site.seeds
        patient = seeds.patient("陈桂英")
        referral = seeds.referral(site.clinic, site.hospital, patient, State.ACCEPTED)
        one = RecordSite(site, patient, referral, "")
        one.messages["clinic"] = seeds.message(site.clinic, raw=HL7.encode(), control_id="M-77")
        one.messages["other"] = seeds.message(site.other, raw=json.dumps(FHIR).encode(), control_id="F-1")
        one.uncited = seeds.message(site.clinic, raw=HL7.encode(), control_id="M-78")
        site.connection.execute(
            "UPDATE messages SET format = 'fhir', type = 'Bundle/collection' WHERE id = %s", (one.messages["other"],)
        )
        one.record = one.store(one.document())
        yield one


def _item(name: str, kind: str, text: str, sources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": name, "kind": kind, "text": text, "code": None, "assertion": "present", "status": "active",
            "start": "2026-04-01", "end": None, "precision": "day", "value": None, "medication": None, "series": None,
            "sources": sources}  # fmt: skip


def _source(message: str, organization: str, kind: str, path: str, text: str) -> dict[str, Any]:
    return {"fragment_id": f"f-{path}", "message_id": message, "organization": organization,
            "received_at": "2026-05-01T08:00:00+08:00", "recorded_at": "2026-04-30T10:00:00+08:00", "file": None,
            "location": {"kind": kind, "path": path, "start": 0, "end": len(text)}, "text": text}  # fmt: skip
