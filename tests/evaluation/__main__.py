"""Every figure of the record's quality, printed as one JSON object; words and progress go to standard error.

python -m tests.evaluation [--groups sample,generated,...] [--cases N] [--seed N] [--no-model] [--verbose FILE]
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.evaluation import cases, conversions, english, pairs, scoring
from tests.evaluation.generator.vocabulary import worded
from tests.evaluation.generator.write import generate
from tests.evaluation.tally import Tally, breakdown, f1

GROUPS = ("sample", "generated", "unseen", "broad", "held", "pairs", "units", "english", "speed")
MEASURING = ("assertion", "suggestions", "retrieval", "precision")
"""Modules beside this one with `measure() -> dict` of their own; a group each."""


GENERATED = {"generated": (".", 0), "unseen": ("unseen", 50), "broad": ("broad", 100), "held": ("broad/held", 150)}
"""Groups of generated patients: the folder of their wordings, and what is added to the seed."""
HELD_BACK = frozenset({"held"})
"""Groups for judgement: what of them was missed is not told."""
_ROUNDS_OF_UNITS = 6


def main() -> int:
    arguments = _arguments()
    chosen = arguments.groups.split(",") if arguments.groups else [*GROUPS, *MEASURING]
    figures: dict[str, Any] = {}
    misses: list[dict[str, Any]] = []
    for group in chosen:
        start = time.perf_counter()
        made, missed = _measure(group, arguments)
        figures |= made
        misses += [{"group": group, **m} for m in missed]
        sys.stderr.write(f"{group}: {time.perf_counter() - start:.1f} s, {len(missed)} misses\n")
    if arguments.verbose:
        lines = (json.dumps(m, ensure_ascii=False, default=str) for m in misses)
        arguments.verbose.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        for by in ("figure", "kind", "why"):
            sys.stderr.write(f"by {by}: {json.dumps(breakdown(misses, by), ensure_ascii=False)}\n")
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation")
    parser.add_argument("--groups", help=f"comma separated, of {', '.join([*GROUPS, *MEASURING])}")
    parser.add_argument("--cases", type=int, default=60, help="generated patients")
    parser.add_argument("--pairs", type=int, default=1000, help="minimal pairs, and as many duplicates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--no-model",
        action="store_true",
        help="a cheap stub embeds (not for suggestions, retrieval)",
    )
    parser.add_argument("--verbose", type=Path, metavar="FILE", help="write what was missed as JSON Lines")
    return parser.parse_args()


def _measure(group: str, arguments: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if group in MEASURING:
        return _module(group), []
    if group == "sample":
        return _records(cases.sample(), arguments, "sample_")
    if group in GENERATED:
        folder, further = GENERATED[group]
        with TemporaryDirectory() as root, worded(folder):
            generate(Path(root), arguments.cases, arguments.seed + further)
            figures, missed = _records(cases.folder_of_cases(Path(root)), arguments, f"{group}_")
            return figures, [] if group in HELD_BACK else missed
    if group == "pairs":
        tally = pairs.measure(arguments.pairs, arguments.seed, cases.embedder(arguments.no_model))
        return tally.figures() | f1(tally, "pair_conflicts"), tally.misses
    if group == "units":
        tally = conversions.measure(_ROUNDS_OF_UNITS, arguments.seed, cases.embedder(stub=True))
        return tally.figures(), tally.misses
    if group == "speed":
        return ({} if arguments.no_model else importlib.import_module("tests.benchmarks.record").measure()), []
    if group == "english":
        tally = english.measure(cases.embedder(stub=True))
        return tally.figures(), tally.misses
    raise SystemExit(f"unknown group {group}")


def _module(name: str) -> dict[str, Any]:
    return dict(_flat(importlib.import_module(f"tests.evaluation.{name}").measure()))


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Figures inside figures by all their names: figure -> number."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", value


def _records(
    given: Iterable[cases.Case], arguments: argparse.Namespace, prefix: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    tally = Tally()
    embed = cases.embedder(arguments.no_model)
    for case in given:
        scoring.score(case, cases.record_of(case, embed), tally)
    figures = tally.figures(prefix)
    for name in ("duplicates", "conflicts", "medication_status"):
        figures |= f1(tally, name, prefix)
    return figures, tally.misses


if __name__ == "__main__":
    sys.exit(main())
