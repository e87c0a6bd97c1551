"""The messages of a referral's whole story, written by the adapter, at HAPI's server: both dialects, both sides."""

from __future__ import annotations

import json

import psycopg
from hl7apy.core import Message
from hl7apy.parser import parse_message

from adapters.hl7v2.outbound.writer import write
from tests.integration.delivery_site import Receiver, delivering, destination, listening, place, settled
from tests.integration.fhir_site import Site, referral
from tests.integration.streams import eventually
from tests.integration.test_delivery_receivers import hapi

REF = ["REF^I12", "REF^I13", "REF^I12", "REF^I14", "REF^I12"]
OMG = ["OMG^O19"] * 5
TO_SENDER = ["SIU^S12", "SIU^S26", "SIU^S12", "MDM^T02", "ORU^R01"]


def story(site: Site) -> tuple[str, str, str]:
    """One referral to its outcome, one cancelled, one that is asked back: their ids."""
    one = site.refer("R-1", control="C-1")
    site.request("POST", "/$process-message", "TOWN", referral("R-1", event="referral-amend", control="C-2"))
    text = {"attachment": {"contentType": "text/plain", "data": "5L2P6Zmi"}}
    letter = {"attachment": {"contentType": "application/pdf", "data": "JVBERi0xLjQ=", "title": "出院小结"}}
    outcome = {"resourceType": "DocumentReference", "id": "o", "status": "current", "content": [text, letter]}
    plan = {"resourceType": "CarePlan", "id": "p", "status": "active", "intent": "plan", "title": "随访计划",
            "description": "两周后复查", "subject": site.task(one)["for"]}  # fmt: skip
    code = {"coding": [{"system": "http://loinc.org", "code": "2160-0", "display": "肌酐"}]}
    value = {"value": 133, "unit": "umol/L", "system": "http://unitsofmeasure.org", "code": "umol/L"}
    result = {"resourceType": "Observation", "id": "k", "status": "final", "code": code, "valueQuantity": value}
    named = [{"type": {"text": "x"}, "valueReference": {"reference": f"#{name}"}} for name in "okp"]
    steps: list[tuple[str, str | None, dict[str, object]]] = [
        ("accepted", None, {}),
        ("accepted", "scheduled", {"executionPeriod": {"start": "2026-12-01T09:00:00+08:00"}}),
        ("accepted", "no-show", {}),
        ("accepted", "scheduled", {"executionPeriod": {"start": "2026-12-02T09:00:00+08:00"}}),
        ("completed", "outcome-sent", {"contained": [outcome, result, plan], "output": named}),
    ]
    for status, business, elements in steps:
        assert site.move(one, "CITY", status, business, **elements).status_code == 200
    two = site.refer("R-2", control="C-3")
    site.request("POST", "/$process-message", "TOWN", referral("R-2", event="referral-cancel", control="C-4"))
    asked = {"statusReason": {"text": "请补充肌酐"}}
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "李", "given": ["娜"]}]}
    three = site.refer("R-3", control="C-5", contained=[doctor], requester={"reference": "#d"})
    assert site.move(three, "CITY", "received", "awaiting-information", **asked).status_code == 200
    return one, two, three


def kinds(url: str, organization: str, name: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT d.kind FROM deliveries d JOIN destinations t ON t.id = d.destination_id"
            " JOIN organizations o ON o.id = t.organization_id"
            " WHERE o.code = %s AND t.name = %s AND d.status = 'delivered' ORDER BY d.id",
            (organization, name),
        )
        return [kind for (kind,) in rows]


def sent(messages: list[bytes], kind: str) -> list[Message]:
    """Those of a kind, as hl7apy reads them by their structure."""
    texts = [message.decode() for message in messages if f"|{kind}^" in message.decode()]
    return [parse_message(text, find_groups=False) for text in texts]


def told(message: Message, segment: str, field: int) -> list[str]:
    """A field of every segment of a name, its repetitions as sent."""
    found = (getattr(one, f"{segment.lower()}_{field}") for one in getattr(message, segment.lower()))
    return ["~".join(repetition.to_er7() for repetition in one) for one in found]


