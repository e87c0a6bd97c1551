"""Identifiers and when two identities are one (CONTRACTS.md)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.patients import NATIONAL, Identifier, Identity, contradictions, same_person, valid_national_identifier

A = Identity("王 芳", "female", "1957-03-02", (Identifier(NATIONAL, "1"), Identifier("urn:x", "7")))


def test_the_example_of_gb_11643_has_the_right_check_digit() -> None:
    assert valid_national_identifier("11010519491231002X")
    assert valid_national_identifier("440524188001010014")
    assert not valid_national_identifier("110105194912310021")


def test_impossible_dates_and_lengths_are_no_national_identifier() -> None:
    assert not valid_national_identifier("110105194913310021")
    assert not valid_national_identifier("1101051949123100")
    assert not valid_national_identifier("٣١٠١٠٥١٩٤٩١٢٣١٠٠٢")


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_changed_digit_is_found(position: int, step: int) -> None:
    good = "440524188001010014"
    changed = str((int(good[position]) + step) % 10)
    assert not valid_national_identifier(good[:position] + changed + good[position + 1 :])


def test_an_agreeing_identifier_with_one_contradiction_is_the_same_person() -> None:
    b = Identity("王芳", "male", "1957", (Identifier("urn:x", "7"),))
    assert contradictions(A, b) == ("gender",)
    assert same_person(A, b)


def test_two_contradictions_are_another_person() -> None:
    assert not same_person(A, Identity("李四", "male", "1957-03-02", (Identifier(NATIONAL, "1"),)))


def test_the_same_name_and_birth_date_without_a_common_identifier_are_never_one() -> None:
    assert not same_person(A, Identity("王芳", "female", "1957-03-02", (Identifier(NATIONAL, "2"),)))
