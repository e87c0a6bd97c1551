"""What the record page says of a record: statements, conflicts, patient, institutions; pure."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hub.summarizer import placing, record
from hub.summarizer.rows import rows
from hub.web.languages import catalogue
from hub.web.record import patients, words
from hub.web.record.dates import day, extent
from hub.web.record.model import view
from hub.web.record.statements import SHORT, Statement, number
from tests.unit.web.records import ZONE, item, point, source, value, viewed


def only(**more: object) -> Statement:
    name, text = str(more.pop("name", "problems-1")), str(more.pop("text", "高血压"))
    [section] = [s for s in viewed(item(name, text, **more)).sections if s.statements]
    [statement] = section.statements
    return statement


def test_a_result_is_told_by_name_value_range_and_flag() -> None:
    said = only(
        name="results-1", text="肌酐 146 umol/L（参考 41-81） 偏高 2026-11-04；此前 88 umol/L 2021-06-16",
        value=value("146", "umol/L", number=146, low=41, high=81, interpretation="H"),
        start="2026-11-04T07:30:00+08:00",
    )  # fmt: skip
    assert (said.headline, said.value, said.reference) == ("肌酐", "146 umol/L", "41–81")
    assert [tag.kind for tag in said.warnings] == ["high"]
    assert said.start is not None
    assert (said.start.text, said.start.time) == ("2026-11-04", "07:30")


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(None, None, ""), (90, None, "≥ 90"), (None, Decimal("3.40"), "≤ 3.40"), (0, 1, "0–1")]
)
def test_a_reference_range_may_be_open(low: object, high: object, shown: str) -> None:
    said = only(name="results-1", text="甲 5", value=value("5", low=low, high=high))
    assert said.reference == shown


def test_an_unknown_interpretation_is_its_own_word_and_normal_is_no_warning() -> None:
    assert only(name="results-1", text="甲 5", value=value("5", interpretation="QQ")).warnings[0].msgid == "QQ"
    assert only(name="results-1", text="甲 5", value=value("5", interpretation="N")).warnings == ()


def test_a_dose_is_exact() -> None:
    medicine = {"name": "地高辛", "dose": Decimal("0.1250"), "unit": "mg", "route": "口服", "frequency": "qd"}
    said = only(name="medications-1", text="地高辛 0.1250mg qd 口服", medication=medicine, status="active")
    assert (said.headline, said.value) == ("地高辛", "0.1250mg qd 口服")
    assert said.status == words.IN_USE


@pytest.mark.parametrize(
    ("given", "shown"),
    [("2.10", "2.10"), ("179.23347621031567", "179.23347621031567"), ("1E+400", "1E+400"), ("0.5", "0.5")],
)
def test_numbers_are_shown_as_given(given: str, shown: str) -> None:
    assert number(Decimal(given)) == shown


@pytest.mark.parametrize(
    ("section", "text", "headline", "word"),
    [
        ("problems-1", "否认：糖尿病", "糖尿病", words.ABSENT),
        ("allergies-1", "否认药物过敏史", "否认药物过敏史", words.ABSENT),
        ("procedures-1", "未做：胃镜", "胃镜", words.NOT_DONE),
    ],
)
def test_what_is_denied_says_so(section: str, text: str, headline: str, word: words.Tag) -> None:
    said = only(name=section, text=text, assertion="absent")
    assert (said.headline, said.warnings) == (headline, (word,))


def test_what_is_uncertain_stopped_planned_or_preliminary_says_so() -> None:
    assert only(text="疑似：痛风", assertion="uncertain").warnings == (words.UNCERTAIN,)
    stopped = only(text="别嘌醇 2024 已停", status="stopped", start="2024")
    assert (stopped.headline, stopped.past, stopped.warnings) == ("别嘌醇", True, (words.STATUS["stopped"],))
    assert only(name="plans-1", text="复查 计划", status="planned").headline == "复查"
    early = only(name="results-1", text="钾 5 初步", value=value("5"), status="active")
    assert (early.headline, early.warnings) == ("钾", (words.PRELIMINARY,))


def test_what_was_said_is_shown_even_where_nothing_is_left_of_it() -> None:
    assert only(text="2024", start="2024").headline == "2024"
    assert only(name="results-1", text=" 5", value=value("5")).headline == " 5"


def test_a_long_text_is_cut_and_kept_whole_behind() -> None:
    said = only(text="长" * 10_000)
    assert len(said.headline) == SHORT
    assert said.full == "长" * 10_000
    passage = viewed(passages=[{"text": "长" * 10_000, "score": 1.0, "sources": [source()]}]).passages[0]
    assert len(passage.text) < 500
    assert len(passage.full) == 10_000


def test_each_institution_is_named_once_by_its_last_word() -> None:
    sources = [source("甲", "2026-01-01T00:00:00+00:00"), source("乙", "2026-03-01T00:00:00+00:00"),
               source("甲", "2026-02-01T20:00:00+00:00")]  # fmt: skip
    said = only(sources=sources).said
    assert [(one.organization, one.on.isoformat()) for one in said] == [("乙", "2026-03-01"), ("甲", "2026-02-02")]


def test_times_at_the_ends_of_the_calendar_are_shown() -> None:
    for at in ("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"):
        assert only(sources=[source(recorded_at=at)]).said[0].on.isoformat() == at[:10]


def test_what_holds_stands_before_what_is_over_and_disputed_first() -> None:
    conflict = {"id": "conflict-1", "kind": "dose", "item_ids": ["problems-4", "problems-9"], "text": "x"}
    shown = viewed(
        item("problems-1", "a", status="resolved", start="2026"), item("problems-2", "b", start="2020"),
        item("problems-3", "c", start="2024"), item("problems-4", "d"), item("problems-5", "e"),
        conflicts=[conflict], brief=["problems-5"],
    )  # fmt: skip
    section = shown.sections[0]
    assert [s.id[-1] for s in section.statements] == ["4", "5", "3", "2", "1"]
    assert section.statements[0].conflicts == ("conflict-1",)
    assert [s.id for s in shown.brief] == ["problems-5"]


def test_a_suggestion_stays_apart_from_what_was_said() -> None:
    code = {"system": "http://snomed.info/sct", "code": "38341003", "display": "Hypertensive disorder"}
    suggestion = {"item_id": "problems-1", "original": "血压高", "code": code, "score": 0.91}
    [said] = viewed(item("problems-1", "血压高"), suggestions=[suggestion]).sections[0].statements
    assert (said.headline, said.code) == ("血压高", "")
    assert said.terms[0].code.display == "Hypertensive disorder"


def test_a_conflict_has_its_sides_with_date_and_source() -> None:
    dose = {"name": "二甲双胍", "dose": Decimal("0.5"), "unit": "g", "route": None, "frequency": "bid"}
    shown = viewed(
        item("medications-1", "x", medication=dose, start="2026-10-30", sources=[source("镇")]),
        item("medications-2", "y", medication={**dose, "dose": Decimal("0.85")}, sources=[source("县")]),
        conflicts=[{"id": "c1", "kind": "dose", "item_ids": ["medications-1", "medications-2"], "text": "t"}],
    )
    [conflict] = shown.conflicts
    assert conflict.msgid == words.CONFLICT["dose"]
    assert [(s.headline, s.value, s.said[0].organization) for s in conflict.sides] == [
        ("二甲双胍", "0.5g bid", "镇"), ("二甲双胍", "0.85g bid", "县"),
    ]  # fmt: skip


def test_a_disputed_result_stands_beside_the_measurement_of_its_day() -> None:
    series = [point("2026-01-01", 100, "umol/L", source("甲")), point("2026-02-01", 120, "umol/L", source("甲"))]
    one = item("results-1", "肌酐 120", value=value("120", "umol/L"), start="2026-02-01", series=series)
    other = item("results-2", "肌酐 300", value=value("300", "umol/L"), start="2026-01-01", sources=[source("乙")])
    conflict = {"id": "c1", "kind": "result", "item_ids": ["results-1", "results-2"], "text": "t"}
    [shown] = viewed(one, other, conflicts=[conflict]).conflicts
    assert [side.value for side in shown.sides] == ["100 umol/L", "300 umol/L"]


def test_an_identity_conflict_names_both_values_and_who_differs() -> None:
    text = "出生日期不一致：1958-03-12；1959-03-12（县医院，2026-11-03、镇，2026-11-04）"
    [conflict] = viewed(conflicts=[{"id": "c1", "kind": "identity", "item_ids": [], "text": text}]).conflicts
    assert conflict.msgid == "Different birth dates"
    assert [(s.headline, s.by) for s in conflict.sides] == [
        ("1958-03-12", ""), ("1959-03-12", "县医院，2026-11-03、镇，2026-11-04"),
    ]  # fmt: skip


def test_a_conflict_of_a_later_kind_shows_its_own_sentence() -> None:
    [conflict] = viewed(conflicts=[{"id": "c1", "kind": "new-kind", "item_ids": ["none-1"], "text": "句子"}]).conflicts
    assert (conflict.msgid, conflict.sides, conflict.text) == ("new-kind", (), "句子")


@pytest.mark.parametrize(
    ("sentence", "msgid", "values"),
    [
        ("superseded by message YR1-3 of 2026-11-04T16:30:00+08:00", "corrected by message %(message)s of %(time)s",
         {"message": "YR1-3", "time": "2026-11-04"}),
        ("a Claim without a code, value or text that can be stated",
         "a %(type)s without a code, value or text that can be stated", {"type": "Claim"}),
        ("another patient", "another patient", {}),
        ("something 100% new", "something 100% new", {}),
    ],
)  # fmt: skip
def test_the_summarizers_sentences_are_texts_with_values(sentence: str, msgid: str, values: dict[str, str]) -> None:
    assert words.phrase(sentence) == words.Phrase(msgid, values)


def test_every_reason_of_the_summarizer_is_known() -> None:
    written = Path(record.__file__).read_text(encoding="utf-8")
    assert {placing.ANOTHER, placing.EARLIER} <= set(words.FIXED)
    assert all(text in written for text in words.FIXED[3:])


def test_every_sentence_on_what_is_missing_is_there_in_english() -> None:
    table = rows("missing.tsv", 9)
    sentences = {text for *_, text in table}
    old = {f"最近一次{name}为 2024-03，距今已超过{months}个月" for *_, months, name, _ in table if months}
    assert len(sentences) > 30 and len(old) > 20
    assert {words.phrase(sentence).msgid for sentence in sentences | old} <= set(catalogue("en").texts)


@pytest.mark.parametrize(
    ("birth_date", "age"),
    [("1958-03-12", 68), ("1958-11-22", 68), ("1958-11-23", 67), ("1958-12", 67), ("1958", 68), ("unknown", None),
     (None, None), ("2027-01-01", None)],
)  # fmt: skip
def test_age_is_of_the_records_day(birth_date: str | None, age: int | None) -> None:
    assert patients.age(birth_date, "2026-11-22") == age


def test_a_number_is_told_once_with_what_kind_it_is() -> None:
    numbers = [{"system": "urn:org:X:mrn", "value": "7"}, {"system": "urn:oid:2.16.156.10011.1.3", "value": "9"},
               {"system": "urn:referral-hub:namespace:Y", "value": "7"}]  # fmt: skip
    patient = {"name": "王芳", "gender": None, "birth_date": None, "identifiers": numbers, "sources": []}
    shown = viewed(patient=patient).person.numbers
    assert [(n.value, n.msgid, n.owner) for n in shown] == [("9", "Identity number", ""), ("7", "", "X")]


@pytest.mark.parametrize("said", ["sometime in May", "2024-13", "2024-02-30", "9999-12", "0000-01-01", "2024-1-1"])
def test_a_weird_date_is_shown_as_it_is_and_lies_nowhere(said: str) -> None:
    shown = day(said)
    assert shown is not None
    assert shown.text == said
    assert extent(said) is None or shown.machine


def test_a_partial_date_is_as_long_as_it_says() -> None:
    lengths = [round(e.end - e.start) for e in map(extent, ("2024", "2024-02", "2024-02-29")) if e]
    assert lengths == [366, 29, 1]


def test_an_empty_record_is_a_page_of_nothing() -> None:
    shown = view("{}", ZONE)
    assert (shown.brief, shown.conflicts, shown.person.name, shown.question) == ((), (), None, None)
    assert shown.timeline.lanes == ()
    assert all(section.statements == () for section in shown.sections)


def test_a_section_that_the_page_does_not_know_is_shown_after_the_others() -> None:
    section = viewed(item("devices-1", "起搏器")).sections[-1]
    assert (section.name, section.msgid, len(section.statements)) == ("devices", "devices", 1)


def test_institutions_speak_with_the_messages_that_are_cited() -> None:
    shown = viewed(item("problems-1", "a", sources=[source("甲"), source("甲", message="m2"), source("乙")]))
    assert [(i.name, i.messages) for i in shown.institutions] == [("甲", 2), ("乙", 1)]
