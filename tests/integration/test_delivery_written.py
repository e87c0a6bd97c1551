"""The messages of a referral's whole story, written by the adapter, at HAPI's server: both dialects, both sides."""

from __future__ import annotations

import json

import psycopg

from adapters.hl7v2.outbound.writer import write
from tests.integration.delivery_site import delivering, destination, place, settled
from tests.integration.fhir_site import Site, referral
from tests.integration.streams import eventually
from tests.integration.test_delivery_receivers import hapi

REF = ["REF^I12", "REF^I13", "REF^I12", "REF^I14", "REF^I12"]
OMG = ["OMG^O19"] * 5
TO_SENDER = ["SIU^S12", "SIU^S26", "SIU^S12", "MDM^T02", "ORU^R01"]


def story(site: Site) -> None:
    """One referral to its outcome, one cancelled, one that is asked back."""
    one = site.refer("R-1", control="C-1")
    site.request("POST", "/$process-message", "TOWN", referral("R-1", event="referral-amend", control="C-2"))
    text = {"attachment": {"contentType": "text/plain", "data": "5L2P6Zmi"}}
    outcome = {"resourceType": "DocumentReference", "id": "o", "status": "current", "content": [text]}
    code = {"coding": [{"system": "http://loinc.org", "code": "2160-0", "display": "肌酐"}]}
    value = {"value": 133, "unit": "umol/L", "system": "http://unitsofmeasure.org", "code": "umol/L"}
    result = {"resourceType": "Observation", "id": "k", "status": "final", "code": code, "valueQuantity": value}
    named = [{"type": {"text": "x"}, "valueReference": {"reference": f"#{name}"}} for name in "ok"]
    steps: list[tuple[str, str | None, dict[str, object]]] = [
        ("accepted", None, {}),
        ("accepted", "scheduled", {"executionPeriod": {"start": "2026-12-01T09:00:00+08:00"}}),
        ("accepted", "no-show", {}),
        ("accepted", "scheduled", {"executionPeriod": {"start": "2026-12-02T09:00:00+08:00"}}),
        ("completed", "outcome-sent", {"contained": [outcome, result], "output": named}),
    ]
    for status, business, elements in steps:
        assert site.move(one, "CITY", status, business, **elements).status_code == 200
    site.refer("R-2", control="C-3")
    site.request("POST", "/$process-message", "TOWN", referral("R-2", event="referral-cancel", control="C-4"))
    asked = {"statusReason": {"text": "请补充肌酐"}}
    three = site.refer("R-3", control="C-5")
    assert site.move(three, "CITY", "received", "awaiting-information", **asked).status_code == 200


def kinds(url: str, organization: str, name: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT d.kind FROM deliveries d JOIN destinations t ON t.id = d.destination_id"
            " JOIN organizations o ON o.id = t.organization_id"
            " WHERE o.code = %s AND t.name = %s AND d.status = 'delivered' ORDER BY d.id",
            (organization, name),
        )
        return [kind for (kind,) in rows]


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
