"""The PDFs of a message are read together, within a time; what one of them does costs the others nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from adapters.attached import pdf
from tests.unit.forms import pdfs


def why(found: str | pdf.Unreadable) -> str:
    return f"-{found.why}" if isinstance(found, pdf.Unreadable) else found


def test_all_are_read_by_one_process_each_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *given, **named: started.append(given) or run(*given, **named))
    files = [pdfs.pdf("血钾 5.9"), b"%PDF-1.4 broken", pdfs.pdf("x", password="open"), b"", pdfs.pdf("one", "two")]
    assert [why(found) for found in pdf.texts_of(files)] == ["血钾 5.9", "-broken", "-locked", "-broken", "one\ntwo"]
    assert len(started) == 1


READER = """
import os, signal
from adapters.attached import pdf

def extract(content):
    if content == b"dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    while content == b"hangs":
        pass
    return content.decode()

pdf.extract, pdf.GIVEN_UP_AFTER = extract, float(os.environ["GIVEN_UP_AFTER"])
pdf.main()
"""
"""The child, with files that do what a PDF may make PDFium do."""


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(pdf, "_CHILD", (sys.executable, "-c", READER))
    return monkeypatch


def test_one_that_the_reader_dies_of_or_hangs_in_costs_the_others_nothing(reader: pytest.MonkeyPatch) -> None:
    reader.setenv("GIVEN_UP_AFTER", "0.5")
    reader.setattr(pdf, "TOGETHER", 60.0)
    files = [b"one", b"dies", b"two", b"hangs", b"three"]
    assert [why(found) for found in pdf.texts_of(files)] == ["one", "-broken", "two", "-broken", "three"]


def test_when_the_time_of_all_is_over_the_rest_is_left(reader: pytest.MonkeyPatch) -> None:
    reader.setenv("GIVEN_UP_AFTER", "60")
    reader.setattr(pdf, "TOGETHER", 3.0)
    assert [why(found) for found in pdf.texts_of([b"one", b"hangs", b"two"])] == ["one", "-late", "-late"]
