"""The context of a mention: each row of the tables is held by its own examples."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from hub.summarizer.reading import cues, kin
from hub.summarizer.reading.assertion import contexts
from hub.summarizer.reading.model import Context, Section

_SAID: dict[str, Callable[[Context], bool]] = {
    "absent": lambda c: c.assertion == "absent",
    "uncertain": lambda c: c.assertion == "uncertain",
    "question": lambda c: c.assertion == "uncertain",
    "planned": lambda c: c.planned and c.assertion != "absent",
    "if": lambda c: c.planned,
    "historical": lambda c: c.historical,
    "resolved": lambda c: c.resolved,
}


def marked(example: str) -> tuple[str, list[tuple[int, int]], list[bool]]:
    """The text of an example, its names, and which of them the rule is about."""
    text, spans, meant = "", [], []
    for part in re.split(r"(\[[^\]]*\]|\{[^}]*\})", example):
        if part[:1] in ("[", "{"):
            spans.append((len(text), len(text) + len(part) - 2))
            meant.append(part[0] == "[")
            part = part[1:-1]
        text += part
    return text, spans, meant


def read(example: str, section: Section = "") -> list[Context]:
    text, spans, _ = marked(example)
    return contexts(text, spans, section)


def _rules() -> Iterator[tuple[str, str]]:
    for rule in dict.fromkeys(rule for each in cues.rules().values() for rule in each):
        for example in rule.examples:
            yield rule.effect, example


@pytest.mark.parametrize(("effect", "example"), sorted(set(_rules())))
def test_each_rule_says_what_its_examples_show(effect: str, example: str) -> None:
    said = _SAID.get(effect, _SAID["absent"])
    text, spans, meant = marked(example)
    for about, context, (start, end) in zip(meant, read(example), spans, strict=True):
        if about:
            assert said(context)
            assert context.cues or cues.denies(text[start:end])
        else:
            plain = context.assertion == "present" and not context.planned and not context.resolved
            assert plain and not context.subject


@pytest.mark.parametrize(("kind", "example"), kin.examples())
def test_a_relative_is_whose_it_is_only_where_the_table_says_so(kind: str, example: str) -> None:
    _, _, meant = marked(example)
    assert [bool(c.subject) for c in read(example)] == meant


def test_no_mentions_have_no_contexts() -> None:
    assert contexts("否认高血压", []) == []


def test_a_sentence_without_cues_says_that_its_names_are_present() -> None:
    assert read("[咳嗽]3天") == [Context()]


@pytest.mark.parametrize(
    ("example", "subjects"),
    [
        ("[高血压]", ["家族"]),
        ("父亲有[高血压],母亲有[糖尿病],患者本人无[冠心病]", ["父亲", "母亲", ""]),
        ("父母体健,否认家族[遗传病]史", ["家族"]),
        ("奶奶[糖尿病],爷爷[脑梗]走的", ["奶奶", "爷爷"]),
        ("父亲因“[肝癌]”去世,母亲健在", ["父亲"]),
    ],
)
def test_a_family_history_is_of_relatives_until_it_says_otherwise(example: str, subjects: list[str]) -> None:
    assert [c.subject for c in read(example, "family")] == subjects


@pytest.mark.parametrize(
    ("example", "subjects"),
    [
        ("家族中有[哮喘]患者(奶奶)", ["奶奶"]),
        ("[肝癌]家族史:妹妹", ["妹妹"]),
        ("父亲有[哮喘],[痛风]家族史:弟弟", ["父亲", "弟弟"]),
        ("Family history includes [gout] (brother), [asthma] (mother).", ["brother", "mother"]),
        ("父亲有[糖尿病],后来[中风]", ["父亲", "父亲"]),
        ("[高血压]10年,母亲体健", [""]),
        ("细佬是[肺癌],家姐[糖尿病]", ["细佬", "家姐"]),
    ],
)
def test_the_relative_who_is_named_is_whose_it_is(example: str, subjects: list[str]) -> None:
    assert [c.subject for c in read(example)] == subjects


def test_the_verb_of_a_colloquial_name_belongs_to_its_denial() -> None:
    assert [c.assertion for c in read("没[得过脑梗],[癫痫]")] == ["absent", "absent"]


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("没见[头痛],[腿软],[反胃]。", ["absent"] * 3),
        ("没见[头痛],[腿软],有[反胃]", ["absent", "absent", "present"]),
        ("[腹泻]2天,[头痛],[咳嗽]这些都没得", ["present", "absent", "absent"]),
        ("未见[骨折],[左侧胸腔积液]", ["absent", "present"]),
        ("否认手术,[外伤],输血史", ["absent"]),
        ("无[发热],[咳嗽],3天", ["absent", "present"]),
    ],
)
def test_lists_over_commas(example: str, expected: list[str]) -> None:
    assert [c.assertion for c in read(example)] == expected


def test_a_denied_family_history_is_absent_and_not_the_patients() -> None:
    (context,) = read("否认家族[遗传病]史", "family")
    assert (context.assertion, context.subject) == ("absent", "家族")


@pytest.mark.parametrize(
    "example",
    [
        "由其女儿代诉[头晕]2天,[呕吐]1次",
        "患者母亲诉其[发热]3天",
        "家属表示理解[手术]风险",
        "儿子送来,说昨天[晕倒]一次",
        "大爷来说[气紧]",
        "因家族性[息肉病]入院",
        "Patient's mother reports that he has had [fever] for two days",
    ],
)
def test_who_brings_and_reports_is_not_who_is_ill(example: str) -> None:
    assert {c.subject for c in read(example)} == {""}


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("既往否认“[T2DM]、[冠状动脉性心脏病]”等病史。", ["absent", "absent"]),
        ("[糖尿病]、[老毛病]这些都没得。", ["absent", "absent"]),
        ("无[头痛][头晕],近日[乏力]明显", ["absent", "absent", "present"]),
        ("否认[药物过敏]史;有[高血压]史", ["absent", "present"]),
        ("也不能排除[脑出血]可能", ["uncertain"]),
        ("建议完善[胃镜]检查以排除[胃癌]", ["present", "uncertain"]),
        ("无[低血糖]发生,[高血压]控制可", ["absent", "present"]),
        ("考虑[肺栓塞]依据不足,予以排除", ["absent"]),
        ("未见可疑[结节]", ["absent"]),
        ("可能没有[发热]", ["uncertain"]),
        ("否认发热；[咳嗽]3天", ["present"]),
        ("未闻及干湿性[啰音]，[杂音]（－）", ["absent", "absent"]),
        ("no [fever], [chills]; positive for [headache]", ["absent", "absent", "present"]),
        ("We have not noted any [rash]. He reports [itching]", ["absent", "present"]),
    ],
)
def test_scopes(example: str, expected: list[str]) -> None:
    assert [c.assertion for c in read(example)] == expected


def test_a_cue_within_a_name_says_nothing_of_it() -> None:
    assert [c.assertion for c in read("[不稳定型心绞痛]、[无症状性心肌缺血]、[疑核病]")] == ["present"] * 3


def test_relief_after_treatment_does_not_resolve_the_diseases_in_front() -> None:
    assert not any(c.resolved for c in read("诊断“[冠心病]、[高血压]”,经治疗后症状缓解出院"))


def test_the_words_that_decide_are_cited() -> None:
    text, spans, _ = marked("父亲否认[高血压]")
    (context,) = contexts(text, spans)
    assert [text[a:b] for a, b in context.cues] == ["父亲", "否认"]


@pytest.mark.parametrize("unit", ["无发热,", "如果发热,", "父亲有发热,", "发热史、", "发热?", "no 发热, "])
def test_a_sentence_without_end_is_read_in_time(unit: str) -> None:
    count = 3000
    at = unit.index("发热")
    spans = [(n * len(unit) + at, n * len(unit) + at + 2) for n in range(count)]
    start = time.process_time()
    assert len(contexts(unit * count, spans)) == count
    assert time.process_time() - start < 3


def test_a_row_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"assertion\.tsv:1"):
        cues.read("无\tgone\tafter\tlist\t")
