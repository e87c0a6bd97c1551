"""What the record decides from vectors does not hang on how exactly and beside which other texts they are computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.summarizer.embedding import SentenceTransformerEmbedder
from hub.summarizer.model import prepare
from tests.evaluation import cases, precision


def test_decisions_are_those_of_exact_vectors(model_home: Path) -> None:
    if not cases.SAMPLE.exists():
        pytest.skip("../shared/corpora is not here")
    folder, patient = prepare(model_home), next(cases.sample())
    ours = list(precision.records(SentenceTransformerEmbedder(folder), [patient]))
    assert len(ours) > 50
    assert ours == list(precision.records(precision.Exact(folder), [patient]))
