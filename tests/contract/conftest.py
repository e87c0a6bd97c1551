"""The records that the real command makes of ../shared/corpora/reassembly-sample."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.processes.commands import main
from hub.processes.demo import share_models

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "reassembly-sample"


@dataclass(frozen=True)
class Reassembled:
    """One patient of the sample: what was sent, what the command made of it, and what is so."""

    name: str
    status: int
    files: dict[str, bytes]
    record: dict[str, Any]
    truth: dict[str, Any]


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A REFERRAL_HUB_HOME whose model is the one of all tests and of the demo, made once."""
    home = tmp_path_factory.mktemp("model")
    share_models(home, Path("~/.referral-hub").expanduser())
    return home


@pytest.fixture(scope="session")
def reassembled(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Reassembled]]:
    if not SAMPLE.exists():
        pytest.skip("../shared/corpora is not here")
    out = tmp_path_factory.mktemp("records")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFERRAL_HUB_HOME", str(model_home))
        patch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
        yield [_run(folder, out) for folder in sorted((SAMPLE / "inputs").iterdir())]


def _run(folder: Path, out: Path) -> Reassembled:
    paths = sorted(p for p in folder.iterdir() if p.name not in ("manifest.jsonl", "question.txt"))
    target = out / f"{folder.name}.json"
    question = (folder / "question.txt").read_text("utf-8").strip()
    words = ["summarize", "--manifest", str(folder / "manifest.jsonl"), "--question", question, "--out", str(target)]
    status = main([*words, *map(str, paths)])
    record = json.loads(target.read_text("utf-8"), parse_float=Decimal)
    truth = json.loads((SAMPLE / "truth" / f"{folder.name}.json").read_text("utf-8"))
    return Reassembled(folder.name, status, {str(p): p.read_bytes() for p in paths}, record, truth)
