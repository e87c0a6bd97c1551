"""Passwords: argon2id hashes, checked at most two at once, and words that a person can type."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.domain.errors import Unavailable

SHORTEST, LONGEST = 12, 200
"""Characters of a password that a person may choose."""

HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)
_QUEUE = threading.BoundedSemaphore(12)
"""Who hashes or waits for it: each holds one of the server's threads, which the pages of who is logged in need."""
_PATIENCE_SECONDS = 10.0
_CONSONANTS, _VOWELS = "bdfghjkmnprstvwz", "aeiou"


def hash_of(password: str) -> str:
    """The hash to store. Raises Unavailable where too many hash at once."""
    with _turn():
        return HASHER.hash(_bytes(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether it is the password; without a stored hash as much work is done and the answer is no.

    Raises Unavailable where too many hash at once.
    """
    against = stored or _nobodys()
    with _turn():
        try:
            matches = HASHER.verify(against, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
    return matches and stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def generate() -> str:
    """A password to read out over the telephone: five words of two syllables, 63 bits."""
    return "-".join("".join(_syllable() + _syllable()) for _ in range(5))


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_bytes(16))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@contextmanager
def _turn() -> Iterator[None]:
    """Each hash takes a core and 32 MB: more at once than the machine has would stop everybody's pages."""
    if not _QUEUE.acquire(blocking=False):
        raise Unavailable("too many log-ins at once")
    try:
        if not _AT_ONCE.acquire(timeout=_PATIENCE_SECONDS):
            raise Unavailable("too many log-ins at once")
        try:
            yield
        finally:
            _AT_ONCE.release()
    finally:
        _QUEUE.release()
