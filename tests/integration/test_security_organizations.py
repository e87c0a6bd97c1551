"""Organisations are registered whole or not at all; tokens work until rotated; the trail tells who did what."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import psycopg
import pytest

from hub.domain.errors import Cause, Refused
from hub.domain.messages import Sender
from hub.security import audit, organizations, tokens
from hub.store.connections import connect


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database) as opened:
        yield opened


def test_an_organisation_is_listed_as_it_was_registered(connection: psycopg.Connection[Any]) -> None:
    sender, token = organizations.add(
        connection, "Town-1", "镇卫生院", "clinic", ["HIS1", "HIS2", "HIS1"], "GB 18030-2000", "Asia/Urumqi",
        {"ENDO": "内分泌科"}, "RRI",
    )  # fmt: skip
    assert sender == Sender(sender.id, "Town-1", "镇卫生院", "clinic", "GB 18030-2000", "Asia/Urumqi", "RRI")
    assert tokens.authenticate(connection, token) == sender
    [listed] = organizations.listing(connection)
    assert (listed.code, listed.facilities, listed.departments) == ("Town-1", ["HIS1", "HIS2"], {"ENDO": "内分泌科"})
    assert (listed.charset, listed.timezone, listed.referral_answer) == ("GB 18030-2000", "Asia/Urumqi", "RRI")
    assert organizations.find(connection, "TOWN-1") == sender


@pytest.mark.parametrize(
    ("arguments", "path", "cause"),
    [
        ({"code": "no spaces"}, "code", Cause.CODE_INVALID),
        ({"code": ""}, "code", Cause.CODE_INVALID),
        ({"code": "中"}, "code", Cause.CODE_INVALID),
        ({"code": "a\n"}, "code", Cause.CODE_INVALID),
        ({"code": "TAKEN"}, "code", Cause.DUPLICATE_KEY),
        ({"name": " "}, "name", Cause.CODE_INVALID),
        ({"name": "nul \0"}, "name", Cause.CODE_INVALID),
        ({"kind": "pharmacy"}, "kind", Cause.CODE_INVALID),
        ({"timezone": "Mars/Olympus"}, "timezone", Cause.CODE_INVALID),
        ({"timezone": "Asia"}, "timezone", Cause.CODE_INVALID),
        ({"facilities": ["FREE", "HIS"]}, "facilities", Cause.DUPLICATE_KEY),
        ({"facilities": [""]}, "facilities", Cause.CODE_INVALID),
        ({"referral_answer": "AA"}, "referral_answer", Cause.CODE_INVALID),
        ({"departments": {"X": ""}}, "departments", Cause.CODE_INVALID),
    ],
)
def test_what_cannot_be_registered_is_refused_with_its_place_and_leaves_nothing(
    connection: psycopg.Connection[Any], arguments: dict[str, Any], path: str, cause: Cause
) -> None:
    organizations.add(connection, "taken", "T", "clinic", ["HIS"])
    with pytest.raises(Refused) as refused:
        organizations.add(connection, **{"code": "new", "name": "N", "kind": "clinic", **arguments})
    assert [(r.path, r.cause) for r in refused.value.refusals] == [(path, cause)]
    assert [o.code for o in organizations.listing(connection)] == ["taken"]


def test_two_who_register_the_same_code_at_once_get_one_organisation(database: str) -> None:
    with connect(database) as first, connect(database, autocommit=True) as second:
        organizations.add(second, "same", "S", "clinic")
        with first.transaction():
            first.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            first.execute("SELECT 1 FROM organizations")
            organizations.add(second, "other", "O", "clinic")
            with pytest.raises(Refused, match="just registered"):
                organizations.add(first, "OTHER", "O", "clinic")
            assert first.execute("SELECT 1").fetchone() == (1,)


def test_a_token_is_stored_hashed_only(connection: psycopg.Connection[Any]) -> None:
    _, token = organizations.add(connection, "a", "A", "clinic")
    [(stored,)] = connection.execute("SELECT sha256 FROM tokens").fetchall()
    assert stored == sha256(token.encode()).digest()
    assert len(token) >= 43


def test_rotation_revokes_the_tokens_before_at_once(connection: psycopg.Connection[Any]) -> None:
    sender, old = organizations.add(connection, "a", "A", "clinic")
    other, others = organizations.add(connection, "b", "B", "clinic")
    rotated, new = organizations.rotate_token(connection, "A")
    assert rotated == sender
    assert tokens.authenticate(connection, old) is None
    assert tokens.authenticate(connection, new) == sender
    assert tokens.authenticate(connection, others) == other
    with pytest.raises(Refused, match="no organization"):
        organizations.rotate_token(connection, "nobody")


@pytest.mark.parametrize("token", ["", "x", "\udcff", "' OR true --", "\0"])
def test_what_is_no_token_authenticates_nobody(connection: psycopg.Connection[Any], token: str) -> None:
    organizations.add(connection, "a", "A", "clinic")
    assert tokens.authenticate(connection, token) is None


def test_the_trail_tells_who_did_and_who_was_refused(connection: psycopg.Connection[Any]) -> None:
    sender, _ = organizations.add(connection, "a", "A", "clinic")
    for allowed in (True, False):
        audit.write(connection, organization_id=sender.id, actor="token", action="read", object_type="record",
                    object_id="r1", allowed=allowed)  # fmt: skip
    audit.write(connection, organization_id=None, actor="nobody", action="read", object_type="record",
                object_id="r1", allowed=False)  # fmt: skip
    entries = [(e.organization, e.actor, e.action, e.allowed) for e in audit.of_object(connection, "record", "r1")]
    assert entries == [("a", "token", "read", True), ("a", "token", "read", False), (None, "nobody", "read", False)]
    assert [e.action for e in audit.of_object(connection, "organization", "a")] == ["add"]
