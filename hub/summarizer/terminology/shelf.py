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
import numpy.typing as npt

from hub.summarizer.embedding import Embedder, Vectors
from hub.summarizer.terminology.entries import shipped, together
from hub.summarizer.terminology.index import Entry
from hub.summarizer.terminology.suggest import Suggester

_VECTORS = ".vectors"
_Halves = npt.NDArray[np.float16]


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
        """Over all tables as they are now. The first time the model embeds their wording (seconds); it is kept."""
        state = self._state()
        with self._lock:
            if self._made is None or self._made.state != state:
                own = [entry for table in self.tables() for entry in table.entries]
                entries = together(own, shipped())
                self._made = _Made(state, Suggester(entries, self._vectors(entries)))
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

    def _vectors(self, entries: Sequence[Entry]) -> Vectors:
        """One for each wording; those that were made before are read from a file, which is kept as small as needed."""
        wordings = [wording for entry in entries for wording in entry.wordings]
        distinct = list(dict.fromkeys(wordings))
        place = self._folder / _VECTORS / f"{self._embedder.revision}.npz"
        known, vectors = _remembered(place)
        new = [wording for wording in distinct if _key(wording) not in known]
        if new:
            made = self._embedder.embed(new, "query")
            vectors = np.concatenate([vectors, made.astype(np.float16)]) if len(vectors) else made.astype(np.float16)
            known |= {_key(wording): len(known) + n for n, wording in enumerate(new)}
        rows = [known[_key(wording)] for wording in distinct]
        if new or len(rows) < len(known):
            place.parent.mkdir(parents=True, exist_ok=True)
            _save(place, [_key(wording) for wording in distinct], vectors[rows])
        at = {wording: known[_key(wording)] for wording in distinct}
        return np.asarray(vectors[[at[wording] for wording in wordings]], np.float32)


def _key(wording: str) -> bytes:
    return hashlib.sha256(wording.encode()).digest()[:16]


def _remembered(place: Path) -> tuple[dict[bytes, int], _Halves]:
    """The number of each wording's vector in the file, and the vectors; none where there is no such file."""
    try:
        with np.load(place) as kept:
            keys, vectors = kept["keys"], kept["vectors"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}, np.zeros((0, 0), np.float16)
    return {key.tobytes(): number for number, key in enumerate(keys)}, vectors


def _save(place: Path, keys: Sequence[bytes], vectors: _Halves) -> None:
    packed = io.BytesIO()
    np.savez(packed, keys=np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), -1), vectors=vectors)
    _write(place, packed.getvalue())


def _write(place: Path, data: bytes) -> None:
    handle, scratch = tempfile.mkstemp(prefix=".", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(scratch).replace(place)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
