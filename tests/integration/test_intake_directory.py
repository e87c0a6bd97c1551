"""The register of organisations: found at once when new, known while the database is away."""

from __future__ import annotations

import threading

import psycopg
import pytest

from hub.domain.errors import Unavailable
from hub.domain.messages import Claim
from hub.store import directory as directories
from hub.store.connections import pool
from hub.store.directory import Directory
from tests.integration.intake_cases import hub
from tests.integration.streams import eventually


def test_codes_facilities_and_names(database: str) -> None:
    with hub(database) as h:
        city = h.directory.by_code("city")
        assert city is not None and city.code == "CITY"
        assert h.directory.by_id(city.id) == city == h.directory.by_facility("CITY-HIS")
        assert h.directory.by_facility("city-his") == city == h.directory.by_name("City Hospital")
        assert h.directory.by_name("city hospital") is None
        claims = (Claim("code", "NOBODY", "x"), Claim("name", "City Hospital", "y"), Claim("code", "TOWN", "z"))
        assert h.directory.resolve(claims) == city


def test_an_ambiguous_name_names_nobody(database: str) -> None:
    with hub(database) as h, psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO organizations (code, name, kind) VALUES ('C2', 'City Hospital', 'clinic')")
        h.directory._read_at = float("-inf")
        assert h.directory.by_name("City Hospital") is None


def test_what_was_just_registered_is_found(database: str) -> None:
    with hub(database) as h, psycopg.connect(database, autocommit=True) as connection:
        assert h.directory.by_code("NEW") is None
        connection.execute("INSERT INTO organizations (code, name, kind) VALUES ('NEW', 'New', 'clinic')")
        threading.Event().wait(0.06)
        assert h.directory.by_code("new") is not None


def test_what_is_known_answers_while_the_database_is_away(database: str) -> None:
    stop = threading.Event()
    connections = pool(database, 1, name="away")
    with hub(database) as h:
        directory = Directory(connections)
        directory.follow(stop)
        assert directory.by_code("CITY") == h.senders["CITY"]
    connections.close()
    directory._read_at = float("-inf")
    assert directory.by_code("CITY") is not None
    stop.set()


def test_where_the_database_hangs_it_does_so_for_one_thread(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "TIMEOUT", 0.2)
    going_on = threading.Event()
    with hub(database) as h, psycopg.connect(database) as other:
        assert h.directory.by_code("CITY") is not None
        h.directory._read_at = float("-inf")
        other.execute("LOCK TABLE organizations IN ACCESS EXCLUSIVE MODE")
        reading = threading.Thread(target=lambda: h.directory.by_code("CITY") and going_on.set())
        reading.start()
        eventually(h.directory._lock.locked)
        with pytest.raises(Unavailable):
            h.directory.by_code("NOBODY")
        other.rollback()
        reading.join(60)
        assert going_on.is_set()
        h.directory._failed_at = float("-inf")
        assert h.directory.by_code("CITY") is not None


def test_a_database_that_is_not_there_is_asked_again_only_after_a_pause() -> None:
    connections = pool("postgresql://127.0.0.1:1/none?connect_timeout=1", 1, name="away")
    directory = Directory(connections)
    for _ in range(2):
        with pytest.raises(Unavailable):
            directory.by_code("CITY")
    connections.close()
