"""A receiver's system that has left a referral longer than its priority allows is asked where it stands: REF^I15."""

from __future__ import annotations

import json

import pytest

from adapters.hl7v2.outbound.writer import write
from tests.integration.delivery_site import (
    Receiver,
    acknowledgement,
    deliveries,
    delivering,
    destination,
    fields,
    listening,
    place,
    settled,
)
from tests.integration.fhir_site import Site
from tests.integration.streams import eventually
from tests.integration.test_delivery_receivers import hapi


def a_week_passes(site: Site) -> None:
    site.rows(
        "UPDATE referrals SET requested_at = requested_at - interval '8 days', "
        "state_since = state_since - interval '8 days' RETURNING id"
    )


def kinds(site: Site) -> list[str]:
    return [kind for kind, *_ in deliveries(site.url)]


def deliver(site: Site, count: int) -> None:
    """Until so many are settled, by a process of its own, which looks at once for what is left."""
    with delivering(site.url, write):
        eventually(lambda: settled(site.url, count))


def test_it_is_asked_once_for_each_step_that_it_stays_at(site: Site) -> None:
    with listening(Receiver()) as city:
        destination(site, f"127.0.0.1:{city.port}")
        one = site.refer("R-1")
        place(site.url)
        deliver(site, 1)
        deliver(site, 1)
        a_week_passes(site)
        deliver(site, 2)
        deliver(site, 2)
        assert kinds(site) == ["REF^I12", "REF^I15"]
        asked = city.received[1]
        assert fields(asked, "MSH")[8] == "REF^I15^REF_I12"
        assert fields(asked, "RF1")[6].startswith("R-1^")
        assert fields(asked, "RF1")[11].startswith(f"{one}^")
        assert site.move(one, "CITY", "accepted").status_code == 200
        place(site.url)
        deliver(site, 2)
        a_week_passes(site)
        deliver(site, 3)
        assert fields(city.received[2], "RF1")[1].startswith("A^")


@pytest.mark.parametrize(
    ("status", "business"),
    [("received", "awaiting-information"), ("rejected", None), ("in-progress", None), ("completed", "outcome-sent")],
)
def test_what_is_not_the_receivers_turn_or_has_no_limit_is_not_asked_after(
    site: Site, status: str, business: str | None
) -> None:
    with listening(Receiver()) as city:
        destination(site, f"127.0.0.1:{city.port}")
        one = site.refer("R-1")
        place(site.url)
        deliver(site, 1)
        assert site.move(one, "CITY", status, business, statusReason={"text": "请补充肌酐"}).status_code == 200
        place(site.url)
        a_week_passes(site)
        deliver(site, 1)
    assert kinds(site) == ["REF^I12"]


def test_who_has_not_got_the_referral_is_not_asked(site: Site) -> None:
    """Neither where it was refused, nor where the destination was set later, nor in a dialect that has no question."""
    refusing = Receiver(lambda message, _: acknowledgement("AE", message, "101"))
    with listening(refusing) as city, listening(Receiver()) as other:
        destination(site, f"127.0.0.1:{city.port}")
        destination(site, f"127.0.0.1:{other.port}", name="360x", dialect="360x")
        site.refer("R-1")
        place(site.url)
        deliver(site, 2)
        destination(site, f"127.0.0.1:{other.port}", name="later")
        a_week_passes(site)
        deliver(site, 2)
    assert sorted(kinds(site)) == ["OMG^O19", "REF^I12"]


def test_who_refuses_the_question_gets_what_comes_after_it_and_no_other_question(site: Site) -> None:
    """Many systems do not know REF^I15: a cancellation must not wait until somebody looks at that dead letter."""

    def knowing(message: bytes, _: int) -> bytes:
        return acknowledgement("AR" if b"REF^I15" in message else "AA", message, "201" if b"REF^I15" in message else "")

    with listening(Receiver(knowing)) as city:
        destination(site, f"127.0.0.1:{city.port}")
        one = site.refer("R-1")
        place(site.url)
        deliver(site, 1)
        a_week_passes(site)
        deliver(site, 2)
        assert site.move(one, "TOWN", "cancelled").status_code == 200
        site.refer("R-2")
        place(site.url)
        deliver(site, 4)
        a_week_passes(site)
        deliver(site, 4)
    assert [row[:2] for row in deliveries(site.url)] == [
        ("REF^I12", "delivered"), ("REF^I15", "dead"), ("REF^I14", "delivered"), ("REF^I12", "delivered"),
    ]  # fmt: skip


def test_hapis_server_takes_the_question(site: Site) -> None:
    with hapi("AA", "GB18030") as (port, lines):
        destination(site, f"127.0.0.1:{port}", charset="GB 18030-2000", timeout=20.0)
        site.refer("R-1")
        place(site.url)
        for count in (1, 2):
            with delivering(site.url, write):
                eventually(lambda count=count: settled(site.url, count), 60)  # type: ignore[misc]
            a_week_passes(site)
    assert [json.loads(line)["text"].split("|")[8] for line in lines if line.startswith("{")] == [
        "REF^I12^REF_I12", "REF^I15^REF_I12",
    ]  # fmt: skip
    assert [row[:2] for row in deliveries(site.url)] == [("REF^I12", "delivered"), ("REF^I15", "delivered")]
