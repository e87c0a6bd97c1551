"""`python -m tests.fidelity [FOLDER]`: the expected outputs' key facts that stand in ours, by family and source.

FOLDER: hl7v2 of the corpora.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.conftest import CORPORA
from tests.fidelity.corpus import cases
from tests.fidelity.scoring import Tally, score


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", nargs="?", type=Path, default=CORPORA / "hl7v2")
    asked.add_argument("--misses", type=int, default=40, help="how many classes of misses to print")
    given = asked.parse_args()
    tally = score(cases(given.folder))
    print(f"{'':18}{'facts':>7}{'found':>7}{'all aside':>11}{'README':>9}{'none':>9}{'disputed':>10}")
    for group, expected in sorted(tally.expected.items(), key=lambda item: -item[1]):
        print(_row(tally, group, expected))
    print()
    for name, count in tally.used.most_common():
        print(f"{count:6} {name}")
    print()
    for miss, count in tally.misses.most_common(given.misses):
        source, resource, element, reason = miss
        examples = "; ".join(tally.examples[miss][:3])
        print(f"{count:6} {source:12} {resource}.{element} [{reason or 'UNEXPLAINED'}] {examples}")


def _row(tally: Tally, group: str, expected: int) -> str:
    """Found of the facts that count; of those but for what the official maps contradict, as the corpora's README has
    it; of all."""
    found, disputed = tally.found[group], tally.disputed[group]
    whole = expected + disputed
    shares = f"{found / expected:11.1%}{found / (whole - tally.contradicted[group]):9.1%}{found / whole:9.1%}"
    return f"{group:18}{expected:7}{found:7}{shares}{disputed:10}"


if __name__ == "__main__":
    main()
