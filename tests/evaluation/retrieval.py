"""Questions to answers: of 300 answers of neike_qa_dev, is the one to a question among the first ten?

What is shipped was fitted on all of these questions; the figures here are of a fit on two thirds of them, drawn from
the other third, and for comparison of no fit at all.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hub.summarizer import ranking
from hub.summarizer.embedding import Embedder, Vectors, unit
from hub.summarizer.relevance import queries
from tests.evaluation import remembered
from tests.evaluation.tally import wilson

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "text" / "neike_qa_dev.jsonl"
DRAWS, SIZE, FIRST = 3, 300, 10
_PULL, _TEMPERATURE, _EPOCHS, _RATE, _BATCH = 0.003, 0.1, 20, 1e-3, 300


def measure() -> dict[str, Any]:
    """Hit in the first ten and first, with intervals; the same without what was fitted."""
    embed = remembered.embedder()
    rows = corpus()
    order = np.random.default_rng(0).permutation(len(rows))
    third = len(rows) // 3
    asked, answered = embedded(embed, [rows[n] for n in order])
    figures = {}
    with np.load(io.BytesIO(fitted(asked[third:], answered[third:]))) as kept:
        figures |= _figures("retrieval", [rows[n] for n in order[:third]], answered[:third], embed, _of(kept))
    return figures | _figures("retrieval_not_fitted", [rows[n] for n in order[:third]], answered[:third], embed, None)


def corpus() -> list[tuple[str, str]]:
    """Questions and answers of the corpus."""
    lines = map(json.loads, CORPUS.read_text("utf-8").splitlines())
    return [(f"{line['title']}\n{line['ask']}", line["answer"]) for line in lines]


def embedded(embed: Embedder, rows: list[tuple[str, str]] | None = None) -> tuple[Vectors, Vectors]:
    """Vectors of questions and answers, of the whole corpus unless told."""
    rows = corpus() if rows is None else rows
    return embed.embed([q for q, _ in rows], "query"), embed.embed([a for _, a in rows], "passage")


def _of(kept: Any) -> ranking.Fitted:
    return ranking.Fitted(*(kept[n].astype(np.float32) for n in ranking.NAMES))


def _figures(
    name: str, rows: list[tuple[str, str]], answered: Vectors, embed: Embedder, fit: ranking.Fitted | None
) -> dict[str, Any]:
    ranks = np.concatenate([_ranks(rows, answered, embed, fit, draw) for draw in range(DRAWS)])
    figures: dict[str, Any] = {}
    for what, hit in (("hit_10", ranks < FIRST), ("hit_1", ranks < 1)):
        low, high = wilson(int(hit.sum()), len(hit))
        figures |= {
            f"{name}_{what}": round(float(hit.mean()), 4),
            f"{name}_{what}_low": low,
            f"{name}_{what}_high": high,
        }
    return figures


def _ranks(
    rows: list[tuple[str, str]], answered: Vectors, embed: Embedder, fit: ranking.Fitted | None, draw: int
) -> npt.NDArray[np.int64]:
    chosen = np.random.default_rng(draw).permutation(len(rows))[:SIZE]
    passages = [rows[n][1] for n in chosen]
    ranks = []
    for place, n in enumerate(chosen):
        question = rows[n][0]
        asked = embed.embed(queries(question), "query")
        scores = ranking.rank(question, passages, answered[chosen], asked, fit=fit)
        ranks.append(int((scores > scores[place]).sum()))
    return np.array(ranks)


def fitted(asked: Vectors, answered: Vectors) -> bytes:
    """`nearness.npz`: means, and two matrices that bring each question and its answer together among 300 others.

    The matrices are held close to the identity, which is what lets them do good to questions that were not seen.
    """
    import torch

    torch.manual_seed(0)
    means = asked.mean(axis=0), answered.mean(axis=0)
    sides = [torch.from_numpy(unit(v - m)) for v, m in zip((asked, answered), means, strict=True)]
    same = torch.eye(asked.shape[1])
    matrices = [same.clone().requires_grad_() for _ in sides]
    optimizer = torch.optim.Adam(matrices, lr=_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _EPOCHS)
    normalize, entropy = torch.nn.functional.normalize, torch.nn.functional.cross_entropy
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(asked)).split(_BATCH):
            left, right = (normalize(v[batch] @ m) for v, m in zip(sides, matrices, strict=True))
            scores, own = left @ right.T / _TEMPERATURE, torch.arange(len(batch))
            loss = (entropy(scores, own) + entropy(scores.T, own)) / 2
            loss = loss + _PULL * sum((m - same).pow(2).sum() for m in matrices)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    made = [*means, *(m.detach().numpy() for m in matrices)]
    file = io.BytesIO()
    np.savez_compressed(file, **{n: v.astype(np.float16) for n, v in zip(ranking.NAMES, made, strict=True)})
    return file.getvalue()
