"""What a receiver wants to know: met by one of its words."""

from __future__ import annotations

import pytest

from hub.domain.requirements import Requirement, unmet

ECG = Requirement("心电图结果", ("心电图", "ECG"))


@pytest.mark.parametrize("text", ["已做心电图", "ecg normal", "ＥＣＧ正常", "见\nEcG"])
def test_one_word_is_enough_whatever_its_case_and_width(text: str) -> None:
    assert unmet([ECG], text) == ()


def test_what_is_not_said_is_told_in_the_receivers_order() -> None:
    drug = Requirement("用药", ("氨氯地平 5mg",), mandatory=True)
    assert unmet([ECG, drug], "服药：无") == (ECG, drug)
    assert unmet([ECG, drug], "氨氯地平\u30005mg") == (ECG,)


def test_a_word_is_literal_and_an_empty_one_meets_nothing() -> None:
    assert unmet([Requirement("x", ("a.c", " "))], "abc") != ()
