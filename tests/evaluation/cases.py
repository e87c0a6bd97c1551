"""Cases: a folder of what was sent and the truth of it; and the record that the command's own functions make of one."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from hub.processes import received_files
from hub.summarizer.embedding import CachedEmbedder, Embedder, Kind, SentenceTransformerEmbedder, Vectors
from hub.summarizer.model import prepare
from hub.summarizer.record import summarize

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
SAMPLE = CORPORA / "reassembly-sample"
_ZONE = "Asia/Shanghai"
_ASIDE = ("manifest.jsonl", "question.txt")
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Case:
    """One patient: the folder of files as received, and what is so (reassembly-truth/1)."""

    name: str
    folder: Path
    truth: dict[str, Any]

    @property
    def paths(self) -> list[Path]:
        return sorted(p for p in self.folder.iterdir() if p.name not in _ASIDE)

    @property
    def files(self) -> dict[str, bytes]:
        """What a record calls a file -> its bytes."""
        return {str(p): p.read_bytes() for p in self.paths}


class StubEmbedder:
    """Character bigrams hashed into 256 numbers: similar words are near each other, without torch."""

    name = "stub"
    revision = "1"

    def embed(self, texts: Sequence[str], kind: Kind) -> Vectors:
        vectors = np.zeros((len(texts), 256), np.float32)
        for row, text in enumerate(texts):
            for a, b in zip(text, text[1:] + " ", strict=True):
                vectors[row, int.from_bytes(hashlib.blake2b((a + b).encode(), digest_size=2).digest()) % 256] += 1
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(norms, 1e-9)


@cache
def embedder(stub: bool) -> Embedder:
    """The bundled model, loaded, with a memory; or the stub."""
    if stub:
        return StubEmbedder()
    os.environ["HF_HUB_OFFLINE"] = "1"
    home = Path(os.environ.get("REFERRAL_HUB_HOME", "~/.referral-hub")).expanduser()
    model = SentenceTransformerEmbedder(prepare(home))
    model.load()
    return remembering(model)


def remembering(embed: Embedder) -> CachedEmbedder:
    """The same with a memory of its own."""
    stored: dict[bytes, bytes] = {}
    return CachedEmbedder(embed, lambda keys: {k: stored[k] for k in keys if k in stored}, stored.update)


def sample() -> Iterator[Case]:
    """The four patients of ../shared/corpora/reassembly-sample."""
    yield from folder_of_cases(SAMPLE)


def folder_of_cases(root: Path) -> Iterator[Case]:
    """Cases of a folder laid out as the sample: inputs/NAME/*, truth/NAME.json."""
    for folder in sorted((root / "inputs").iterdir()):
        truth = json.loads((root / "truth" / f"{folder.name}.json").read_text("utf-8"))
        yield Case(folder.name, folder, truth)


def record_of(case: Case, embed: Embedder) -> dict[str, Any]:
    """What `referral-hub summarize` writes for the case, without a process of its own."""
    manifest = received_files.manifest(case.folder / "manifest.jsonl")
    received = received_files.read([str(p) for p in case.paths], manifest, _ZONE)
    question = case.folder / "question.txt"
    record = summarize(
        received.fragments,
        referral_id=None,
        question=question.read_text("utf-8").strip() if question.exists() else None,
        patient=None,
        as_of=received_files.newest(received, _ZONE).date(),
        generated_at=_MOMENT,
        embed=embed,
        request_id=received_files.newest_referral(received),
    )
    if received.refused:
        raise ValueError(f"{case.name}: refused {[r.file for r in received.refused]}")
    made: dict[str, Any] = json.loads(_encode(record))
    return made
