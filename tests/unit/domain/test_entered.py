"""What people type on a phone, and what it means."""

from __future__ import annotations

import pytest

from hub.domain.entered import iso_date
from hub.domain.forms import ReferralForm, completed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("19580312", "1958-03-12"),
        (" １９５８年３月１２日 ", "1958-03-12"),
        ("1958/3/12", "1958-03-12"),
        ("1958.3.12", "1958-03-12"),
        ("1958/3/12 0:00:00", "1958-03-12"),
        ("1958-03-12", "1958-03-12"),
        ("1958年3月", "1958-03"),
        ("1958年", "1958"),
        ("1958", "1958"),
        ("", ""),
        ("580312", "580312"),
        ("12/3/1958", "12/3/1958"),
        ("1958-03-12 14:30", "1958-03-12 14:30"),
    ],
)
def test_a_date_is_understood_as_it_is_written(typed: str, meant: str) -> None:
    assert iso_date(typed) == meant


def test_digits_of_full_width_are_digits_in_numbers_and_stay_in_texts() -> None:
    numbers = {"national_identifier": "９９０１０１　１９５８０３１２ ００２７", "phone": " １３９ ００００ ００００"}
    form = completed(ReferralForm(key="k", insurance_identifier="ＹＢ－１", reason="血压１８０", **numbers))
    assert (form.national_identifier, form.birth_date, form.gender) == ("990101195803120027", "1958-03-12", "female")
    assert (form.phone, form.insurance_identifier, form.reason) == ("139 0000 0000", "YB-1", "血压１８０")
