"""The generator's own words: concepts with their names in three registers, sentence patterns, and kinds of patients."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

_DATA = Path(__file__).parent / "data"
_FOLDER = ContextVar("folder", default=".")
REGISTERS = ("village", "formal", "english", "dialogue")


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing that can be said of a patient. row: the further columns of its table."""

    name: str
    code: str
    formal: tuple[str, ...]
    colloquial: tuple[str, ...]
    english: tuple[str, ...]
    row: dict[str, str]

    @property
    def names(self) -> list[str]:
        said = [self.name, *self.formal, *self.colloquial, *self.english]
        said += [n.removesuffix("的手术").removesuffix("手术") for n in said if n.endswith("手术")]
        return list(dict.fromkeys(n for n in said if len(n) > 1 or n.isascii()))

    def surface(self, register: str, chance: Random) -> str:
        """A name as one of this register writes it."""
        if register == "english":
            return chance.choice(self.english)
        plain = register in ("village", "dialogue") and chance.random() < 0.65
        return chance.choice(self.colloquial if plain and self.colloquial else self.formal)


@cache
def table(name: str) -> dict[str, Concept]:
    """Concepts of one TSV by name."""
    found = {}
    with (_DATA / f"{name}.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            plain = row.get("colloquial") or row.get("brand") or ""
            words = [tuple(w for w in text.split("|") if w) for text in (row["formal"], plain, row["english"])]
            found[row["concept"]] = Concept(row["concept"], row["code"], *words, row)
    return found


def patterns(register: str) -> dict[str, list[str]]:
    """Sentence patterns by kind of fact: those known to who develops, or inside `worded()` others."""
    return _patterns(_FOLDER.get(), register)


@contextmanager
def worded(folder: str) -> Iterator[None]:
    """Patterns of data/FOLDER alone are used, and its phrases before those of data."""
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


@cache
def _patterns(folder: str, register: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = yaml.safe_load((_DATA / folder / f"{register}.yaml").read_text("utf-8"))
    return found


@cache
def archetypes() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((_DATA / "archetypes.yaml").read_text("utf-8"))
    return found


def phrases() -> dict[str, Any]:
    """How doses, frequencies, kin, reasons and units are worded."""
    return _phrases(_FOLDER.get())


@cache
def _phrases(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((_DATA / "phrases.yaml").read_text("utf-8"))
    own = _DATA / folder / "phrases.yaml"
    return _laid_over(found, yaml.safe_load(own.read_text("utf-8"))) if own.exists() else found


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Mappings within mappings, with the lists and words of `above` where it has some."""
    nested = {k: _laid_over(below.get(k, {}), v) for k, v in above.items() if isinstance(v, dict)}
    return below | above | nested
