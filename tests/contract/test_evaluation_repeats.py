"""The same seed gives the same patients, and the same fragments the same record, in each process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_DIGEST = """
import hashlib, json, sys
from pathlib import Path
from tests.evaluation import cases
from tests.evaluation.generator.write import generate

folder = Path(sys.argv[1])
generate(folder, 6, 3)
digest = hashlib.sha256()
for path in sorted(p for p in folder.rglob("*") if p.is_file()):
    digest.update(path.read_bytes())
print(digest.hexdigest())
for case in cases.folder_of_cases(folder):
    print(hashlib.sha256(json.dumps(cases.record_of(case, cases.StubEmbedder())).encode()).hexdigest())
"""


def digests(folder: Path, seed: str) -> list[str]:
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST, str(folder)], env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.split()


def test_neither_patients_nor_records_depend_on_the_order_of_sets(tmp_path: Path) -> None:
    first = digests(tmp_path / "a", "1")
    assert len(first) == 1 + 6
    # File names are part of a record, so the folder is the same one again.
    (tmp_path / "a").rename(tmp_path / "kept")
    assert digests(tmp_path / "a", "4") == first
