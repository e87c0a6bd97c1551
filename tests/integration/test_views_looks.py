"""Looks: what is new is measured from the visit before, and a reload is the same visit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from hub.store.connections import connect
from hub.views.looks import look
from tests.integration.seeds import START, Seeds


@pytest.fixture
def seeds(database: str) -> Iterator[Seeds]:
    with connect(database) as connection:
        yield Seeds(connection)


@pytest.fixture
def referral(seeds: Seeds) -> str:
    return seeds.referral(seeds.organization("clinic"), seeds.organization("county"), seeds.patient())


def person(seeds: Seeds, login: str) -> int:
    row = seeds.connection.execute(
        "INSERT INTO users (login, name, organization_id, role, password) "
        "SELECT %s, %s, min(id), 'clinician', '' FROM organizations RETURNING id",
        (login, login),
    ).fetchone()
    assert row is not None
    return int(row[0])


def minutes(count: int) -> datetime:
    return START + timedelta(minutes=count)


def test_the_first_look_has_nothing_before_it(seeds: Seeds, referral: str) -> None:
    wang = person(seeds, "wang")
    assert look(seeds.connection, wang, referral, minutes(0)) is None
    assert look(seeds.connection, wang, referral, minutes(10)) is None


def test_a_visit_measures_from_the_end_of_the_one_before(seeds: Seeds, referral: str) -> None:
    wang = person(seeds, "wang")
    for minute in (0, 20):
        look(seeds.connection, wang, referral, minutes(minute))
    assert look(seeds.connection, wang, referral, minutes(120)) == minutes(20)
    assert look(seeds.connection, wang, referral, minutes(140)) == minutes(20)
    assert look(seeds.connection, wang, referral, minutes(400)) == minutes(140)


def test_looks_of_one_person_are_not_those_of_another(seeds: Seeds, referral: str) -> None:
    wang, li = person(seeds, "wang"), person(seeds, "li")
    look(seeds.connection, wang, referral, minutes(0))
    assert look(seeds.connection, li, referral, minutes(60)) is None


def test_a_clock_that_goes_back_takes_no_look_back(seeds: Seeds, referral: str) -> None:
    wang = person(seeds, "wang")
    look(seeds.connection, wang, referral, minutes(100))
    look(seeds.connection, wang, referral, minutes(90))
    assert look(seeds.connection, wang, referral, minutes(200)) == minutes(100)
