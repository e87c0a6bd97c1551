"""The garbage collector of a process that makes records."""

from __future__ import annotations

import gc

_NEW = 50_000
"""Objects made since the last look, after which the collector looks again: the record of some hundred fragments."""


def settle() -> None:
    """Once models and tables are loaded: they stay, and the collector need not walk through them again and again.

    A record of 5,000 fragments makes half a million objects and no cycles among them; looked through after each 700 as
    by default, it takes a quarter longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW, 20, 50)
