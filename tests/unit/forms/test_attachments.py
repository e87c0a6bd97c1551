"""Files of a form: what they are by their bytes, what they say, and what is not taken."""

from __future__ import annotations

import pytest

from adapters.attached import pdf
from adapters.forms import attachments
from adapters.forms.attachments import attach, plain_name
from hub.domain.errors import Refused
from tests.unit.forms import pdfs

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(30)


def test_a_pdf_tells_its_text() -> None:
    taken = attach("化验单.pdf", pdfs.pdf("血钾 5.9 mmol/L", "请复查"))
    assert (taken.name, taken.content_type, taken.text) == ("化验单.pdf", "application/pdf", "血钾 5.9 mmol/L\n请复查")


def test_what_a_file_is_its_bytes_say_and_not_its_name() -> None:
    assert attach("report.pdf", PNG).content_type == "image/png"
    assert (
        attach("picture.png", "近三日血压 150/90，心电图正常".encode("gb18030")).content_type
        == "text/plain; charset=gb18030"
    )
    taken = attach("note", "\ufeff血压 150/90\r\n".encode())
    assert (taken.content_type, taken.text) == ("text/plain; charset=utf-8", "血压 150/90\r\n")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", attachments.EMPTY),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", attachments.UNFIT),
        (b"  <!DOCTYPE html><script>alert(1)</script>", attachments.UNFIT),
        (b"MZ\x90\x00 a program", attachments.UNFIT),
        (b"PK\x03\x04 an archive", attachments.UNFIT),
        (b"\x00\x01\x02\x03", attachments.UNFIT),
        (b"%PDF-1.7\nnothing more", attachments.PDF_BROKEN),
        (pdfs.pdf("secret", password="open"), attachments.PDF_LOCKED),
        (PNG + bytes(attachments.LARGEST), attachments.FILE_TOO_LARGE),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(content: bytes, text: str) -> None:
    with pytest.raises(Refused) as refused:
        attach("x.pdf", content)
    [refusal] = refused.value.refusals
    assert (refusal.path, refusal.text) == ("attachments", text)


@pytest.mark.parametrize(
    ("beside", "text"),
    [((5_000_000, 5_485_740), attachments.TOO_LARGE), ((1,) * 10, attachments.TOO_MANY)],
)
def test_all_files_together_have_a_limit(beside: tuple[int, ...], text: str) -> None:
    with pytest.raises(Refused, match=text):
        attach("x.png", PNG, beside)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\王\\化验 单.pdf", "化验 单.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("", "file"),
        ("长" * 200 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_kept_as_far_as_it_can_be_shown(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_reading_a_pdf_ends_when_its_time_is_up() -> None:
    times = iter([0.0, 1.0, 10.0, 20.0])
    assert pdf.extract(pdfs.pdf("one", "two", "three"), lambda: next(times)) == "one"


def test_a_pdf_that_makes_the_reader_hang_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TOGETHER", 0.001)
    with pytest.raises(Refused, match="cannot be read"):
        attach("x.pdf", pdfs.pdf("text"))
