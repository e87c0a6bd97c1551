"""Consultations: what is asked is so, or not, as it is answered."""

from __future__ import annotations

import pytest

from hub.summarizer.reading import replies
from hub.summarizer.reading.dialogue import dialogue_contexts
from hub.summarizer.reading.turns import Speaker, exchanges, turns
from tests.unit.reading.test_assertion import marked


def read(*lines: str) -> list[str]:
    """What the names of a dialogue are read as, in order. Lines begin with `医:` or `患:` (`D:`, `P:`)."""
    said: list[tuple[Speaker, str]] = []
    spans = []
    for line in lines:
        text, found, _ = marked(line[2:])
        said.append(("clinician" if line[0] in "医D" else "patient", text))
        spans.append(found)
    return [context.assertion for turn in dialogue_contexts(said, spans) for context in turn]


def test_no_to_a_question_makes_what_it_names_absent() -> None:
    assert read("医:有没有[发热]？", "患:没有") == ["absent"]
    assert read("D:Any [chest pain] or [palpitations]?", "P:No, none.") == ["absent", "absent"]


def test_yes_to_a_question_makes_what_it_names_present() -> None:
    assert read("医:还[咳嗽]吗？", "患:有的") == ["present"]
    assert read("D:Do you have any [numbness]?", "P:Yes, at night.") == ["present"]


@pytest.mark.parametrize(
    ("question", "reply", "expected"),
    [
        ("家族里有[胃癌]吗?", "二弟有。", ("present", "二弟")),
        ("家里人有得[痛风]的没有?", "没得。", ("absent", "家里人")),
        ("Any family history of [diabetes]?", "My mother has it.", ("present", "mother")),
        ("Any family history of [gout]?", "Yes, my father.", ("present", "father")),
        ("家族里有[癫痫]吗?", "爷爷那边不清楚", ("uncertain", "家族里")),
    ],
)
def test_a_relative_in_the_answer_has_what_was_asked_of_the_family(
    question: str, reply: str, expected: tuple[str, str]
) -> None:
    text, spans, _ = marked(question)
    ((context,), _) = dialogue_contexts([("clinician", text), ("patient", reply)], [spans, []])
    assert (context.assertion, context.subject) == expected


def test_what_nobody_answers_stays_uncertain() -> None:
    assert read("医:有没有[头痛]？", "患:我想开点药") == ["uncertain"]
    assert read("医:[头晕]不？", "患:不晓得") == ["uncertain"]


def test_a_reply_by_name_decides_that_name_alone() -> None:
    assert read("医:[咳嗽]，[流鼻涕]，[拉肚子]不", "患:[流鼻涕][咳嗽]不[拉肚子]") == [
        "present", "present", "absent", "present", "present", "absent",
    ]  # fmt: skip
    assert read("医:有[发热]、[呕吐]吗？", "患:没[呕吐]") == ["uncertain", "absent", "absent"]


def test_a_reply_may_use_another_word_for_the_same_complaint() -> None:
    assert read("医:[发热]吗？", "患:不[烧]") == ["absent", "absent"]
    assert read("医:[嗓子哑]吗？", "患:不哑") == ["absent"]


def test_all_of_several_questions_in_a_row_are_denied_at_once() -> None:
    assert read("医:有没有[呕吐]", "医:有没有[发热]", "患:都没有") == ["absent", "absent"]


def test_what_a_question_takes_for_granted_is_not_answered_by_no() -> None:
    assert read("医:[咳嗽]几天了？看过医生吗？", "患:没有") == ["present"]
    assert read("医:除了[发热]，还有其他不舒服吗？", "患:没有") == ["present"]


def test_agreeing_to_a_denial_denies() -> None:
    assert read("医:没有[发热]、[咳嗽]吧？", "患:对") == ["absent", "absent"]


def test_a_child_for_whom_somebody_comes_is_the_patient() -> None:
    text, spans, _ = marked("我儿子[发烧]两天了，我妈有[哮喘]")
    ((child, grandmother),) = dialogue_contexts([("patient", text)], [spans])
    assert (child.subject, grandmother.subject) == ("", "妈")


def test_a_search_for_something_does_not_exclude_it() -> None:
    assert read("医:建议拍个胸片排除[肺炎]") == ["uncertain"]


def test_no_to_a_later_question_says_nothing_of_an_earlier_one() -> None:
    assert read("医:有没有[胸痛]？", "患:我血压高", "医:吃药了吗？", "患:没有") == ["uncertain"]


