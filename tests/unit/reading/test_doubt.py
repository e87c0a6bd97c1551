from __future__ import annotations

import pytest

from tests.unit.reading.test_facts import stated


@pytest.mark.parametrize("text", [
    "哪来的什么高血压莫球得。",
    "糖尿病莫子有的。",
    "肺癌？还得看看。",
    "胃镜回头再说。",
    "心脏彩超改天来做。",
])  # fmt: skip
def test_what_an_unknown_word_of_denial_or_intention_may_deny_is_not_stated_as_so(text: str) -> None:
    assert not [d for d in stated(text) if d.assertion == "present" and d.status != "planned"]


@pytest.mark.parametrize(("text", "name"), [
    ("高血压控制不佳。", "高血压"),
    ("无明显诱因出现胸痛。", "胸痛"),
    ("糖尿病未规律服药。", "糖尿病"),
    ("非小细胞肺癌。", "非小细胞肺癌"),
    ("2019年行阑尾切除术。", "阑尾切除术"),
])  # fmt: skip
def test_a_negation_of_something_else_denies_nothing(text: str, name: str) -> None:
    assert name in [d.name for d in stated(text) if d.assertion == "present"]
