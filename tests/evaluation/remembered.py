"""The bundled model with a memory on disk, so that what a corpus says is embedded once and not at every measuring."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

from hub.summarizer.embedding import CachedEmbedder, Embedder
from tests.evaluation import cases

_AT_ONCE = 500
"""Keys that one statement asks for."""


@cache
def embedder() -> Embedder:
    """The memory is a file for each revision of the model, in the folder of the hub or else the temporary one."""
    model = cases.embedder(stub=False)
    home = os.environ.get("REFERRAL_HUB_HOME")
    folder = (Path(home).expanduser() if home else Path(tempfile.gettempdir())) / "referral-hub-evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    memory = Memory(folder / f"{model.revision}.sqlite")
    return CachedEmbedder(model, memory.get, memory.put)


class Memory:
    """Vectors by key in a file, to the last digit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._open()) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        with closing(self._open()) as connection:
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                asked = ",".join("?" * len(part))
                found |= dict(connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({asked})", part))
        return found

    def put(self, made: Mapping[bytes, bytes]) -> None:
        with closing(self._open()) as connection, connection:
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", [*made.items()])

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=60)
