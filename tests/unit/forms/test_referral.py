"""A form as the message Bundle that is sent."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st

from adapters.fhir.normalise import normalise
from adapters.fhir.parsing import encode
from adapters.fhir.validation import check_received
from adapters.forms.checking import LONGEST, NUMBER_LENGTH, NUMBER_OLD, NUMBER_ROUNDED, TEXTS, at_fields, check
from adapters.forms.referral import bundle
from hub.domain.errors import Cause, Refusal
from hub.domain.forms import Attachment, ReferralForm, completed
from hub.domain.messages import Normalised, Open, Sender
from hub.domain.patients import INSURANCE, NATIONAL, Identifier

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
TOWN = Sender(1, "TOWN", "石桥镇卫生院", "clinic")
EARLIER = "01900000-0000-7000-8000-000000000001"
PICTURE = Attachment("心电图.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(40))
REPORT = Attachment("化验单.pdf", "application/pdf", b"%PDF-1.7 ...", "血钾 5.9 mmol/L\n复查")
PLAIN = ReferralForm(key="01900000-0000-7000-8000-00000000000f", patient_name="陈桂英", receiver="CITY", reason="胸闷")
WHOLE = replace(
    PLAIN, national_identifier="990101195803120027", insurance_identifier="YB-1", local_identifier="77",
    phone="139 0000 0000", address="石桥村3组", department="心内科", priority="urgent", question="需要造影吗？",
    history="高血压10年。\n  服用氨氯地平  \n", attachments=(PICTURE, REPORT), based_on=EARLIER, direction="up",
    author="王医生",
)  # fmt: skip


def sent(form: ReferralForm) -> Normalised:
    raw = encode(bundle(completed(form), TOWN, "市医院", AT))
    return normalise(raw, timezone="Asia/Shanghai", received_at=AT)


@pytest.mark.parametrize("form", [PLAIN, WHOLE])
def test_a_form_makes_fhir(form: ReferralForm) -> None:
    made = bundle(completed(form), TOWN, "市医院", AT)
    assert check(completed(form), TODAY) == ()
    assert check_received(made) == ()
    assert get_fhir_model_class("Bundle").model_validate(made).type == "message"
    assert made == bundle(completed(form), TOWN, "市医院", AT)


def test_what_was_entered_is_what_the_hub_understands() -> None:
    told = sent(WHOLE)
    assert isinstance(told.intent, Open)
    content = told.intent.content
    assert content.question == "胸闷；需要造影吗？"
    assert (content.priority, content.department, content.direction) == ("urgent", "心内科", "up")
    assert [(c.kind, c.value) for c in content.receiver] == [("code", "CITY"), ("name", "市医院")]
    assert content.based_on == (Identifier("urn:referral-hub:referral", EARLIER),)
    assert told.envelope.control_id == WHOLE.key
    assert (told.patient.name, told.patient.gender, told.patient.birth_date) == ("陈桂英", "female", "1958-03-12")
    assert told.patient.identifiers == (
        Identifier(NATIONAL, "990101195803120027"),
        Identifier(INSURANCE, "YB-1"),
        Identifier("urn:referral-hub:namespace:TOWN", "77"),
    )


def test_history_and_files_keep_their_exact_bytes() -> None:
    documents = [p.resource["content"] for p in sent(WHOLE).parts if p.resource["resourceType"] == "DocumentReference"]
    held = [[base64.b64decode(c["attachment"]["data"]) for c in content] for content in documents]
    assert held == [[WHOLE.history.encode()], [PICTURE.content], [REPORT.content, REPORT.text.encode()]]
    assert [c["attachment"].get("title") for content in documents for c in content] == [
        None, "心电图.png", "化验单.pdf", None,
    ]  # fmt: skip


def test_the_national_identifier_tells_birth_date_and_sex() -> None:
    form = completed(replace(PLAIN, national_identifier=" 990101 19580312 0027 "))
    assert (form.national_identifier, form.birth_date, form.gender) == ("990101195803120027", "1958-03-12", "female")
    assert completed(replace(PLAIN, national_identifier="990101195803120028")).birth_date == ""


@pytest.mark.parametrize(
    ("field", "value", "cause"),
    [
        ("patient_name", "", Cause.REQUIRED_MISSING),
        ("patient_name", " 　", Cause.REQUIRED_MISSING),
        ("patient_name", "陈\x00桂英", Cause.WRONG_DATATYPE),
        ("patient_name", "陈" * 101, Cause.TOO_LARGE),
        ("national_identifier", "990101195803120028", Cause.CODE_INVALID),
        ("national_identifier", "990101195813120027", Cause.WRONG_DATATYPE),
        ("national_identifier", "9901011958031200", Cause.WRONG_DATATYPE),
        ("national_identifier", "٩٩0101195803120027", Cause.WRONG_DATATYPE),
        ("birth_date", "2026-02-30", Cause.WRONG_DATATYPE),
        ("birth_date", "2026-11-23", Cause.WRONG_DATATYPE),
        ("birth_date", "1858-03-12", Cause.WRONG_DATATYPE),
        ("birth_date", "1958-03-13", Cause.CODE_INVALID),
        ("gender", "male", Cause.CODE_INVALID),
        ("gender", "weiblich", Cause.CODE_INVALID),
        ("receiver", "", Cause.REQUIRED_MISSING),
        ("priority", "", Cause.CODE_INVALID),
        ("direction", "sideways", Cause.CODE_INVALID),
        ("phone", "1\n2", Cause.WRONG_DATATYPE),
        ("history", "\ud800", Cause.WRONG_DATATYPE),
        ("history", "长" * 100_001, Cause.TOO_LARGE),
        ("department", "科" * 101, Cause.TOO_LARGE),
    ],
)
def test_a_fault_is_told_at_its_field(field: str, value: str, cause: Cause) -> None:
    [refusal] = check(completed(replace(WHOLE, **{field: value})), TODAY)
    assert (refusal.path, refusal.cause) == (field, cause)
    assert refusal.text in TEXTS


@pytest.mark.parametrize(
    ("number", "text"), [("990101580312002", NUMBER_OLD), ("9.90101E+17", NUMBER_ROUNDED), ("990101", NUMBER_LENGTH)]
)
def test_what_became_of_a_number_is_said(number: str, text: str) -> None:
    [refusal] = check(completed(replace(PLAIN, national_identifier=number)), TODAY)
    assert (refusal.path, refusal.text) == ("national_identifier", text)


def test_a_reason_or_a_question_is_enough() -> None:
    assert check(replace(PLAIN, reason="", question="需要手术吗？"), TODAY) == ()
    assert [r.path for r in check(replace(PLAIN, reason=" "), TODAY)] == ["reason"]


def test_refusals_of_the_bundle_are_told_at_the_form() -> None:
    told = at_fields(
        Refusal(Cause.UNKNOWN_KEY, path, "...")
        for path in (
            "Bundle.entry[1].resource.performer[0].identifier.value", "/entry/2/resource/name/0/text",
            "Bundle.entry[2].resource.birthDate", "Bundle.entry[5].resource.content[0].attachment.data", "Bundle",
        )
    )  # fmt: skip
    assert [r.path for r in told] == ["receiver", "patient_name", "birth_date", "attachments", ""]
    assert {r.text for r in told} <= set(TEXTS)


@given(st.fixed_dictionaries({field: st.text(max_size=30) for field in LONGEST}))
def test_whatever_the_check_lets_pass_is_fhir(entered: dict[str, str]) -> None:
    form = completed(replace(PLAIN, **(entered | {"national_identifier": ""})))
    if not check(form, TODAY):
        assert check_received(bundle(form, TOWN, "市医院", AT)) == ()
