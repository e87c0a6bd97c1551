"""`referral-hub demo --headless` plays the whole story and reports it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("referral-hub")


@pytest.mark.timeout(240)
def test_the_story_is_played_in_every_step(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REFERRAL_HUB_")}
    done = subprocess.run(
        [PROGRAM, "demo", "--headless", "--report", tmp_path / "report.json"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=220,
    )  # fmt: skip
    report = json.loads(done.stdout.splitlines()[-1])
    assert [step for step in report["steps"] if not step["ok"]] == []
    assert (done.returncode, report["ok"]) == (0, True)
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert report["messages_sent"] == report["messages_acknowledged"] > 20
    assert report["referrals"] == 6
    assert report["statements"] == report["statements_with_source"] > 10
    assert report["records"] >= 2
    assert all(count > 0 for count in report["events_by_hospital"].values())
    assert {"YUNLING", "JIANGZHOU"} <= set(report["events_by_hospital"])
    assert report["events_published"] >= max(report["events_by_hospital"].values())
    assert set(report) == {
        "ok", "seconds", "messages_sent", "messages_acknowledged", "referrals", "events_published",
        "events_by_hospital", "records", "statements", "statements_with_source", "steps",
    }  # fmt: skip
