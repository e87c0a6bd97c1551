"""`make bench`: every figure side by side in one run; prints one JSON object, words to standard error.

`python -m tests.benchmarks [NAME...]` runs only the named groups.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

GROUPS = ("tokenizer", "conversion", "intake", "relay", "latency", "delivery", "record", "pages")


def main(names: list[str]) -> None:
    figures: dict[str, float | str] = {}
    for name in names or GROUPS:
        start = time.monotonic()
        figures |= importlib.import_module(f"tests.benchmarks.{name}").measure()
        sys.stderr.write(f"{name}: {time.monotonic() - start:.0f} s\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
