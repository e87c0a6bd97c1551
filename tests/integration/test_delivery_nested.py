"""What came as a document Bundle within a message goes on as resources of the message, and they name each other."""

from __future__ import annotations

from typing import Any

from adapters.fhir.validation import check_received
from hub.domain.delivery import Outbound
from tests.integration.delivery_site import Receiver, delivering, destination, listening, place, settled
from tests.integration.delivery_site import write as minimal
from tests.integration.fhir_site import DIABETES, PATIENT, Site, bundle, referral
from tests.integration.streams import eventually


def test_a_document_within_a_message_is_delivered_resource_by_resource(site: Site) -> None:
    bundles: list[dict[str, Any]] = []

    def write(message: Outbound) -> bytes:
        bundles.append(message.bundle)
        return minimal(message)

    whose = {"reference": "Patient/p"}
    visit = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"}, "subject": whose}
    found = {**DIABETES, "id": "c", "subject": whose, "encounter": {"reference": "Encounter/e"}}
    message = referral("R-1")
    message["entry"].append({"resource": bundle("collection", {**PATIENT, "id": "p"}, visit, found)})
    with listening(Receiver()) as city, delivering(site.url, write):
        destination(site, f"127.0.0.1:{city.port}")
        assert site.request("POST", "/$process-message", "TOWN", message).status_code == 200
        place(site.url)
        eventually(lambda: settled(site.url, 1))
    assert check_received(bundles[0]) == ()
    told = {entry["fullUrl"]: entry["resource"] for entry in bundles[0]["entry"]}
    [encounter] = [url for url, resource in told.items() if resource["resourceType"] == "Encounter"]
    assert [r["encounter"]["reference"] for r in told.values() if "encounter" in r] == [encounter]
    assert len([r for r in told.values() if r["resourceType"] == "Patient"]) == 1
    assert site.rows("SELECT count(*) FROM patients") == [(1,)]
