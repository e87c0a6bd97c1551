"""Whose fragments they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from hub.domain.fragments import Fragment
from hub.domain.patients import NATIONAL, Identifier
from hub.summarizer import people
from hub.summarizer.evidence import Evidence
from hub.summarizer.people import header
from tests.unit.summarizer.clinical import condition, kinds, note, patient

Record = Callable[..., dict[str, Any]]
Make = Callable[..., Fragment]


def test_another_patient_is_never_merged(record: Record, make: Make) -> None:
    mine, other = make(patient("1")), make(patient("2"), message_id="M2")
    made = record(
        mine,
        make(condition("痛风"), patient=mine.id),
        make(condition("高血压"), patient=mine.id),
        other,
        make(condition("肺癌"), patient=other.id, message_id="M2"),
    )
    assert [i["text"] for i in made["sections"]["problems"]] == ["痛风", "高血压"]
    assert [(u["text"], u["reason"]) for u in made["unplaced"]] == [("肺癌", "another patient")]


def test_identifiers_accumulate_and_one_contradiction_is_shown(record: Record, make: Make) -> None:
    first = make(patient("1", identifier=[{"system": "urn:mrn", "value": "1"}, {"system": "urn:b", "value": "9"}]))
    second = make(patient("", gender="female", identifier=[{"system": "urn:b", "value": "9"}]), message_id="M2")
    made = record(
        first,
        second,
        make(condition("痛风"), patient=first.id),
        make(condition("高血压"), patient=second.id, message_id="M2"),
    )
    assert len(made["sections"]["problems"]) == 2
    assert kinds(made) == ["identity"]
    assert "性别" in made["conflicts"][0]["text"]


def test_the_record_is_of_the_named_patient_where_no_referral_says_so(record: Record, make: Make) -> None:
    one, two = make(patient("1")), make(patient("2"), message_id="M2")
    fragments = [one, make(condition("痛风"), patient=one.id), make(condition("高血压"), patient=one.id)]
    fragments += [two, make(condition("肺癌"), patient=two.id, message_id="M2")]
    made = record(*fragments, patient=Identifier("urn:mrn", "2"))
    assert [i["text"] for i in made["sections"]["problems"]] == ["肺癌"]


def test_a_wrong_check_digit_is_a_warning(record: Record, make: Make) -> None:
    given = patient("1", identifier=[{"system": NATIONAL, "value": "11010519491231002A"}])
    assert any("校验位" in m["text"] for m in record(make(given), make(condition("痛风")))["missing"])


def test_a_note_headed_by_another_name_is_another_patient(record: Record, make: Make) -> None:
    mine = make(patient("1"))
    made = record(
        mine,
        make(condition("痛风"), patient=mine.id),
        note(make, "周建国（男 65岁） 2025年5月14日\n头昏两天。"),
        note(make, "姓名：李四，男 40岁\n咳嗽三天。"),
    )
    assert any(p["text"] == "头昏两天。" for p in made["passages"])
    assert not any("咳嗽" in p["text"] for p in made["passages"])
    assert [u["reason"] for u in made["unplaced"]] == ["another patient"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("周建国（男 65岁） 2025年5月14日\n头昏。", ("周建国", "male", 65)),
        ("马鞍村卫生室　2025.2.1\n邓光荣　男 56岁\n", ("邓光荣", "male", 56)),
        ("随访\n姓名：李四，女 40岁", ("李四", "female", 40)),
        ("姓名：王芳", ("王芳", None, None)),
        ("头昏两天，血压高。", None),
    ],
)
def test_the_head_of_a_note_names_its_patient(text: str, found: object) -> None:
    assert header(text) == found


def test_names_with_more_or_fewer_parts_do_not_contradict(record: Record, make: Make) -> None:
    first = make(patient("1", "Eleanor Mae Hargreaves"))
    second = make(patient("1", "HARGREAVES ELEANOR", birthDate="1960-01-01"), message_id="M2", organization="三甲")
    third = make(patient("1", "Hargreaves", birthDate="1960-01-01"), message_id="M3")
    made = record(first, second, third, make(condition("痛风"), patient=second.id, message_id="M2"))
    assert len(made["sections"]["problems"]) == 1
    assert [c["text"] for c in made["conflicts"]] == ["出生日期不一致：1959-10-30；1960-01-01（三甲，2025-05-01）"]


def test_a_name_in_traditional_characters_is_the_same_name(make: Make) -> None:
    fragment = make({"resourceType": "Patient", "name": [{"text": "冯子涵"}], "gender": "female", "birthDate": "1989"})
    person = people.target([Evidence(fragment)], [], Evidence(fragment), None)
    assert not people.note_of_another("隨訪本\n馮子涵（女，36歲）\n咳嗽三天。", date(2025, 7, 31), person)
    assert people.note_of_another("隨訪本\n馬子涵（女，36歲）\n咳嗽三天。", date(2025, 7, 31), person)
