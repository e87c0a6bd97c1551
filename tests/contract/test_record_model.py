"""The bundled model: made once, a real sentence-transformers folder, near for what is near."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hub.summarizer.embedding import SentenceTransformerEmbedder
from hub.summarizer.model import prepare


def test_the_model_is_made_once_and_knows_chinese_and_english(model_home: Path) -> None:
    folder = prepare(model_home)
    made = (folder / "model.safetensors").stat().st_mtime_ns
    assert prepare(model_home) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made
    embedder = SentenceTransformerEmbedder(folder)
    vectors = embedder.embed(["慢性肾脏病", "chronic kidney disease", "今天赶场人多"], "passage")
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert len(embedder.revision) == 16
