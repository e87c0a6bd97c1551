from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.fragments import Citation
from hub.summarizer.text import sentences


def read(*values: str) -> list[str]:
    return [s.text for s in sentences([Citation("/t", f"OBX[{i}]-5[1]", v) for i, v in enumerate(values, 1)])]


def test_chinese_sentences_keep_their_ends_and_lose_their_headings() -> None:
    assert read("既往史：CKD病史，2023年9月20日起病。2022.06诊断为高血脂症；无咯血！\n家族史：母亲高血压") == [
        "CKD病史，2023年9月20日起病。",
        "2022.06诊断为高血脂症；",
        "无咯血！",
        "母亲高血压",
    ]


def test_english_sentences_end_at_a_full_stop_but_not_in_a_number_or_title() -> None:
    assert read("Seen by Dr. Li. HbA1c 9.1 % in May. No chest pain") == [
        "Seen by Dr. Li.",
        "HbA1c 9.1 % in May.",
        "No chest pain",
    ]


def test_a_closing_quote_belongs_to_its_sentence() -> None:
    assert read("说“不心口痛。”过几天看。") == ["说“不心口痛。”", "过几天看。"]


def test_a_sentence_wrapped_over_two_segments_has_a_span_in_each() -> None:
    first, second = "患者于三年前无明显诱因出现反复胸闷气促，", "休息后可缓解。未服药。"
    found = sentences([Citation("/t", "OBX[1]-5[1]", first), Citation("/t", "OBX[2]-5[1]", second)])
    assert [s.text for s in found] == [first + "休息后可缓解。", "未服药。"]
    assert [(s.citation.path, s.start, s.end) for s in found[0].spans] == [
        ("OBX[1]-5[1]", 0, 20),
        ("OBX[2]-5[1]", 0, 7),
    ]


def test_short_lines_without_full_stop_stay_apart() -> None:
    assert read("血压 130/80", "脉搏 72") == ["血压 130/80", "脉搏 72"]


def test_markup_is_located_in_the_raw_string_and_read_without_tags() -> None:
    raw = '<div xmlns="x"><p>合并<b>CKD</b> &amp; 痛风。</p><p>无咯血</p></div>'
    found = sentences([Citation("/div", "/text/div", raw)])
    assert [s.text for s in found] == ["合并CKD & 痛风。", "无咯血"]
    span = found[0].spans[0]
    assert raw[span.start : span.end] == "合并<b>CKD</b> &amp; 痛风。"


@given(st.lists(st.text(alphabet="患者有无 a1.。；\n，<>&既往史：", max_size=60), max_size=4))
def test_spans_are_in_order_and_leave_out_nothing_but_headings(values: list[str]) -> None:
    citations = [Citation("/t", f"OBX[{i}]-5[1]", v) for i, v in enumerate(values, 1)]
    covered: dict[str, list[tuple[int, int]]] = {}
    for sentence in sentences(citations):
        for span in sentence.spans:
            assert 0 <= span.start < span.end <= len(span.citation.text)
            covered.setdefault(span.citation.path, []).append((span.start, span.end))
    for citation in citations:
        spans = covered.get(citation.path, [])
        assert spans == sorted(spans)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
        if "既往" not in citation.text and "<" not in citation.text:
            said = "".join(citation.text[a:b] for a, b in spans)
            assert [c for c in said if c.isalnum()] == [c for c in citation.text if c.isalnum()]
