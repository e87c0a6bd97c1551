"""Passages by nearness to the question: vectors, n-grams of characters, what bears on what."""

from __future__ import annotations

import time

import numpy as np
import pytest

from hub.summarizer.ranking import FITTED, bm25, nearness, rank, shipped
from hub.summarizer.relevance import queries

PASSAGES = ["血肌酐由98升至156μmol/L", "家里养了两只鸡", "下肢水肿三周", "Serum creatinine rose to 156", "饮食睡眠可"]


def unrelated(count: int, size: int = 384) -> np.ndarray:
    made = np.random.default_rng(1).normal(size=(count, size)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def test_what_shares_rare_characters_with_the_question_comes_first() -> None:
    scores = bm25("肌酐为什么升高？", PASSAGES)
    assert scores.argmax() == 0
    assert scores[1] == scores[4] == 0
    assert bm25("Why did CREATININE rise?", PASSAGES).argmax() == 3


def test_marks_and_ends_of_passages_part_the_grams() -> None:
    assert bm25("水肿", ["下水,肿", "下水", "肿了", "水肿"]).argmax() == 3
    assert bm25("?!", ["水肿", ""]).tolist() == [0, 0]
    assert bm25("水肿", ["", ""]).tolist() == [0, 0]


@pytest.mark.parametrize("model", ["", "other", f"{FITTED}-1"])
def test_the_passage_whose_vector_is_the_questions_comes_first_whatever_the_model(model: str) -> None:
    vectors = unrelated(40)
    near = nearness(vectors, vectors[7:8], shipped(model, 384))
    assert near.argmax() == 7
    assert near.shape == (40,)
    assert shipped(model, 16) is None


def test_a_question_of_several_parts_is_answered_by_what_is_near_one_of_them() -> None:
    vectors = unrelated(40)
    near = nearness(vectors, vectors[[3, 7, 9]])
    assert set(np.argsort(-near)[:3].tolist()) == {3, 7, 9}


def test_of_a_story_the_whole_decides() -> None:
    vectors = unrelated(40)
    near = nearness(vectors, vectors[[3, *range(10, 20)]])
    assert near.argmax() == 3


def test_scores_lie_between_nought_and_one_and_without_question_are_nought() -> None:
    vectors = unrelated(len(PASSAGES))
    question = "肾功能，下肢水肿的原因？"
    scores = rank(question, PASSAGES, vectors, unrelated(len(queries(question))))
    assert scores.shape == (len(PASSAGES),)
    assert 0 <= scores.min() < scores.max() <= 1
    assert rank(None, PASSAGES, vectors, None).tolist() == [0] * len(PASSAGES)
    assert rank("肾", [], vectors[:0], vectors[:1]).shape == (0,)


def test_rules_of_relevance_and_shared_words_lift_a_passage_of_equal_vector() -> None:
    same = np.ones((3, 8), np.float32)
    scores = rank("肾功能如何", ["天气好", "血肌酐156", "肾功能差"], same, same[:1])
    assert scores[1] > scores[0]
    assert scores[2] > scores[0]


def test_a_long_record_is_ranked_in_little_time() -> None:
    passages = [f"第{n}次随访，血压{n % 60 + 100}，下肢水肿，二甲双胍每天吃两次，否认胸闷胸痛。" for n in range(2000)]
    vectors = unrelated(2000)
    rank("肾功能", passages, vectors, vectors[:2], FITTED)
    start = time.process_time()
    rank("2型糖尿病，血糖控制不佳，请评估降糖方案", passages, vectors, vectors[:4], FITTED)
    assert time.process_time() - start < 0.5
