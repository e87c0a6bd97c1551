"""The curated tables beside this module: one term a row, with its codes, names and colloquial wording.

A table is tab-separated UTF-8. Lines that start with `#` give `kind`, `system` (of its codes), `source` and `licence`,
and are comments otherwise. Columns: preferred name; codes; names (synonyms, abbreviations, brand names of medicines,
English); colloquial wording; broader terms; patterns. Several values of a column are parted by `|`, patterns by spaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_LISTED = 6
_FAMILY = {"symptom": "problem"}
"""Kinds whose terms are looked up under another: a symptom that somebody coded is a Condition."""


@dataclass(frozen=True, slots=True)
class Term:
    """A row of a table.

    kind: `problem`, `symptom`, `medicine`, `analyte`, `procedure`, `allergen`, `vaccine`; codes: (system, code), the
    preferred first; names, colloquial: as a text may call it, in simplified Chinese or English; broader: preferred
    names of terms of the same kind of which this is one; patterns: regular expressions for wording that no fixed
    string can hold (`膝盖.{0,3}换了?关节`).
    """

    kind: str
    name: str
    codes: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    colloquial: tuple[str, ...]
    broader: tuple[str, ...]
    patterns: tuple[str, ...]

    @property
    def key(self) -> str:
        """What statements on this term share, whatever they call it."""
        return f"term|{family(self.kind)}:{self.name}"


def family(kind: str) -> str:
    return _FAMILY.get(kind, kind)


@lru_cache(maxsize=1)
def terms() -> tuple[Term, ...]:
    """All terms of all tables. Raises ValueError with the file and line of a row that cannot be read."""
    folder = files("hub.summarizer.terminology")
    tables = sorted((f for f in folder.iterdir() if f.name.endswith(".tsv")), key=lambda f: f.name)
    return tuple(term for table in tables for term in read(table.name, table.read_text("utf-8")))


def read(name: str, text: str, given: Mapping[str, str] | None = None) -> Iterator[Term]:
    """The terms of one table. given: goes before what its head says. Raises ValueError with its place."""
    head = dict(given or {})
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            word, _, value = line.removeprefix("#").strip().partition(" ")
            head.setdefault(word, value.strip())
        elif line.strip():
            if "kind" not in head:
                raise ValueError(f"{name}:{number}: no `# kind` before the first term")
            cells = [cell.strip() for cell in line.split("\t")]
            if len(cells) > _LISTED or not cells[0]:
                raise ValueError(f"{name}:{number}: expected a name and at most {_LISTED} columns")
            preferred, codes, names, colloquial, broader, patterns = (*cells, "", "", "", "", "")[:_LISTED]
            yield Term(head["kind"], preferred, tuple((head.get("system", ""), code) for code in _parts(codes)),
                       _parts(names), _parts(colloquial), _parts(broader), tuple(patterns.split()))  # fmt: skip


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())
