"""Passwords: what is stored, what is compared, how many at once."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from hub.domain.errors import Unavailable
from hub.security import passwords


def test_a_hash_is_argon2id_and_verifies_its_own_password_alone() -> None:
    stored = passwords.hash_of("一个很长的密码。。。。")
    assert stored.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    assert passwords.verify(stored, "一个很长的密码。。。。")
    assert not passwords.verify(stored, "一个很长的密码。。。")
    assert not passwords.verify(stored, "")
    assert not passwords.outdated(stored)


def test_nothing_verifies_where_nothing_is_stored() -> None:
    assert not passwords.verify(None, "x")
    assert not passwords.verify("no hash", "x")
    assert not passwords.verify(None, "\ud800")


def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("x")
    assert passwords.verify(weak, "x")
    assert passwords.outdated(weak)


def test_a_made_password_can_be_read_out() -> None:
    made = {passwords.generate() for _ in range(200)}
    assert len(made) == 200
    assert all(
        re.fullmatch(r"([bdfghjkmnprstvwz][aeiou]){2}(-([bdfghjkmnprstvwz][aeiou]){2}){4}", word) for word in made
    )


def test_two_hash_at_once_and_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    class Slow:
        def hash(self, password: bytes) -> str:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            gate.wait(0.05)
            with lock:
                inside -= 1
            return "hash"

    monkeypatch.setattr(passwords, "HASHER", Slow())
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(passwords.hash_of, ["x"] * 8)) == ["hash"] * 8
    assert most == 2
    monkeypatch.setattr(passwords, "_PATIENCE_SECONDS", 0.01)
    with passwords._turn(), passwords._turn(), pytest.raises(Unavailable):
        passwords.hash_of("x")


def test_who_would_wait_long_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that waits holds a thread, which the pages of others need."""
    monkeypatch.setattr(passwords, "_PATIENCE_SECONDS", 60.0)
    waiting = [passwords._QUEUE.acquire(blocking=False) for _ in range(12)]
    try:
        assert all(waiting)
        with pytest.raises(Unavailable):
            passwords.hash_of("x")
    finally:
        for _ in waiting:
            passwords._QUEUE.release()
    assert passwords.hash_of("x")
