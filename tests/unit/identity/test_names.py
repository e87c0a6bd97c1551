"""Search keys of names: characters, pinyin in full and by initials, every common reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.patients import folded
from hub.identity.names import MOST, keys


def found(name: str, typed: str) -> bool:
    return any(key.startswith(folded(typed)) for key in keys(name))


@pytest.mark.parametrize("typed", ["陈桂英", "陈", "桂英", "英", "chenguiying", "chengui", "CHEN GUI YING", "guiying",
                                   "cgy", "gy", "ying"])  # fmt: skip
def test_a_chinese_name_is_found_by_characters_and_pinyin_from_any_of_them(typed: str) -> None:
    assert found("陈桂英", typed)


@pytest.mark.parametrize("typed", ["桂陈", "guichen", "cheng yi", "hen", "cy", "陈英"])
def test_what_the_name_does_not_hold_does_not_find_it(typed: str) -> None:
    assert not found("陈桂英", typed)


@pytest.mark.parametrize(("name", "typed"), [
    ("单雄信", "shanxiongxin"), ("单雄信", "danx"), ("曾丽", "zengli"), ("曾丽", "cengli"), ("解缙", "xiejin"),
    ("仇英", "qiuying"), ("区志强", "ozq"), ("区志强", "ouzhiqiang"), ("查良镛", "zhalian"), ("朴智", "piaozhi"),
    ("万俟丽", "moqili"), ("长孙无忌", "zhangsun"), ("尉迟恭", "yuchigong"), ("乐嘉", "yuejia"), ("员半千", "yunban"),
    ("任重行", "renchongxing"), ("王乐", "wangle"), ("盖叫天", "gejiao"), ("冼星海", "xianxing"), ("缪斯", "miaosi"),
])  # fmt: skip
def test_a_character_of_several_readings_is_found_by_each(name: str, typed: str) -> None:
    assert found(name, typed)


@pytest.mark.parametrize("typed", ["lv", "lu", "lü", "Lyu", "吕"])
def test_the_umlaut_is_found_however_it_is_typed(typed: str) -> None:
    assert found("吕布", typed)


@pytest.mark.parametrize(("name", "typed"), [
    ("Eleanor Mae Hargreaves", "harg"), ("Eleanor Mae Hargreaves", "mae"), ("Eleanor Mae Hargreaves", "eleanor mae"),
    ("HARGREAVES, Eleanor", "eleanor"), ("O'Brien", "obrien"), ("Müller-Lüdenscheidt", "muller"),
    ("Müller-Lüdenscheidt", "LÜDEN"), ("Nguyễn Thị Ánh", "nguyen"), ("Ｗａｎｇ 芳", "wangfang"), ("A梅", "amei"),
    ("阿依古丽·买买提", "maimaiti"), ("阿依古丽·买买提", "买买提"), ("𠮷野", "𠮷野"), ("𠮷野", "ye"),
    ("\ue863三", "\ue863"), ("김철수", "김철"), ("محمد علي", "علي"),
])  # fmt: skip
def test_names_in_other_letters_mixed_and_rare_ones_are_found_by_each_part(name: str, typed: str) -> None:
    assert found(name, typed)


def test_a_key_that_another_begins_with_is_left_out() -> None:
    assert "y" not in keys("桂英")
    assert "ying" in keys("桂英")


@pytest.mark.parametrize("name", ["", "   ", "%_\\", "·，"])
def test_what_is_no_name_has_no_keys(name: str) -> None:
    assert keys(name) == ()


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("单曾解行乐·, ")), max_size=300))
def test_keys_are_bounded_folded_and_without_what_a_pattern_would_read(name: str) -> None:
    made = keys(name)
    assert len(made) <= MOST
    assert all(0 < len(key) <= 48 for key in made)
    assert not any(character in key for key in made for character in "%_\\ \0")
