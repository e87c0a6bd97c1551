from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hub.summarizer.embedding import CachedEmbedder, batches


def test_only_what_is_new_is_embedded_and_order_is_kept(embedder: Any) -> None:
    stored: dict[bytes, bytes] = {}

    def get(keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        return {k: stored[k] for k in keys if k in stored}

    cached = CachedEmbedder(embedder, get, stored.update)
    first = cached.embed(["血压高", "痛风", "血压高"], "passage")
    again = cached.embed(["痛风", "新的一句"], "passage")
    assert embedder.seen == ["血压高", "痛风", "新的一句"]
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(first[1], again[0])
    assert again.dtype == np.float32


def test_a_query_is_not_the_passage_of_the_same_words(embedder: Any) -> None:
    stored: dict[bytes, bytes] = {}
    cached = CachedEmbedder(embedder, lambda keys: {k: stored[k] for k in keys if k in stored}, stored.update)
    cached.embed(["痛风"], "passage")
    cached.embed(["痛风"], "query")
    assert len(stored) == 2


def test_nothing_to_embed_asks_nobody(embedder: Any) -> None:
    cached = CachedEmbedder(embedder, lambda keys: {}, lambda new: None)
    assert len(cached.embed([], "passage")) == 0
    assert embedder.seen == []


def test_texts_of_about_one_length_go_through_the_model_together() -> None:
    lengths = [40, 9, 400, 41, 10, 390, 512, 40]
    found = list(batches(lengths))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    assert [sorted(lengths[i] for i in batch) for batch in found] == [[9, 10], [40, 40, 41], [390, 400], [512]]


def test_filling_up_costs_no_more_than_a_quarter() -> None:
    lengths = [*range(5, 120), *range(200, 512, 7)]
    filled = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches(lengths))
    assert filled <= 1.25 * sum(lengths)


def test_many_short_texts_are_parted_and_one_that_is_too_long_stands_alone() -> None:
    assert max(len(batch) for batch in batches([12] * 1000)) < 200
    assert list(batches([100_000])) == [[0]]
    assert list(batches([])) == []