def test_each_message_says_what_happened_to_which_referral(site: Site) -> None:
    with listening(Receiver()) as city, listening(Receiver()) as town, delivering(site.url, write):
        for code, receiver in (("CITY", city), ("TOWN", town)):
            destination(site, f"127.0.0.1:{receiver.port}", code)
        one, *_ = story(site)
        place(site.url)
        eventually(lambda: settled(site.url, 12))
    ours, hubs = "R-1^^urn:town:referrals^URI", f"{one}^^urn:referral-hub:referral^URI"
    opened, _, third = sent(city.received, "REF^I12")
    assert (told(opened, "RF1", 6), told(opened, "RF1", 11)) == ([ours], [hubs])
    assert told(opened, "DG1", 4) == ["2型糖尿病"]
    assert [role[:2] for role in told(opened, "PRD", 1)] == ["RP", "RT"]
    assert [role[:2] for role in told(third, "PRD", 1)] == ["RP", "RP", "RT"]
    assert [*filter(None, told(third, "PRD", 2))] == ["李^娜"]
    number = "110105195603040024^^^&2.16.156.10011.1.3&ISO^NNCHN"
    assert number in told(opened, "PID", 3)[0].split("~")
    assert told(opened, "PID", 3)[0].split("~")[0].endswith("^PI")
    [changed], [cancelled] = sent(city.received, "REF^I13"), sent(city.received, "REF^I14")
    assert told(changed, "RF1", 6) == [ours]
    assert told(cancelled, "RF1", 1) == ["R^Rejected^HL70283"]
    accepted, asked = sent(town.received, "RRI^I12")
    assert (told(accepted, "RF1", 1), told(asked, "NTE", 3)) == (["A^Accepted^HL70283"], ["请补充肌酐"])
    booked, rebooked = sent(town.received, "SIU^S12")
    [missed] = sent(town.received, "SIU^S26")
    for message, day, status in ((booked, "01", "BOOKED"), (missed, "01", "NOSHOW"), (rebooked, "02", "BOOKED")):
        assert told(message, "SCH", 11) == [f"^^^202612{day}090000+0800"]
        assert (told(message, "SCH", 26), told(message, "SCH", 27)) == ([ours], [hubs])
        assert told(message, "SCH", 25) == [status]
    [letter] = sent(town.received, "MDM^T02")
    assert (told(letter, "TXA", 14), told(letter, "TXA", 15)) == ([ours], [hubs])
    assert list(zip(told(letter, "OBX", 2), told(letter, "OBX", 5), strict=True)) == [
        ("TX", "住院"), ("ED", "出院小结^application^pdf^Base64^JVBERi0xLjQ="), ("TX", "两周后复查"),
    ]  # fmt: skip
    [results] = sent(town.received, "ORU^R01")
    assert told(results, "OBR", 2) == [ours]
    assert (told(results, "OBX", 3), told(results, "OBX", 5)) == (["2160-0^肌酐^LN"], ["133"])


def test_an_outcome_without_a_document_is_told_with_what_it_brings(site: Site) -> None:
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.9"}], "text": "2型糖尿病"}
    held = {"resourceType": "Condition", "id": "c", "code": code, "subject": {"reference": "Patient/x"}}
    with listening(Receiver()) as town, delivering(site.url, write):
        destination(site, f"127.0.0.1:{town.port}", "TOWN")
        one = site.refer("R-1")
        held["subject"] = site.task(one)["for"]
        output = [{"type": {"text": "x"}, "valueReference": {"reference": "#c"}}]
        assert site.move(one, "CITY", "accepted").status_code == 200
        told_so = site.move(one, "CITY", "completed", "outcome-sent", contained=[held], output=output)
        assert told_so.status_code == 200, told_so.text
        place(site.url)
        eventually(lambda: settled(site.url, 2))
    accepted, outcome = sent(town.received, "RRI^I12")
    assert told(outcome, "DG1", 4) == ["2型糖尿病"]
    assert not accepted.dg1


def test_hapis_server_takes_every_message(site: Site) -> None:
    with hapi("AA", "GB18030") as (port, lines), delivering(site.url, write):
        for code in ("CITY", "TOWN"):
            for dialect in ("ref", "360x"):
                destination(site, f"127.0.0.1:{port}", code, dialect, dialect=dialect, charset="GB 18030-2000",
                            timeout=20.0)  # fmt: skip
        story(site)
        place(site.url)
        eventually(lambda: settled(site.url, 27), 90)
    assert kinds(site.url, "CITY", "ref") == REF
    assert kinds(site.url, "CITY", "360x") == OMG
    assert kinds(site.url, "TOWN", "ref") == ["RRI^I12", *TO_SENDER, "RRI^I12"]
    assert [kind for kind in kinds(site.url, "TOWN", "360x") if kind != "OSU^O51"] == TO_SENDER
    texts = [json.loads(line)["text"] for line in lines if line.startswith("{")]
    assert len(texts) == 27
    assert all("王秀英" in text for text in texts)
