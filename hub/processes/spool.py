"""A folder that messages wait in until they are acknowledged, so that a bad line loses none.

DIR/<time>-<number>-<hash>.msg are sent in the order of their names; DIR/refused/ keeps what was refused, each with its
answer in <name>.answer. One program at a time uses a folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from hub.domain.errors import Unavailable
from hub.processes import folder_lock


class Spool:
    """Use as a context: it holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "refused").mkdir(parents=True, exist_ok=True)
        lock = folder_lock.attempt(folder / ".lock")
        if lock is None:
            raise Unavailable(f"another program sends from {folder}")
        self._lock = lock

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._lock)

    def waiting(self) -> list[Path]:
        """What waits, the oldest first."""
        return sorted(self._folder.glob("*.msg"))

    def add(self, payloads: Iterable[bytes]) -> list[Path]:
        """The place of each payload, written to the disk; one that waits already keeps its earlier place."""
        known = {path.stem.rpartition("-")[2]: path for path in self.waiting()}
        now, places = time.time_ns(), []
        for number, payload in enumerate(payloads):
            digest = sha256(payload).hexdigest()[:32]
            if digest not in known:
                known[digest] = self._folder / f"{now:020d}-{number:06d}-{digest}.msg"
                _write(known[digest], payload)
            places.append(known[digest])
        _sync(self._folder)
        return places

    def done(self, path: Path) -> None:
        """Acknowledged: forget it."""
        path.unlink(missing_ok=True)

    def refuse(self, path: Path, answer: bytes) -> None:
        """Refused: keep it aside with its answer."""
        place = self._folder / "refused" / path.name
        _write(place.with_suffix(".answer"), answer)
        path.replace(place)


def _write(path: Path, data: bytes) -> None:
    new = path.with_suffix(path.suffix + ".new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
