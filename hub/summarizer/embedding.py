"""Text to vectors: a sentence-transformers model on the CPU, and a memory of what was embedded before."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

Kind = Literal["query", "passage"]
Vectors = npt.NDArray[np.float32]

_DESCRIBING = ("*.json", "*.safetensors", "*.bin", "*/config.json")


class Embedder(Protocol):
    """name, revision: of the model; the same pair always gives the same vectors."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def embed(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Vectors (n, d), float32, L2-normalised, in the order of `texts`. kind: e5's prefix."""
        ...


class SentenceTransformerEmbedder:
    """A local sentence-transformers folder or a hub name (which must be in the local cache: no network is used).

    threads: of torch; batch: texts in one forward pass. Texts are sorted by length so that little is padding.
    Loads torch when first asked to embed. Its threads wait without spinning: on a small server they share two cores
    with PostgreSQL and the listener.
    """

    def __init__(self, path: Path | str, *, threads: int | None = None, batch: int = 16) -> None:
        self._path = Path(path)
        self._source = str(path)
        self._threads = threads
        self._batch = batch
        self._model: Any = None
        self._revision = ""

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def revision(self) -> str:
        """A hash of the folder's weights and configuration (a hub name: of the name)."""
        if not self._revision:
            self._revision = _revision(self._path) if self._path.is_dir() else _digest(self._source.encode())
        return self._revision

    def load(self) -> None:
        """Load the model now (a second or two) rather than at the first text."""
        if self._model is not None:
            return
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        if not sys.stderr.isatty():
            logging.disable_progress_bar()
        if self._threads:
            torch.set_num_threads(self._threads)
        self._model = SentenceTransformer(self._source, device="cpu", local_files_only=True)
        self._model.eval()

    def embed(self, texts: Sequence[str], kind: Kind) -> Vectors:
        self.load()
        if not texts:
            return np.zeros((0, self._model.get_sentence_embedding_dimension()), np.float32)
        vectors = self._model.encode(
            [f"{kind}: {text}" for text in texts],
            prompt="",
            batch_size=self._batch,
            convert_to_numpy=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)


def _revision(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted({p for pattern in _DESCRIBING for p in folder.glob(pattern)}):
        digest.update(f"{path.relative_to(folder)}\0{_file_digest(path)}\0".encode())
    return digest.hexdigest()[:16]


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def key(text: str, kind: Kind) -> bytes:
    """Under which a vector is remembered: the SHA-256 of kind and text."""
    return hashlib.sha256(f"{kind}: {text}".encode()).digest()


class CachedEmbedder:
    """Embeds only what is new. get: the stored vectors of those keys that are there; put: stores new ones.

    Vectors are stored as little-endian float32 bytes under `key(text, kind)`.
    """

    def __init__(
        self,
        embedder: Embedder,
        get: Callable[[Sequence[bytes]], Mapping[bytes, bytes]],
        put: Callable[[Mapping[bytes, bytes]], None],
    ) -> None:
        self._embedder = embedder
        self._get = get
        self._put = put

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def revision(self) -> str:
        return self._embedder.revision

    def embed(self, texts: Sequence[str], kind: Kind) -> Vectors:
        if not texts:
            return np.zeros((0, 0), np.float32)
        keys = [key(text, kind) for text in texts]
        stored = dict(self._get(list(dict.fromkeys(keys))))
        new = {k: t for k, t in zip(keys, texts, strict=True) if k not in stored}
        if new:
            vectors = self._embedder.embed(list(new.values()), kind)
            made = {k: vector.astype("<f4").tobytes() for k, vector in zip(new, vectors, strict=True)}
            self._put(made)
            stored.update(made)
        return np.frombuffer(b"".join(stored[k] for k in keys), "<f4").reshape(len(keys), -1).astype(np.float32)
