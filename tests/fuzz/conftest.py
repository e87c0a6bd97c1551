"""Inputs are judged as the hub's processes work: what was there before them is not searched for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from hub.processes.memory import settle


@pytest.fixture(autouse=True, scope="module")
def _settled() -> Iterator[None]:
    """The collector as the listener sets it: hundreds of other tests' objects made it the dearest part."""
    usual = gc.get_threshold()
    settle()
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)
