"""Results that are kept for the next time, but not those of long texts: a field may hold megabytes, and a patient's."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_T = TypeVar("_T")

LONGEST = 256
"""Characters of all arguments together beyond which a result is made anew."""


def remembered(size: int) -> Callable[[Callable[..., _T]], Callable[..., _T]]:
    """`lru_cache` for functions of texts."""

    def decorate(work: Callable[..., _T]) -> Callable[..., _T]:
        cached = lru_cache(maxsize=size)(work)

        @wraps(work)
        def call(*texts: str) -> _T:
            return cached(*texts) if sum(map(len, texts)) <= LONGEST else work(*texts)

        return call

    return decorate
