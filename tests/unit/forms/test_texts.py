"""What the forms' adapters tell is translated."""

from __future__ import annotations

from adapters.forms import attachments, checking, table
from hub.web.languages import catalogue


def test_every_text_of_a_fault_has_a_chinese_translation() -> None:
    texts = {*attachments.TEXTS, *checking.TEXTS, *table.TEXTS}
    assert texts - set(catalogue("zh").texts) == set()