def test_a_night_without_cough_leaves_the_cough() -> None:
    assert read("医:还[咳嗽]吗？", "患:晚上不[咳嗽]")[0] == "uncertain"


@pytest.mark.parametrize(
    ("question", "reply", "expected"),
    [
        ("有没有[发热]？", "没有", "absent"),
        ("有没有[发热]？", "有一点", "present"),
        ("有没有[发热]？", "没量过", "uncertain"),
        ("不[发烧]了吧？", "嗯", "absent"),
        ("[抽过筋]没得？", "从来没得", "absent"),
        ("[心口痛]不？", "倒是没有", "absent"),
        ("有没有[过敏]？", "好像没有吧", "absent"),
        ("[咳痰]吗？", "嗯，没有", "absent"),
        ("Any [fever]?", "Nope.", "absent"),
        ("Any [fever]?", "I don't know", "uncertain"),
        ("Any [fever]?", "Yeah, a little", "present"),
    ],
)
def test_replies(question: str, reply: str, expected: str) -> None:
    assert read(f"医:{question}", f"患:{reply}") == [expected]


@pytest.mark.parametrize("example", [e for row in replies.examples() for e in row])
def test_the_examples_of_the_table_of_replies(example: str) -> None:
    question, reply = example.split(" / ")
    meant = marked(question)[2]
    found = read(f"医:{question}", f"患:{reply}")
    assert [assertion != "uncertain" for assertion in found[: len(meant)]] == meant


def test_turns_are_known_by_their_speakers() -> None:
    text = "医生：有没有发热？\n患者：没有，\n就是咳嗽。\n医生：几天了？\n家属：三天"
    found = turns(text)
    assert [t.speaker for t in found] == ["clinician", "patient", "clinician", "patient"]
    assert text[found[1].start : found[1].end].strip() == "没有，\n就是咳嗽。"


def test_english_turns_with_labels_in_brackets_or_with_colons() -> None:
    assert len(turns("Doctor: Any pain?\nPatient: No.")) == 2
    assert len(turns("[doctor] any pain ?\n[patient] no .")) == 2


def spoken(text: str) -> list[list[str]]:
    return [[text[t.start : t.end].strip() for t in exchange] for exchange in exchanges(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("医：肺结核有没有？患：没有的。医生：有贫血吗？患者：没有。",
         [["肺结核有没有？", "没有的。", "有贫血吗？", "没有。"]]),
        ("王某，男，61岁。问：得过冠心病没有？答：没得过。高血压10年。", [["得过冠心病没有？", "没得过。"]]),
        ("头晕3天。\n医：有耳鸣吗？患：没得\n查体：血压160/90。", [["有耳鸣吗？", "没得"]]),
        ("羊癫疯？没有。平时爱喝酒。", [["羊癫疯？", "没有。"]]),
        ("胸口闷不闷？不闷，就是累。药物过敏？冇。", [["药物过敏？", "冇。"]]),
        ("Seen today. Q: Any syncope? A: No. BP 140/80.", [["Any syncope?", "No."]]),
        ("诊断：肺炎？建议完善胸片。", []),
        ("患者：张三，男。医生：李四。", []),
        ("初步诊断：冠心病？没有做过造影。", []),
    ],
)  # fmt: skip
def test_questions_and_answers_within_a_note(text: str, expected: list[list[str]]) -> None:
    assert spoken(text) == expected


@pytest.mark.parametrize(
    ("question", "reply", "subject"),
    [
        ("家里人有什么病？", "[高血压]", "家族"),
        ("家族史？", "老娘有[糖尿病]", "老娘"),
        ("爹妈身体好不？", "我爸[中风]过", "爸"),
        ("家里有人得过[肺癌]吗？", "没有，我自己有[哮喘]", ""),
        ("有什么不舒服？", "[咳嗽]", ""),
    ],
)
def test_an_answer_to_a_question_about_the_family_is_of_the_family(question: str, reply: str, subject: str) -> None:
    (asked, asks, _), (said, says, _) = marked(question), marked(reply)
    assert dialogue_contexts([("clinician", asked), ("patient", said)], [asks, says])[1][0].subject == subject


@pytest.mark.parametrize("text", ["主诉：咳嗽3天\n现病史：患者诉发热", "患者：张三\n主诉：头晕\n诊断：高血压", ""])
def test_a_note_is_no_dialogue(text: str) -> None:
    assert turns(text) == []


def test_a_long_reply_of_the_same_words_is_read_in_time() -> None:
    assert read("医:有没有[发热]？", f"患:{'倒是' * 20000}吃") == ["uncertain"]
