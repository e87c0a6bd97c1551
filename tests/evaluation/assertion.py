"""Whether what is absent is read as absent: clinical notes labelled by hand, and the consultations of cmdd.

cmdd's README says 0 absent, 2 uncertain; its data say otherwise: `type` 1 is present, 2 absent, 3 uncertain or general.
Half of its dialogues were read while the rules were written, a quarter (`seen`) was looked through once, of the last
(`unseen`) only the score was seen. Of the notes, errors in odd rows were read, in even ones (`unseen`) not; what the
rules make of all of cehrner was skimmed besides, without labels.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.dialogue import dialogue_contexts
from hub.summarizer.reading.model import Assertion
from hub.summarizer.reading.turns import Speaker

DATA = Path(__file__).parent / "data"
CMDD = Path(__file__).parents[3] / "shared" / "corpora" / "text" / "cmdd_train.jsonl"
_HALVES = ("read", "seen", "read", "unseen")
_MEANT: dict[str, Assertion] = {"1": "present", "2": "absent", "3": "uncertain"}
_MARKED = re.compile("(⟦[^⟧]*⟧|⟨[^⟩]*⟩)")
_SIMPLIFIED = str.maketrans("沒無嗎發燒現還個這們來時會對點過", "没无吗发烧现还个这们来时会对点过")

Pair = tuple[str, str, str]
"""Part of the data, label, what was read."""


def measure() -> dict[str, Any]:
    """F1 (with precision, recall, counts) of absent and uncertain, by corpus and part of it."""
    figures: dict[str, Any] = {}
    for language in ("zh", "en"):
        pairs = list(notes(language))
        figures[f"negation_notes_{language}"] = _by_part(pairs, ("absent", "uncertain"))
    if CMDD.exists():
        figures["negation_dialogues_cmdd"] = _by_part(list(dialogues()), ("absent",))
    figures["assertion_microseconds_per_mention"] = round(_speed(), 1)
    return figures


def notes(language: str) -> Iterator[Pair]:
    """The labelled mentions of `assertion_{language}.tsv`; a plan counts as read where it is planned."""
    for number, (label, text, spans, at) in enumerate(_rows(language)):
        context = contexts(text, spans)[at]
        read = "planned" if label == "planned" and context.planned else context.assertion
        yield ("unseen" if number % 2 else "read"), label, read


def dialogues() -> Iterator[Pair]:
    """The mentions of cmdd, their spans given, read with the whole dialogue."""
    with CMDD.open(encoding="utf-8") as lines:
        for line in lines:
            dialogue = json.loads(line)
            part = _HALVES[hashlib.sha256(dialogue["example-id"].encode()).digest()[0] % 4]
            turns = [_turn(turn) for turn in dialogue["dialogue-content"]]
            found = dialogue_contexts([(speaker, text) for speaker, text, _, _ in turns], [s for _, _, s, _ in turns])
            for contexts_of_turn, (_, _, _, types) in zip(found, turns, strict=True):
                for context, kind in zip(contexts_of_turn, types, strict=True):
                    yield part, _MEANT[kind], context.assertion


def _turn(turn: dict[str, Any]) -> tuple[Speaker, str, list[tuple[int, int]], list[str]]:
    spans = [(m.start(), m.end()) for m in re.finditer("BI*", turn["label"])]
    if len(spans) != len(turn["type"]):
        spans = []
    speaker: Speaker = "clinician" if turn["speaker"] == "医生" else "patient"
    return speaker, turn["sentence"].translate(_SIMPLIFIED), spans, turn["type"] if spans else []


@lru_cache(maxsize=2)
def _rows(language: str) -> tuple[tuple[str, str, tuple[tuple[int, int], ...], int], ...]:
    found = []
    for line in (DATA / f"assertion_{language}.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        label, marked = line.split("\t")
        text, spans, at = "", [], 0
        for part in _MARKED.split(marked):
            if part[:1] in ("⟦", "⟨"):
                at = len(spans) if part[0] == "⟦" else at
                spans.append((len(text), len(text) + len(part) - 2))
                part = part[1:-1]
            text += part
        found.append((label, text, tuple(spans), at))
    return tuple(found)


def _by_part(pairs: list[Pair], labels: Iterable[str]) -> dict[str, Any]:
    parts = [*dict.fromkeys(part for part, _, _ in pairs)]
    return {
        label: {part: _score([p for p in pairs if part in (p[0], "all")], label) for part in (*sorted(parts), "all")}
        for label in labels
    }


def _score(pairs: list[Pair], label: str) -> dict[str, Any]:
    counts = Counter((meant == label, read == label) for _, meant, read in pairs)
    right, wrong, missed = counts[True, True], counts[False, True], counts[True, False]
    return {
        "f1": round(2 * right / max(1, 2 * right + wrong + missed), 4),
        "precision": round(right / max(1, right + wrong), 4),
        "recall": round(right / max(1, right + missed), 4),
        "mentions": right + missed,
    }


def _speed() -> float:
    rows = [row for language in ("zh", "en") for row in _rows(language)]
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _, text, spans, _ in rows:
            contexts(text, spans)
        best = min(best, time.process_time() - start)
    return best / sum(len(row[2]) for row in rows) * 1e6


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
