"""Text to vectors: a sentence-transformers model on the CPU, and a memory of what was embedded before."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

Kind = Literal["query", "passage"]
Vectors = npt.NDArray[np.float32]

_AT_ONCE = 2048
"""Tokens, padding included, which keep two cores busy and stay in their caches."""

_ALIKE = 1.25
"""How much longer than the shortest text of a batch another may be: what is filled up costs as much as what is said."""

_COMPUTED = b"float32\0"
"""Part of the revision, so that vectors that were computed less exactly are not taken for these."""

_DESCRIBING = ("*.json", "*.safetensors", "*.bin", "*/config.json")


def unit(vectors: Vectors) -> Vectors:
    """Vectors of length one in the same directions."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


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

    threads: of torch. Computes in float32 throughout: bfloat16, which some CPUs multiply several times faster, moves
    scores by more than most passages of a record are apart, so that nearly all would be embedded again to rank them as
    in float32. Texts of about one number of tokens go through the model together.
    Loads torch when first asked to embed. Its threads wait without spinning: on a small server they share two cores
    with PostgreSQL and the listener.
    """

    def __init__(self, path: Path | str, *, threads: int | None = None) -> None:
        self._path = Path(path)
        self._source = str(path)
        self._threads = threads
        self._model: Any = None
        self._revision = ""

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def revision(self) -> str:
        """A hash of the folder's weights and configuration (a hub name: of the name), and of how it is computed."""
        if not self._revision:
            self._revision = (
                _revision(self._path) if self._path.is_dir() else _digest(_COMPUTED + self._source.encode())
            )
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
        model = SentenceTransformer(self._source, device="cpu", local_files_only=True)
        model.eval()
        self._model = model

    def embed(self, texts: Sequence[str], kind: Kind) -> Vectors:
        self.load()
        prefixed = [f"{kind}: {text}" for text in texts]
        vectors = np.zeros((0, 0), np.float32)
        for batch in batches(_tokens(self._model, prefixed)):
            made = self._model.encode(
                [prefixed[index] for index in batch],
                prompt="",
                batch_size=len(batch),
                convert_to_numpy=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if not len(vectors):
                vectors = np.empty((len(texts), made.shape[1]), np.float32)
            vectors[batch] = made
        return vectors


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indexes of texts that are embedded at once: of about one length in tokens, filled up at most `_AT_ONCE` long."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        longest = lengths[index]
        if batch and (longest * (len(batch) + 1) > _AT_ONCE or longest > _ALIKE * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _tokens(model: Any, texts: list[str]) -> list[int]:
    """How many tokens the model sees of each text; of a model that fills nothing up, its characters."""
    if not texts or not callable(model.tokenizer):
        return [len(text) for text in texts]
    return [len(ids) for ids in model.tokenizer(texts, truncation=True, max_length=model.max_seq_length)["input_ids"]]


def _revision(folder: Path) -> str:
    digest = hashlib.sha256(_COMPUTED)
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
