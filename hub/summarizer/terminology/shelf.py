"""The terminologies of one installation: what is shipped, and the site's own, in a folder that processes share."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from hub.summarizer.embedding import Embedder, Vectors
from hub.summarizer.terminology import vectors
from hub.summarizer.terminology.entries import shipped, together
from hub.summarizer.terminology.index import Entry
from hub.summarizer.terminology.suggest import Suggester
from hub.summarizer.terminology.vectors import Known, Space, key, keys_of, packed

_VECTORS = ".vectors"


class Stored(msgspec.Struct, frozen=True):
    """A site's table as it is kept. file: its name as loaded."""

    system: str
    file: str
    loaded_at: datetime
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class _Made:
    state: tuple[tuple[str, int, int], ...]
    suggester: Suggester


class Shelf:
    """folder: of the site's tables, one file a system; made when the first is stored. embedder: of their wording.

    Tables that another process stores or removes are noticed at the next question.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._made: _Made | None = None
        self._lock = threading.Lock()

    def store(self, table: Stored) -> None:
        """Keep a table in the place of what the system had before; readers see the old or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self._path(table.system), msgspec.json.encode(table))

    def remove(self, system: str) -> bool:
        """Whether there was a table of this system."""
        try:
            self._path(system).unlink()
        except FileNotFoundError:
            return False
        return True

    def tables(self) -> list[Stored]:
        """By system. Raises ValueError where a file of the folder is none of ours."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Stored))
            except FileNotFoundError:
                continue
            except msgspec.DecodeError as error:
                raise ValueError(f"{path}: expected a stored terminology; load it again") from error
        return sorted(found, key=lambda t: t.system)

    def suggester(self) -> Suggester:
        """Over all tables as they are now. Wording that is not ready made is embedded when first needed."""
        state = self._state()
        with self._lock:
            if self._made is None or self._made.state != state:
                own = [entry for table in self.tables() for entry in table.entries]
                entries = together(own, shipped())
                space, ready = vectors.shipped(self._embedder.name)
                self._made = _Made(state, Suggester(entries, self._vectors(entries, space, ready), space))
            return self._made.suggester

    def _path(self, system: str) -> Path:
        return self._folder / f"{hashlib.sha256(system.encode()).hexdigest()[:24]}.json"

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        try:
            with os.scandir(self._folder) as found:
                stats = [(e.name, e.stat()) for e in found if e.name.endswith(".json")]
        except FileNotFoundError:
            return ()
        return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))

    def _vectors(self, entries: Sequence[Entry], space: Space, ready: Known) -> Vectors:
        """One for each wording. Those that are not ready made are embedded once and kept in a file."""
        wordings = [wording for entry in entries for wording in entry.wordings]
        missing = [wording for wording in dict.fromkeys(wordings) if key(wording) not in ready.rows]
        place = self._folder / _VECTORS / f"{self._embedder.revision}.npz"
        kept = _kept(place) if missing else Known({}, np.zeros((0, 0), np.float32))
        new = [wording for wording in missing if key(wording) not in kept.rows]
        if new:
            told = space.project(self._embedder.embed(new, "query"))
            held = [w for w in missing if key(w) in kept.rows]
            rows = [kept.rows[key(w)] for w in held]
            both = np.concatenate([kept.vectors[rows], told]) if rows else told
            kept = packed(keys_of(held + new), both)
            place.parent.mkdir(parents=True, exist_ok=True)
            _save(place, kept)
        return np.stack([_vector(wording, ready, kept) for wording in wordings])


def _vector(wording: str, ready: Known, kept: Known) -> Vectors:
    known = ready if key(wording) in ready.rows else kept
    vector: Vectors = known.vectors[known.rows[key(wording)]]
    return vector


def _kept(place: Path) -> Known:
    """What the file holds; nothing where there is no such file or it is broken."""
    try:
        with np.load(place) as kept:
            return packed(kept["keys"], kept["vectors"].astype(np.float32))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return Known({}, np.zeros((0, 0), np.float32))


def _save(place: Path, kept: Known) -> None:
    file = io.BytesIO()
    keys = np.frombuffer(b"".join(kept.rows), np.uint8).reshape(len(kept.rows), -1)
    np.savez(file, keys=keys, vectors=kept.vectors.astype(np.float16))
    _write(place, file.getvalue())


def _write(place: Path, data: bytes) -> None:
    handle, scratch = tempfile.mkstemp(prefix=".", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(scratch).replace(place)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
