"""The quality of the record on a fixed small set does not fall: thresholds are what holds now, and only rise.

The judge of `make evaluate` with its stub of an embedder: the reassembly sample, generated patients in the known and
in unusual wordings, minimal pairs, units.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.evaluation import cases, conversions, pairs, scoring
from tests.evaluation.generator import dates
from tests.evaluation.generator.vocabulary import worded
from tests.evaluation.generator.write import generate
from tests.evaluation.plain import numbers, plain, unit
from tests.evaluation.tally import Tally, f1, wilson

_SEED = 7
_PATIENTS = 23
_PAIRS = 300

AT_LEAST = {
    "sample": {
        "sources_byte_exact": 1.0, "statements_supported": 1.0, "facts_coded": 1.0, "facts_safety_coded": 1.0,
        "facts_text": 0.99, "facts_safety_text": 1.0, "duplicates_precision": 1.0, "duplicates_recall": 0.99,
        "conflicts_precision": 1.0, "conflicts_recall": 1.0, "medication_status_f1": 1.0, "traps_avoided": 1.0,
        "units_kept": 1.0, "timeline_sound": 1.0,
    },
    "generated": {
        "sources_byte_exact": 1.0, "statements_supported": 0.997, "facts_coded": 1.0, "facts_safety_coded": 1.0,
        "facts_text": 0.96, "facts_safety_text": 0.92, "duplicates_precision": 0.985, "duplicates_recall": 0.95,
        "conflicts_precision": 0.93, "conflicts_recall": 0.92, "medication_status_f1": 0.975, "traps_avoided": 0.99,
        "units_kept": 1.0, "timeline_sound": 1.0, "no_date_in_the_future": 1.0,
    },
    "unseen": {
        "facts_coded": 1.0, "facts_text": 0.85, "facts_safety_text": 0.88, "traps_avoided": 0.9, "units_kept": 1.0,
    },
    "pairs": {"minimal_pairs_read": 0.98, "pair_conflicts_f1": 0.97, "duplicate_pairs_merged": 0.88},
    "conversions": {"unit_conversion_right": 0.999},
}  # fmt: skip
AT_MOST = {
    "sample": {"items_without_source": 0, "another_patients_fragments": 0, "family_history_as_the_patients": 0},
    "generated": {"items_without_source": 0, "another_patients_fragments": 0, "family_history_as_the_patients": 0},
    "unseen": {"items_without_source": 0, "another_patients_fragments": 0},
    "pairs": {"wrong_merges": 0},
    "conversions": {"units_wrong_without_flag": 0},
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, float], Tally]]:
    if not cases.SAMPLE.exists():
        pytest.skip("../shared/corpora is not here")
    known, other = (tmp_path_factory.mktemp(name) for name in ("known", "unusual"))
    generate(known, _PATIENTS, _SEED)
    with worded("unseen"):
        generate(other, _PATIENTS, _SEED)
    stub = cases.embedder(stub=True)
    tallies = {
        "sample": _scored(cases.SAMPLE),
        "generated": _scored(known),
        "unseen": _scored(other),
        "pairs": pairs.measure(_PAIRS, _SEED, stub),
        "conversions": conversions.measure(2, _SEED, stub),
    }
    return {name: (_figures(tally), tally) for name, tally in tallies.items()}


def _scored(root: Path) -> Tally:
    tally, stub = Tally(), cases.embedder(stub=True)
    for case in cases.folder_of_cases(root):
        scoring.score(case, cases.record_of(case, stub), tally)
    return tally


def _figures(tally: Tally) -> dict[str, float]:
    found = tally.figures()
    for name in ("duplicates", "conflicts", "medication_status", "pair_conflicts"):
        found |= f1(tally, name)
    return found


@pytest.mark.parametrize("group", AT_LEAST)
def test_no_figure_falls_below_what_held(measured: dict[str, tuple[dict[str, float], Tally]], group: str) -> None:
    figures, tally = measured[group]
    fallen = {k: (figures[k], least) for k, least in AT_LEAST[group].items() if figures[k] < least}
    assert not fallen, _examples(tally, [*fallen])


@pytest.mark.parametrize("group", AT_MOST)
def test_what_must_not_happen_does_not(measured: dict[str, tuple[dict[str, float], Tally]], group: str) -> None:
    figures, tally = measured[group]
    risen = {k: (figures[k], most) for k, most in AT_MOST[group].items() if figures[k] > most}
    assert not risen, _examples(tally, [*risen])


def _examples(tally: Tally, figures: list[str]) -> list[dict[str, Any]]:
    """Of generated patients only synthetic text is told."""
    return [m for m in tally.misses if any(f.startswith(m["figure"][:12]) for f in figures)][:5]


def test_the_same_seed_gives_the_same_patients(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate(tmp_path / name, 2, 3)
    one, two = (sorted(p for p in (tmp_path / n).rglob("*") if p.is_file()) for n in ("a", "b"))
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    assert len(one) > 20


def test_every_statement_of_a_generated_truth_is_found_in_its_file(tmp_path: Path) -> None:
    generate(tmp_path, 12, 4)
    count = 0
    for case in cases.folder_of_cases(tmp_path):
        files = {Path(name).name: data for name, data in case.files.items()}
        for statement in (s for f in case.truth["facts"] for s in f["statements"] if s["mode"] == "text"):
            if statement["kind"] == "text":
                whole = files[statement["file"]].decode()
                assert whole[statement["start"] : statement["end"]] == statement["text"]
            count += 1
            assert statement["text"].strip()
    assert count > 300


def test_numbers_are_read_in_digits_and_in_chinese() -> None:
    assert {187.0, 2.12, 12.0, 3.5} <= numbers("１８７ 2.12 十二 三点五")
    assert plain("（高血壓病）3級") == "高血压病3级"
    assert unit("毫摩尔/升") == unit("mmol/L")


def test_relative_days_tell_the_day_they_mean() -> None:
    written, day = date(2025, 3, 20), date(2025, 3, 15)
    for number in range(200):
        said, prefixes = dates.when(day, written, "village", Random(number))
        assert all(day.isoformat().startswith(p) or "月（农历）" in said for p in prefixes), said
    assert dates.years(date(2020, 6, 1), written, "formal", Random(1)) == ("5", ["2020"])


def test_the_interval_of_a_proportion_is_wilsons() -> None:
    assert wilson(8, 10) == (0.4902, 0.9433)
    assert wilson(0, 10)[0] == 0.0
