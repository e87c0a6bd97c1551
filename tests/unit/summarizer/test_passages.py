from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
import pytest

from hub.domain.fragments import Citation, Fragment
from hub.summarizer.evidence import Evidence
from hub.summarizer.passages import Passage, grouped, near_duplicates, passage, statement
from hub.summarizer.reading.documents import documents

Make = Callable[..., Fragment]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("无胸痛。", "胸痛。"),
        ("左肾囊肿。", "右肾囊肿。"),
        ("二甲双胍0.5g每天3次", "二甲双胍0.5g每天2次"),
        ("父亲患高血压。", "母亲患高血压。"),
        ("青霉素过敏", "头孢过敏"),
        ("停用阿司匹林", "用阿司匹林"),
        ("有胸痛，无咯血。", "有咯血，无胸痛。"),
        ("3年前发现血糖高", "3月前发现血糖高"),
        ("曾服用二甲双胍", "在服用二甲双胍"),
    ],
)
def test_contradictions_are_no_duplicates_however_close_their_vectors(a: str, b: str) -> None:
    assert statement(a) != statement(b)
    vectors = np.ones((2, 1), np.float32)
    assert len(near_duplicates([Passage(a, ()), Passage(b, ())], vectors)) == 2


def test_the_same_sentence_in_other_punctuation_is_one_passage_with_both_sources() -> None:
    def source(fragment: str) -> dict[str, object]:
        return {"fragment_id": fragment, "location": {"path": "", "start": 0, "end": 9}}

    both = [Passage("吸烟20年，未戒。", (source("a"),)), Passage("吸烟２０年,未戒", (source("b"),))]
    [one] = grouped(both)
    assert [s["fragment_id"] for s in one.sources] == ["a", "b"]


def test_filler_words_do_not_part_what_is_said() -> None:
    vectors = np.ones((2, 1), np.float32)
    [(one, _)] = near_duplicates([Passage("患者有高血压病史。", ()), Passage("高血压病史", ())], vectors)
    assert one.text == "患者有高血压病史。"


def test_numbers_are_not_run_together() -> None:
    assert len(grouped([Passage("血压1.5", ()), Passage("血压15", ())])) == 2


def test_text_that_a_field_carries_in_base64_is_read_and_cited_by_the_characters_that_carry_it(make: Make) -> None:
    text = "<p>胃镜：溃疡愈合。</p><p>Continue omeprazole.</p>"
    encoded = base64.b64encode(text.encode()).decode()
    resource = {
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"contentType": "text/html", "data": encoded}}],
    }
    target = "/content/0/attachment/data"
    cited = (Citation(target, "OBX[1]-5[1].5", encoded), Citation(target, "OBX[1]-5[1].4", "Base64"))
    evidence = Evidence(make(resource, kind="hl7v2", citations=cited))
    found = [passage(evidence, s) for d in documents(evidence, narrative=False) for s in d.sentences]
    assert [p.text for p in found] == ["胃镜：溃疡愈合。", "Continue omeprazole."]
    for one in found:
        [source] = one.sources
        start, end = source["location"]["start"], source["location"]["end"]
        assert encoded[start:end] == source["text"]
        assert one.text in base64.b64decode(source["text"]).decode(errors="ignore")


def test_an_attachment_that_is_no_text_gives_no_sentences(make: Make) -> None:
    encoded = base64.b64encode(b"\x89PNG LVEF 42%.").decode()
    resource = {
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"contentType": "image/png", "data": encoded}}],
    }
    cited = (Citation("/content/0/attachment/data", "OBX[1]-5[1].5", encoded),)
    assert list(documents(Evidence(make(resource, kind="hl7v2", citations=cited)), narrative=False)) == []
