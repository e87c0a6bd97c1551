"""`python -m tests.roundtrip [FIELD...]`: totals and misses by field; of fields that are named, each miss."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict

from tests.roundtrip.measure import Leaf, messages, trip


def main(fields: list[str]) -> None:
    totals: Counter[str] = Counter()
    missed: dict[str, list[tuple[str, Leaf]]] = defaultdict(list)
    families: Counter[str] = Counter()
    for name, raw in messages():
        found = trip(name, raw)
        if found is None:
            totals["not taken"] += 1
            continue
        families[found.kind] += 1
        if found.refused:
            totals["refused"] += 1
            print(f"{name}: {found.refused}", file=sys.stderr)
        for leaf in found.leaves:
            totals[leaf.returned or "missed"] += 1
            if not leaf.returned:
                missed[leaf.field].append((name, leaf))
    for field, leaves in sorted(missed.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(leaves):6} {field}")
        for name, leaf in leaves if field in fields else ():
            print(f"       {name} {leaf.path}: {leaf.value!r} -> {leaf.found!r}")
    leaves = sum(totals[key] for key in ("same", "moment", "text", "missed"))
    print(json.dumps({"messages": dict(families), "leaves": leaves, **totals}, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
