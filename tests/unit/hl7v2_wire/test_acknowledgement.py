"""Acknowledgements: codes, places, routing, and hl7apy's opinion of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hl7apy.parser import parse_message, parse_segment

from adapters.hl7v2 import charsets, er7
from adapters.hl7v2.acknowledgement import ANSWERS, Mode, acknowledge
from adapters.hl7v2.envelope import read_envelope
from hub.domain.errors import Cause, Refusal
from hub.domain.messages import Outcome, ReferralStanding
from hub.domain.patients import Identifier
from hub.domain.referrals import State

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8")
OWN = Identifier("urn:referral-hub:namespace:XR%20Y", "R|1")
ACCEPTED = Outcome("m", referral=ReferralStanding("0197-hub", 1, State.REQUESTED, (OWN,)))


def received(version: str = "2.5.1", kind: str = "REF^I12^REF_I12", charset: str = "", mark: str = "|") -> bytes:
    fields = ["MSH", "^~\\&", "HIS^1.2^ISO", "县医院", "HUB", "H", "20240101", "", kind, "C\\T\\1", "T", version,
              "", "", "", "", "", charset]  # fmt: skip
    return mark.join(fields).encode(charsets.codec(charset or "UTF-8") or "utf-8") + b"\rPID"


def answer(
    outcome: Outcome, raw: bytes | None = None, mode: Mode = "original", rri: bool = False
) -> dict[str, list[str]]:
    """Segment name -> fields of the last of that name."""
    envelope, _ = read_envelope(received() if raw is None else raw)
    made = acknowledge(envelope, outcome, mode=mode, answer="RRI" if rri else "ACK", now=NOW)
    text, _ = charsets.decode(made, charsets.declared(made), None)
    return {segment.name: segment.fields for segment in er7.parse(text).segments}


def refused(cause: Cause, path: str = "PRD[2]-7[1].1.2") -> Outcome:
    return Outcome("m", (Refusal(cause, path, "why | it is"),))


def test_sender_and_receiver_change_places_and_the_control_id_comes_back() -> None:
    found = answer(ACCEPTED)
    assert found["MSH"][3:8] == ["HUB", "H", "HIS^1.2^ISO", "县医院", "20260102030405+0000"]
    assert found["MSH"][9] == "ACK^I12^ACK"
    assert 0 < len(found["MSH"][10]) <= 20
    assert found["MSH"][11:13] == ["T", "2.5.1"]
    assert found["MSA"] == ["MSA", "AA", "C\\T\\1"]
    assert "ERR" not in found


@pytest.mark.parametrize(
    ("mode", "codes"), [("original", "AA AE AR"), ("application", "AA AE AR"), ("accept", "CA CE CR")]
)
def test_the_mode_gives_the_first_letter_and_the_cause_the_second(mode: Mode, codes: str) -> None:
    outcomes = [ACCEPTED, refused(Cause.REQUIRED_MISSING), refused(Cause.UNKNOWN_SENDER)]
    assert [answer(outcome, mode=mode)["MSA"][1] for outcome in outcomes] == codes.split()
    assert answer(Outcome("m", unavailable=True), mode=mode)["MSA"][1] == codes[-2:]
    assert answer(Outcome("m", stored=True), mode=mode)["MSA"][1] == codes[:2]


@pytest.mark.parametrize(
    ("cause", "letter", "code"),
    [
        (Cause.NO_HEADER, "R", "100"), (Cause.UNSUPPORTED_TYPE, "R", "200"), (Cause.UNSUPPORTED_EVENT, "R", "201"),
        (Cause.UNSUPPORTED_PROCESSING_ID, "R", "202"), (Cause.UNSUPPORTED_VERSION, "R", "203"),
        (Cause.UNKNOWN_SENDER, "R", "204"), (Cause.UNDECODABLE, "E", "102"), (Cause.WRONG_DATATYPE, "E", "102"),
        (Cause.TOO_LARGE, "E", "104"), (Cause.REQUIRED_MISSING, "E", "101"), (Cause.UNKNOWN_KEY, "E", "204"),
        (Cause.DUPLICATE_KEY, "E", "205"), (Cause.FORBIDDEN_STATE, "E", "206"),
    ],
)  # fmt: skip
def test_each_cause_has_its_answer(cause: Cause, letter: str, code: str) -> None:
    found = answer(refused(cause))
    assert found["MSA"][1] == "A" + letter
    assert found["ERR"][2] == "PRD^2^7^1^1^2"
    assert found["ERR"][3].split("^")[0] == code
    assert found["ERR"][4] == "E"
    assert found["ERR"][8] == "why \\F\\ it is"


def test_every_cause_is_answered() -> None:
    assert set(ANSWERS) == set(Cause)


def test_a_place_that_is_none_of_the_message_becomes_the_usual_one() -> None:
    assert answer(refused(Cause.FORBIDDEN_STATE, "Task.status"))["ERR"][2] == "RF1^1^6^1"
    assert answer(refused(Cause.UNKNOWN_SENDER, "MSH[1]-4"))["ERR"][2] == "MSH^1^4^1"
    assert answer(refused(Cause.WRONG_STRUCTURE, "PID[2]"))["ERR"][2] == "PID^2"


def test_before_2_5_the_place_is_in_err_1_and_the_text_in_msa_3() -> None:
    found = answer(refused(Cause.REQUIRED_MISSING), received("2.4"))
    assert found["ERR"][1:] == ["PRD^2^7^101&Required field missing&HL70357"]
    assert found["MSA"][3] == "why \\F\\ it is"


def test_several_refusals_have_an_err_each() -> None:
    both = Outcome("m", refused(Cause.REQUIRED_MISSING).refusals + refused(Cause.UNKNOWN_SENDER).refusals)
    envelope, _ = read_envelope(received())
    made = acknowledge(envelope, both, mode="original", now=NOW).decode()
    assert made.count("\rERR|") == 2
    assert "\rMSA|AR|" in made


def test_no_header_is_answered_with_an_empty_msa_2() -> None:
    envelope, refusals = read_envelope(b"hello")
    made = acknowledge(envelope, Outcome("m", refusals), mode="original", now=NOW).decode()
    message = er7.parse(made)
    assert made.startswith("MSH|^~\\&|REFERRAL-HUB|")
    assert [er7.value(message, message.segments[1], n) for n in (1, 2)] == ["AR", ""]
    assert er7.value(message, message.segments[2], 3, 1, 1) == "100"


@pytest.mark.parametrize(
    ("raw", "mode", "rri", "kind"),
    [
        (received(), "original", False, "ACK^I12^ACK"),
        (received(), "original", True, "RRI^I12^RRI_I12"),
        (received(), "application", False, "RRI^I12^RRI_I12"),
        (received(), "accept", True, "ACK^I12^ACK"),
        (received(kind="REF^I15"), "original", False, "RRI^I15^RRI_I12"),
        (received(kind="ADT^A01^ADT_A01"), "original", True, "ACK^A01^ACK"),
    ],
)
def test_referrals_are_answered_by_rri_where_it_is_asked_for(raw: bytes, mode: Mode, rri: bool, kind: str) -> None:
    found = answer(ACCEPTED, raw, mode, rri)
    assert found["MSH"][9] == kind
    assert ("RF1" in found) == kind.startswith("RRI")


def test_rf1_of_an_rri_names_the_referral_by_both_sides_identifiers() -> None:
    found = answer(ACCEPTED, rri=True)["RF1"]
    assert (found[1], found[6]) == ("P^Pending^HL70283", "R\\F\\1^XR Y")
    assert found[11] == "0197-hub^REFERRAL-HUB^urn:referral-hub:referral^URI"


def test_an_application_acknowledgement_asks_for_none_itself() -> None:
    assert answer(Outcome("m"), mode="application")["MSH"][15:17] == ["NE", "NE"]


@pytest.mark.parametrize("name", ["GB 18030-2000", "UNICODE UTF-8", "UNICODE UTF-16", ""])
def test_the_answer_is_in_the_sender_s_character_set(name: str) -> None:
    envelope, _ = read_envelope(received(charset=name))
    made = acknowledge(envelope, ACCEPTED, mode="original", now=NOW)
    assert "县医院" in made.decode(charsets.codec(name or "UTF-8") or "")
    assert charsets.declared(made) == name


def test_the_answer_is_in_the_sender_s_delimiters() -> None:
    envelope, _ = read_envelope(received(mark="$"))
    made = acknowledge(envelope, refused(Cause.REQUIRED_MISSING), mode="original", now=NOW).decode()
    assert made.startswith("MSH$^~\\&$HUB$H$HIS^1.2^ISO$")
    assert "\rMSA$AE$C\\T\\1\r" in made


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("outcome", [ACCEPTED, refused(Cause.REQUIRED_MISSING), Outcome("m", unavailable=True)])
@pytest.mark.parametrize("mode", ["original", "accept", "application"])
def test_hl7apy_finds_every_answer_valid(version: str, outcome: Outcome, mode: Mode) -> None:
    envelope, _ = read_envelope(received(version))
    text = acknowledge(envelope, outcome, mode=mode, now=NOW).decode()
    for line in text.rstrip("\r").split("\r"):
        segment = parse_segment(line, version=version)
        assert line.startswith("ERR|") or segment.to_er7() == line
    if version in ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7") and "RRI" not in text:
        assert parse_message(text).validate()
