"""Every reason that the HL7 v2 adapter gives is told in the page's language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.hl7v2.maps import ledger
from hub.web.admin import reasons
from hub.web.page import Page


def page(language: str) -> Page:
    return Page(language, None, "/", datetime(2026, 5, 1, tzinfo=UTC), "secret")


@pytest.mark.parametrize("reason", sorted(set(ledger._REASONS.values())))
def test_reasons_of_single_fields_are_known(reason: str) -> None:
    assert reason in reasons.KNOWN
    assert reasons.told(page("en"), reason) == reason
    assert reasons.told(page("zh"), reason) != reason


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("no rule for Z-segments", "Z 段没有规则"),
        ("no rule for segment ABC", "段 ABC 没有规则"),
        ("no rule for PID-33", "PID-33 没有规则"),
        (
            "not a value that the FHIR element of PID-7 takes, or what it belongs to is not in the message",
            "该值不能用于 PID-7 对应的 FHIR 元素，或消息中没有它所属的内容",
        ),
        ("a reason of a later adapter: 100%", "a reason of a later adapter: 100%"),
        ("no rule for the field PID-33 yet", "no rule for the field PID-33 yet"),
    ],
)
def test_the_place_that_a_reason_names_is_kept(reason: str, chinese: str) -> None:
    assert reasons.told(page("zh"), reason) == chinese
    assert reasons.told(page("en"), reason) == reason
