"""Vectors of wording in few dimensions, and those of the shipped tables ready made.

`vectors.npz` holds, for the bundled model, the mean and first principal components of the shipped wording, and each
wording's place among them as int8 (`tests/evaluation/fitting.py` makes it). What it does not hold is embedded when
first needed; with another model everything is, in that model's own dimensions.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from hub.summarizer.embedding import Vectors, unit
from hub.summarizer.ranking import FITTED

_FILE = "vectors.npz"
_KEY = 12


@dataclass(frozen=True, slots=True)
class Space:
    """Where wording is compared. mean, components: of the shipped wording, None for a model's own space."""

    mean: Vectors | None = None
    components: Vectors | None = None

    def project(self, vectors: Vectors) -> Vectors:
        """Vectors of the model in this space, their lengths one."""
        if self.mean is None or self.components is None or not len(vectors):
            return vectors
        return unit(np.asarray((vectors - self.mean) @ self.components, np.float32))


@dataclass(frozen=True, slots=True)
class Known:
    """Wordings by key with the row of their vector."""

    rows: dict[bytes, int]
    vectors: Vectors


OWN = Space()


def key(wording: str) -> bytes:
    return hashlib.sha256(wording.encode()).digest()[:_KEY]


def packed(keys: npt.NDArray[np.uint8], vectors: Vectors) -> Known:
    return Known({row.tobytes(): number for number, row in enumerate(keys)}, vectors)


def keys_of(wordings: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(map(key, wordings)), np.uint8).reshape(len(wordings), _KEY)


def shipped(model: str) -> tuple[Space, Known]:
    """For a model of this name: its space, and what is ready made."""
    return _shipped() if model.startswith(FITTED) else (OWN, Known({}, np.zeros((0, 0), np.float32)))


@lru_cache(maxsize=1)
def _shipped() -> tuple[Space, Known]:
    with np.load(io.BytesIO((files("hub.summarizer.terminology") / _FILE).read_bytes())) as kept:
        space = Space(kept["mean"].astype(np.float32), kept["components"].astype(np.float32))
        return space, packed(kept["keys"], unit(kept["vectors"].astype(np.float32)))


def made(wordings: Sequence[str], vectors: Vectors, dimensions: int) -> bytes:
    """The file for wordings and the model's vectors of them."""
    mean = vectors.mean(axis=0)
    _, directions = np.linalg.eigh((vectors - mean).T @ (vectors - mean))
    space = Space(mean, np.ascontiguousarray(directions[:, ::-1][:, :dimensions], np.float32))
    projected = space.project(vectors)
    scale = np.abs(projected).max(axis=1, keepdims=True) / 127
    file = io.BytesIO()
    np.savez_compressed(
        file,
        mean=mean.astype(np.float16),
        components=directions[:, ::-1][:, :dimensions].astype(np.float16),
        keys=keys_of(wordings),
        vectors=np.round(projected / scale).astype(np.int8),
    )
    return file.getvalue()
