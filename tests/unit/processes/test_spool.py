"""The spool keeps order, keeps what was refused, and takes nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.domain.errors import Unavailable
from hub.processes.spool import Spool


def test_what_waits_comes_first_and_in_order(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool") as spool:
        spool.add([b"one", b"two"])
    with Spool(tmp_path / "spool") as spool:
        spool.add([b"three"])
        assert [place.read_bytes() for place in spool.waiting()] == [b"one", b"two", b"three"]
        spool.done(spool.waiting()[0])
        assert [place.read_bytes() for place in spool.waiting()] == [b"two", b"three"]


def test_the_same_message_waits_once(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        [first] = spool.add([b"one"])
        assert spool.add([b"two", b"one"])[1] == first
        assert len(spool.waiting()) == 2


def test_the_refused_are_kept_with_their_answer(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        [place] = spool.add([b"one"])
        spool.refuse(place, b"MSA|AE")
        assert spool.waiting() == []
    kept = {path.suffix: path.read_bytes() for path in (tmp_path / "refused").iterdir()}
    assert kept == {".msg": b"one", ".answer": b"MSA|AE"}


def test_two_programs_do_not_share_a_spool(tmp_path: Path) -> None:
    with Spool(tmp_path), pytest.raises(Unavailable, match="another program"):
        Spool(tmp_path)
