"""Units: the same measurement in two units is one, another value is a contradiction; factors are this table's own."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

from hub.summarizer.embedding import Embedder
from tests.evaluation.matching import Json, items
from tests.evaluation.tally import Tally
from tests.evaluation.tiny import record

_DATA = Path(__file__).parent / "data" / "units.tsv"
_DIFFERENT = (0.7, 0.8, 1.25, 1.5, 2.0)


def measure(rounds: int, seed: int, embed: Embedder) -> Tally:
    """Each analyte `rounds` times with equal and as often with different values, in one record a round."""
    with _DATA.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    tally = Tally()
    tally.add("units_wrong_without_flag", 0)
    for number in range(rounds):
        for equal in (True, False):
            chance = Random(f"{seed}{number}{equal}")
            given = [_pair(row, equal, chance) for row in rows]
            made = record([], embed, [r for pair in given for r in pair])
            for row, pair in zip(rows, given, strict=True):
                _score(f"{number}", row, pair, equal, made, tally)
    return tally


def _pair(row: dict[str, str], equal: bool, chance: Random) -> tuple[Json, Json]:
    value = round(chance.uniform(float(row["low"]), float(row["high"])), 2)
    other = value if equal else value * chance.choice(_DIFFERENT)
    converted = other * float(row["factor"]) + float(row["offset"])
    shown = float(f"{converted:.4g}") if abs(converted) < 1000 else round(converted)
    return _observation(row, value, row["unit"]), _observation(row, shown, row["other"])


def _observation(row: dict[str, str], value: float, unit: str) -> Json:
    return {
        "resourceType": "Observation", "status": "final", "effectiveDateTime": "2025-02-01T07:30:00+08:00",
        "code": {"coding": [{"system": "http://loinc.org", "code": row["loinc"], "display": row["name"]}]},
        "valueQuantity": {"value": value, "unit": unit},
    }  # fmt: skip


def _score(case: str, row: dict[str, str], pair: tuple[Json, Json], equal: bool, made: Json, tally: Tally) -> None:
    mine = [i for _, i in items(made) if (i["code"] or {}).get("code") == row["loinc"]]
    ids = {i["id"] for i in mine}
    flagged = any(c["kind"] == "result" and ids & set(c["item_ids"]) for c in made["conflicts"])
    points = [p for i in mine for p in i["series"] or ()]
    # Equal: one point of one item, or at least no contradiction. Different: a contradiction that is shown.
    right = not flagged and len(points) == 1 if equal else flagged
    tally.hit("unit_conversion_right", case, right)
    tally.hit(f"unit_conversion_right:{row['unit']} {row['other']}", case, right)
    # Wrong without a flag: values that differ were made one, or equal ones are said to contradict.
    wrong = flagged if equal else not flagged and len(points) == 1
    if wrong:
        tally.add("units_wrong_without_flag")
    if not right:
        values = [r["valueQuantity"] for r in pair]
        tally.miss(
            "unit_conversion_right",
            case,
            kind=row["name"],
            text=values,
            expected="one" if equal else "conflict",
            got=[i["text"] for i in mine],
            flagged=flagged,
        )
