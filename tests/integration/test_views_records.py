"""Which record a receiver reads, and what the figures count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.domain.messages import Sender
from hub.domain.referrals import State
from hub.store.connections import connect, decode
from hub.views import figures, messages, records, referrals
from tests.integration.seeds import START, Seeds


@pytest.fixture
def seeds(database: str) -> Iterator[Seeds]:
    with connect(database) as connection:
        yield Seeds(connection)


def _text(seeds: Seeds, viewer: Sender, referral_id: str) -> str | None:
    referral = referrals.read(seeds.connection, viewer.id, referral_id)
    assert referral is not None
    record = records.newest(seeds.connection, referral)
    return None if record is None else decode(record.document)["text"]


def test_the_record_fits_the_state(seeds: Seeds) -> None:
    clinic, hospital = seeds.organization("clinic"), seeds.organization("hospital")
    referral = seeds.referral(clinic, hospital, seeds.patient())

    def move(state: State) -> None:
        seeds.connection.execute("UPDATE referrals SET state = %s", (state.value,))

    assert _text(seeds, hospital, referral) is None
    seeds.record(referral, version=1, text="came with it")
    assert _text(seeds, hospital, referral) == "came with it"
    move(State.ACCEPTED)
    assert _text(seeds, hospital, referral) is None
    seeds.record(referral, version=3, whole=True, text="whole")
    seeds.record(referral, version=3, whole=True, text="whole, newer")
    assert _text(seeds, hospital, referral) == "whole, newer"
    move(State.CANCELLED)
    assert _text(seeds, hospital, referral) == "came with it"


def test_only_the_receiver_may_read_records(seeds: Seeds) -> None:
    clinic, hospital = seeds.organization("clinic"), seeds.organization("hospital")
    referral = referrals.read(
        seeds.connection, clinic.id, seeds.referral(clinic, hospital, seeds.patient(), State.ACCEPTED)
    )
    assert referral is not None
    assert records.readable(referral, hospital.id)
    assert not records.readable(referral, clinic.id)


def test_messages_are_listed_oldest_first_and_narrowed(seeds: Seeds) -> None:
    clinic = seeds.organization("Clinic-1")
    accepted = seeds.message(clinic, control_id="A")
    unknown = seeds.message(None, control_id="B", status="rejected", error={"code": "unknown-sender"})
    last = seeds.message(clinic, control_id="B")

    def listed(limit: int = 10, **asked: object) -> list[str]:
        criteria = messages.Criteria(**asked)  # type: ignore[arg-type]
        return [m.id for m in messages.listing(seeds.connection, criteria, limit=limit)]

    assert listed() == [accepted, unknown, last]
    assert listed(limit=1) == [accepted]
    assert listed(organization="CLINIC-1") == [accepted, last]
    assert listed(status="rejected") == [unknown]
    assert listed(control_id="B") == [unknown, last]
    assert listed(type="ADT^A01") == []
    assert listed(after=accepted, control_id="B") == [unknown, last]
    assert listed(since=START.replace(year=2030)) == []
    whole = messages.read(seeds.connection, unknown)
    assert whole is not None
    assert (whole.organization, whole.raw, whole.error) == (None, b"MSH|^~\\&|", {"code": "unknown-sender"})
    assert messages.read(seeds.connection, "no-id") is None


def test_figures_count_what_waits(seeds: Seeds) -> None:
    clinic, hospital = seeds.organization("clinic"), seeds.organization("hospital")
    referral = seeds.referral(clinic, hospital, seeds.patient())
    seeds.message(clinic, status="parked")
    seeds.record(referral)
    seeds.connection.execute(
        "INSERT INTO outbox (event_id, type, subject, occurred_at, data) "
        "VALUES (gen_random_uuid(), 'referral.requested.v1', %s, now() - interval '90 seconds', '{}')",
        (referral,),
    )
    read = figures.read(seeds.connection)
    assert (read.messages, read.referrals, read.records) == ({"parked": 1}, {"requested": 1}, 1)
    assert read.outbox_waiting == 1
    assert 90 <= read.outbox_oldest < 95
    assert read.dead_letters == {}
