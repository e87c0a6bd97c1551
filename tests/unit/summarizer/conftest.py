"""Fragments as tests need them, and an embedder that needs no model."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from hub.domain.fragments import Fragment, cite_document
from hub.summarizer.record import summarize

Make = Callable[..., Fragment]


class BigramEmbedder:
    """Texts that share character pairs are near; deterministic."""

    name = "bigrams"
    revision = "1"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str], kind: str) -> np.ndarray[Any, Any]:
        self.seen += texts
        vectors = np.full((len(texts), 256), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for pair in itertools.pairwise(text):
                vectors[row, hashlib.md5("".join(pair).encode()).digest()[0]] += 1
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def of(resource: dict[str, Any], **given: Any) -> Fragment:
    """A fragment received as FHIR; keyword arguments as of Fragment."""
    base = given.pop("base", "/entry/0/resource")
    values: dict[str, Any] = {
        "id": f"f-{next(_numbers)}",
        "message_id": "M1",
        "patient": "",
        "organization": "县医院",
        "received_at": datetime(2025, 5, 1, tzinfo=UTC),
        "recorded_at": None,
        "file": None,
        "kind": "fhir",
        "resource": resource,
        "citations": cite_document(resource, base),
    }
    return Fragment(**{**values, **given})


_numbers = itertools.count(1)


@pytest.fixture
def make() -> Make:
    return of


@pytest.fixture
def embedder() -> BigramEmbedder:
    return BigramEmbedder()


@pytest.fixture
def record(embedder: BigramEmbedder) -> Callable[..., dict[str, Any]]:
    def made(*fragments: Fragment, question: str | None = None, **given: Any) -> dict[str, Any]:
        values = {"referral_id": None, "patient": None, "as_of": date(2025, 6, 1), "embed": embedder}
        values["generated_at"] = datetime(2025, 6, 1, tzinfo=UTC)
        return summarize(fragments, question=question, **{**values, **given})

    return made
