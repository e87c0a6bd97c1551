"""Who is believed, and which acknowledgements are wanted."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Citation
from hub.domain.messages import Envelope, Ledger, Outcome, Receipt
from hub.processes.listener import _mode, _trusted, _wants
from hub.processes.validity import _at_origin


@pytest.mark.parametrize(
    ("host", "trusted"),
    [("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("10.2.0.1", False), ("fe80::1%eth0", False), ("", False)],
)
def test_loopback_and_allowed_networks_are_believed(host: str, trusted: bool) -> None:
    assert _trusted(host, (ip_network("10.1.0.0/16"),)) is trusted


@pytest.mark.parametrize(
    ("accept", "application", "mode"),
    [
        ("", "", "original"),
        ("AL", "", "accept"),
        ("AL", "AL", "accept"),
        ("", "AL", "accept"),
        ("NE", "AL", "application"),
    ],
)
def test_the_mode_follows_from_msh_15_and_16(accept: str, application: str, mode: str) -> None:
    assert _mode(envelope(accept, application)) == mode


@pytest.mark.parametrize(
    ("accept", "application", "positive", "negative"),
    [("AL", "NE", True, True), ("ER", "NE", False, True), ("SU", "NE", True, False), ("", "", True, True),
     ("NE", "ER", False, True), ("NE", "NE", False, False)],
)  # fmt: skip
def test_answers_are_sent_where_they_are_asked_for(
    accept: str, application: str, positive: bool, negative: bool
) -> None:
    asked = envelope(accept, application)
    fault = Refusal(Cause.UNKNOWN_KEY, "MSH[1]-4[1]", "unknown")
    outcomes = (Outcome("m"), Outcome("m", refusals=(fault,)))
    assert [_wants(asked, _mode(asked), Receipt(o, b"")) for o in outcomes] == [positive, negative]


def test_a_fault_of_the_bundle_is_told_at_the_field_it_was_made_of() -> None:
    ledger = Ledger((
        ("/entry/1/resource", [Citation("/gender", "PID[1]-8[1]", "F")]),
        ("/entry/2/resource", [Citation("/valueQuantity/value", "OBX[2]-5[1]", "x")]),
    ))  # fmt: skip
    fault = Refusal(Cause.WRONG_DATATYPE, "Bundle.entry[2].resource.valueQuantity.value", "no decimal")
    assert _at_origin(fault, ledger).path == "OBX[2]-5[1]"
    assert _at_origin(Refusal(Cause.WRONG_DATATYPE, "Bundle.entry[2].resource.code", "x"), ledger).path == "OBX[2]-5[1]"
    for elsewhere in ("Bundle.type", "Bundle.entry[7].resource.code"):
        assert _at_origin(Refusal(Cause.WRONG_DATATYPE, elsewhere, "x"), ledger).path == "MSH[1]"


def envelope(accept: str, application: str) -> Envelope:
    return Envelope(
        "hl7v2", "REF^I12", "1", "2.5.1", "", accept_acknowledgement=accept, application_acknowledgement=application
    )
