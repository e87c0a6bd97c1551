"""Tokens in headers, peers on this machine, and ids in paths are read strictly."""

from __future__ import annotations

import uuid

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from hub.views import ids
from hub.web import access


def _request(client: tuple[str, int] | None = None, **headers: str) -> Request:
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "client": client})


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Bearer", None), ("Bearer ", None), ("Basic abc", None),
     ("", None), ("abc", None)],
)  # fmt: skip
def test_a_token_is_what_follows_bearer(header: str, token: str | None) -> None:
    assert access.bearer(_request(Authorization=header)) == token


@pytest.mark.parametrize(
    ("host", "forwarded", "loopback"),
    [("127.0.0.1", None, True), ("127.8.8.8", None, True), ("::1", None, True), ("10.0.0.1", None, False),
     ("testclient", None, False), ("127.0.0.1", "10.0.0.1", False)],
)  # fmt: skip
def test_a_proxy_on_this_machine_is_not_this_machine(host: str, forwarded: str | None, loopback: bool) -> None:
    headers = {"X_Forwarded_For": forwarded} if forwarded else {}
    assert access.from_loopback(_request((host, 1), **headers)) is loopback


def test_a_peer_without_address_is_not_this_machine() -> None:
    assert not access.from_loopback(_request(None))


@given(st.uuids())
def test_an_id_is_read_in_its_own_form_only(value: uuid.UUID) -> None:
    assert ids.parse(str(value)) == value
    for other in (value.hex, f"{{{value}}}", value.urn, f" {value}"):
        assert ids.parse(other) is None


@given(st.text())
def test_text_that_is_no_id_is_none(text: str) -> None:
    assert ids.parse(text) is None or str(ids.parse(text)) == text
    assert list(map(str, ids.known([text]))) in ([], [text])
