"""Whether what is decided from vectors is decided as with exact ones: the hub's against float64.

Decisions are the order of the brief and of the passages of the sample's records, of IMCS-21's wordings the suggested
term and whether it is shown, and of neike's questions the first ten answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hub.summarizer import ranking
from hub.summarizer.embedding import Embedder, Kind, Vectors
from hub.summarizer.model import prepare
from hub.summarizer.relevance import queries
from hub.summarizer.terminology import suggest
from tests.evaluation import cases, retrieval, suggestions

_QUESTIONS, _FIRST = 100, 10


class Exact:
    """The same model in float64."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).double().eval()
        self.name, self.revision = folder.name, "float64"

    def embed(self, texts: Sequence[str], kind: Kind) -> Vectors:
        prefixed = [f"{kind}: {text}" for text in texts]
        made = self._model.encode(prefixed, prompt="", show_progress_bar=False)
        return np.asarray(made, np.float32)


def measure() -> dict[str, Any]:
    """How many decisions were compared and how many differ."""
    folder = prepare(Path(os.environ.get("REFERRAL_HUB_HOME", "~/.referral-hub")).expanduser())
    pair = [cases.embedder(stub=False), cases.remembering(Exact(folder))]
    decided = {"records": partial(records, given=list(cases.sample())), "suggestions": _suggested, "retrieval": _found}
    figures: dict[str, Any] = {}
    for name, decisions in decided.items():
        ours, exact = (list(decisions(embed)) for embed in pair)
        differing = sum(a != b for a, b in zip(ours, exact, strict=True))
        figures |= {f"precision_{name}_decisions": len(ours), f"precision_{name}_differing": differing}
    return figures


def records(embed: Embedder, given: Iterable[cases.Case]) -> Iterator[object]:
    """Of each record the brief, and of all passages which stands where."""
    for case in given:
        record = cases.record_of(case, embed)
        yield record["brief"]
        yield from (p["text"] for p in record["passages"])


def _suggested(embed: Embedder) -> Iterator[object]:
    """Of each wording of the first fold the term, and whether it is shown."""
    fold = next(suggestions.held(embed))
    for [first] in suggest.ranked(fold.entries, fold.measures, 1):
        yield first.entry.code, first.score >= suggest.THRESHOLD


def _found(embed: Embedder) -> Iterator[object]:
    """Of each question the first ten answers."""
    rows = retrieval.corpus()[:_QUESTIONS]
    answers = [answer for _, answer in rows]
    vectors = embed.embed(answers, "passage")
    for question, _ in rows:
        scores = ranking.rank(question, answers, vectors, embed.embed(queries(question), "query"), embed.name)
        yield np.argsort(-scores.round(4), kind="stable")[:_FIRST].tolist()
