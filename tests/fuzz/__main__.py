"""`python -m tests.fuzz --count 20000 --seed 1`: mutated messages and Bundles; one JSON line of what became of them.

They are judged as the listener works, which does not search what was there before them for garbage. Exit status 1
where one of them failed: raised, was answered after more than `--seconds` of the processor's time, left a leaf
unaccounted for. `--keep` writes those to a folder.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from heapq import nlargest
from pathlib import Path
from random import Random
from typing import NamedTuple

from hub.processes.memory import settle
from tests.fuzz import fhir, hl7v2, judging, seeds

HUGE_EVERY = 200
"""One in so many is large."""


class Kind(NamedTuple):
    seeds: Callable[[], Sequence[bytes]]
    usual: Sequence[hl7v2.Mutation]
    huge: Sequence[hl7v2.Mutation]
    judge: Callable[[bytes], judging.Judgement]


KINDS = {
    "hl7v2": Kind(seeds.hl7v2, hl7v2.USUAL, hl7v2.HUGE, judging.hl7v2),
    "fhir": Kind(seeds.fhir, fhir.USUAL, fhir.HUGE, judging.fhir),
}


class Input(NamedTuple):
    kind: str
    mutation: str
    raw: bytes


def mutated(number: int, seed: int) -> Input:
    """The input of this number: the same for the same seed."""
    chance = Random(f"{seed}/{number}")
    kind = "hl7v2" if number % 2 else "fhir"
    about = KINDS[kind]
    huge = number % HUGE_EVERY in (0, 1)
    raw = chance.choice(about.seeds())
    chosen = [chance.choice(about.huge)] if huge else chance.choices(about.usual, k=chance.choice((1, 1, 2, 3)))
    for mutation in chosen:
        with suppress(RecursionError):  # of the mutation, where an earlier one has nested its tree
            raw = mutation(raw or b"MSH|^~\\&|x", chance)
    return Input(kind, "+".join(mutation.__name__ for mutation in chosen), raw)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="number of the first input")
    parser.add_argument("--seconds", type=float, default=2.0, help="within which each is to be answered")
    parser.add_argument("--keep", type=Path, help="folder for the inputs that fail")
    asked = parser.parse_args(arguments)
    for kind in KINDS.values():
        kind.seeds()
    settle()
    results: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    slowest: list[tuple[float, str]] = []
    longest = 0.0
    for number in range(asked.start, asked.start + asked.count):
        given = mutated(number, asked.seed)
        judged = _judged(given)
        faults = [*judged.faults, *([f"late: {judged.cpu:.1f} s"] if judged.cpu > asked.seconds else [])]
        results.update(f"{given.kind} {result}" for result in judged.results)
        slowest = nlargest(5, [*slowest, (round(judged.cpu, 3), f"{number} {given.mutation}")])
        longest = max(longest, judged.seconds)
        for fault in faults:
            failures[fault.partition(": ")[0]] += 1
            sys.stderr.write(f"{number} {given.kind} {given.mutation} ({len(given.raw)} bytes): {fault}\n")
        if faults and asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / f"{asked.seed}-{number}.{given.kind}").write_bytes(given.raw)
    print(json.dumps({
        "count": asked.count, "seed": asked.seed, "failures": sum(failures.values()), "failed": failures,
        "results": dict(sorted(results.items())), "slowest_cpu_seconds": slowest,
        "slowest_wall_seconds": round(longest, 3),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))  # fmt: skip
    return 1 if failures else 0


def _judged(given: Input) -> judging.Judgement:
    try:
        return KINDS[given.kind].judge(given.raw)
    except Exception as error:  # noqa: BLE001  what is sought
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
        return judging.Judgement(["raised"], faults=[told])


if __name__ == "__main__":
    sys.exit(main())
