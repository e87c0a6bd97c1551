"""Cancels and action codes: what takes the place of what was sent before, by the record made of both messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.hl7v2.envelope import read_envelope
from adapters.hl7v2.normalise import normalise
from hub.domain.fragments import Fragment, discontinues
from hub.domain.messages import Normalised
from hub.summarizer.evidence import Evidence
from hub.summarizer.supersession import superseded

START = datetime(2026, 3, 10, 8, tzinfo=UTC)
PID = "PID|1||100^^^MR||Wang^Xiuying"
VISIT = f"PV1|1|I|WARD^1^1{'|' * 16}V1{'|' * 25}20260301080000"


def _told(event: str, *segments: str, hour: int = 0) -> Normalised:
    sent = f"202603{10 + hour}080000"
    head = f"MSH|^~\\&|HIS|CITY|||{sent}||ADT^{event}|{event}{hour}|P|2.5.1"
    raw = "\r".join([head, f"EVN||{sent}", PID, *segments, ""]).encode()
    envelope, refusals = read_envelope(raw)
    assert not refusals
    return normalise(raw, envelope, charset=None, timezone="Asia/Shanghai", received_at=START + timedelta(days=hour))


def _holding(kind: str, *messages: Normalised) -> list[dict[str, Any]]:
    """The resources of a kind that nothing supersedes, the messages received in this order."""
    evidence = [
        Evidence(Fragment(f"{n}-{m}", str(n), "", "CITY", START + timedelta(days=n), part.recorded_at, None, "hl7v2",
                          part.resource, part.citations))
        for n, message in enumerate(messages) for m, part in enumerate(message.parts)
        if part.resource["resourceType"] == kind
    ]  # fmt: skip
    gone = superseded(evidence)
    return [one.resource for one in evidence if one.fragment.id not in gone]


@pytest.mark.parametrize(("event", "told"), [("A11", "A01"), ("A38", "A05"), ("A27", "A14"), ("A23", "A01")])
def test_a_cancelled_encounter_supersedes_what_was_told_of_it(event: str, told: str) -> None:
    assert _holding("Encounter", _told(told, VISIT), _told(event, VISIT, hour=1)) == []


def test_after_a_cancelled_discharge_the_encounter_goes_on_until_the_next_one() -> None:
    admitted, discharged = _told("A01", VISIT), _told("A03", VISIT + "|20260309", hour=1)
    cancelled, again = _told("A13", VISIT + "|20260309", hour=2), _told("A03", VISIT + "|20260312", hour=3)
    [encounter] = _holding("Encounter", admitted, discharged, cancelled)
    assert encounter["status"] == "in-progress"
    held = _holding("Encounter", admitted, discharged, cancelled, again)
    assert [one["status"] for one in held] == ["in-progress", "finished"]


@pytest.mark.parametrize("event", ["A12", "A25", "A26", "A32", "A33", "A52", "A53", "A55"])
def test_a_cancelled_step_is_superseded_by_how_the_encounter_stands(event: str) -> None:
    [encounter] = _holding("Encounter", _told("A02", VISIT), _told(event, VISIT, hour=1))
    assert "extension" in encounter


@pytest.mark.parametrize("number", ["", "7^HIS"])
def test_an_allergy_is_updated_and_taken_back_by_its_action_code(number: str) -> None:
    def iam(action: str, severity: str, code: str = "P^Penicillin^L") -> str:
        return f"IAM|1|DA|{code}|{severity}||{action}|{number}"

    added = _told("A60", iam("A", "MI"), "IAM|2|DA|S^Sulfa^L|||A")
    updated, deleted = _told("A60", iam("U", "SV"), hour=1), _told("A60", iam("D", "SV"), hour=2)
    held = _holding("AllergyIntolerance", added, updated)
    assert [(one["code"]["coding"][0]["code"], one.get("criticality")) for one in held] == [("S", None), ("P", "high")]
    [sulfa] = _holding("AllergyIntolerance", added, updated, deleted)
    assert sulfa["code"]["coding"][0]["code"] == "S"


@pytest.mark.parametrize(("sent", "clinical", "verified"), [
    ("C", "active", "confirmed"), ("I", "inactive", "confirmed"), ("D", "active", "unconfirmed"),
    ("E", None, "entered-in-error"), ("", "active", None),
])  # fmt: skip
def test_an_allergy_is_as_certain_as_its_status_says(sent: str, clinical: str | None, verified: str | None) -> None:
    """Table 0438; an erroneous one is none any more, also where it was told before."""
    iam = "IAM|1|DA|P^Penicillin^L|SV||A|7^HIS||||||||||{}"
    found = _told("A60", iam.format(f"{sent}^x^HL70438" if sent else ""), hour=1)
    [allergy] = [part.resource for part in found.parts if part.resource["resourceType"] == "AllergyIntolerance"]
    told = [next((c["code"] for c in allergy.get(name, {}).get("coding", ())), None)
            for name in ("clinicalStatus", "verificationStatus")]  # fmt: skip
    assert told == [clinical, verified]
    held = _holding("AllergyIntolerance", _told("A60", iam.format("")), found)
    assert bool(held) is (sent != "E")


@pytest.mark.parametrize(("coded", "text"), [
    ("93000", "ECG"), ("93000^Electrocardiogram^C4", "ECG"), ("93000^^C4^^^^^^rest ECG", "rest ECG"), ("", "ECG"),
])  # fmt: skip
def test_a_procedure_is_described_in_words(coded: str, text: str) -> None:
    """Official map PR1[Procedure]: PR1-4 where PR1-3.9 is empty."""
    found = _told("A08", f"PR1|1||{coded}|ECG|20260301")
    [procedure] = [part.resource for part in found.parts if part.resource["resourceType"] == "Procedure"]
    assert procedure["code"]["text"] == text


@pytest.mark.parametrize(("sent", "status"), [("AV", "current"), ("ob", "superseded"), ("UN", "current")])
def test_a_document_is_as_available_as_it_says(sent: str, status: str) -> None:
    found = _told("A08", f"TXA|1|DS|TX|||||||||D1|||||AU||{sent}")
    [document] = [part.resource for part in found.parts if part.resource["resourceType"] == "DocumentReference"]
    assert document["status"] == status
    assert ("TXA[1]-19[1]" in {entry.path for entry in found.ledger.unmapped}) == (sent == "UN")


@pytest.mark.parametrize(("event", "more", "warned"), [
    ("A40", "", "MRG[1]-1[1]"), ("A45", "", "MRG[1]-1[1]"), ("A24", "", "PID[2]-3[1]"),
    ("A40", "MRG|7^^^MR", ""), ("A37", "PID|2||7^^^MR", ""), ("A06", "", ""), ("A29", "", ""), ("A08", "", ""),
])  # fmt: skip
def test_a_merge_that_names_nobody_is_told(event: str, more: str, warned: str) -> None:
    assert "".join(one.path for one in _told(event, more).warnings) == warned


def test_a_deleted_person_is_no_longer_active() -> None:
    assert _told("A29").patient_resource["active"] is False


@pytest.mark.parametrize(("told", "stops"), [
    ("DC|P1", True), ("OD|P1|F1", True), ("SC|P1|||DC", True),
    ("CA|P1", False), ("OC|P1|||CA", False), ("SC|P1|||IP", False),
])  # fmt: skip
def test_an_order_is_discontinued_by_its_control_or_its_status(told: str, stops: bool) -> None:
    [order] = [part.resource for part in _told("A08", f"ORC|{told}").parts if "intent" in part.resource]
    assert discontinues(order) is stops
