"""Referrals in a CSV file: each line a form, each fault at its line and column.

RFC 4180 through Python's csv module, also with semicolons or tabs; UTF-8 with or without byte order mark, GB 18030, or
UTF-16 as spreadsheets write it; columns named in Chinese or English in the first line. A cell is what it says: what
looks like a formula is text.
"""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from hub.domain.entered import iso_date
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.forms import ReferralForm, completed

LARGEST, MOST_LINES = 5 * 2**20, 1000

NOT_TEXT = "The file is neither UTF-8 nor GB 18030: save it as CSV (UTF-8)"
TOO_LARGE = "The file may have at most 5 MB and 1000 referrals"
NO_HEADER = "The first line names the columns: begin with the template"
COLUMN_TWICE = "This column is there twice"
COLUMN_UNKNOWN = "This column is not one of the template"
NO_ROWS = "The file has no referral below its first line"
TOO_MANY_CELLS = "The line has more cells than the first line has columns"
BROKEN = "A quotation mark is not closed, or stands in the middle of a cell"
TEXTS = (NOT_TEXT, TOO_LARGE, NO_HEADER, COLUMN_TWICE, COLUMN_UNKNOWN, NO_ROWS, TOO_MANY_CELLS, BROKEN)

COLUMNS: dict[str, tuple[str, str]] = {
    "patient_name": ("姓名", "name"),
    "national_identifier": ("身份证号", "national identifier"),
    "insurance_identifier": ("医保号", "insurance number"),
    "local_identifier": ("本院病历号", "local number"),
    "gender": ("性别", "sex"),
    "birth_date": ("出生日期", "birth date"),
    "phone": ("电话", "phone"),
    "address": ("住址", "address"),
    "receiver": ("接收医院", "receiver"),
    "department": ("科室", "department"),
    "priority": ("紧急程度", "priority"),
    "reason": ("转诊原因", "reason"),
    "question": ("想请教的问题", "question"),
    "history": ("病史", "history"),
}
"""Fields of the form and how the template names them, in Chinese and in English."""

_BY_NAME = {name.casefold(): field for field, names in COLUMNS.items() for name in (*names, field)}
_WORDS = {
    "gender": {"男": "male", "女": "female", "男性": "male", "女性": "female", "m": "male", "f": "female",
               "其他": "other", "未知": "unknown", "不详": "unknown"},
    "priority": {"": "routine", "普通": "routine", "常规": "routine", "一般": "routine", "紧急": "urgent",
                 "加急": "urgent", "尽快": "asap", "急诊": "stat", "危急": "stat", "特急": "stat",
                 "立即": "stat", "emergency": "stat", "as soon as possible": "asap"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One referral of the file. line: of the file, counted from 1, where it begins; faults: of the line itself."""

    line: int
    form: ReferralForm
    faults: tuple[Refusal, ...] = ()


def read(content: bytes, author: str) -> tuple[Row, ...]:
    """The referrals of a file in its order, each form completed and under a key that the same line has in any file.

    So a corrected file sends only what was corrected. Raises Refused where the file as a whole cannot be read, with
    `path` "", the number of the line or the name of the column.
    """
    text = _text(content)
    seen: Counter[str] = Counter()
    lines = (line for line in _lines(text) if any(cell.strip() for cell in line[1]))
    header = next(lines, None)
    fields = _fields(header[1] if header else [])
    rows = []
    for line, cells in lines:
        told = _told(cells, fields)
        seen[told] += 1
        key = sha256(f"{seen[told]}:{told}".encode()).hexdigest()[:40]
        rows.append(_row(line, cells, fields, f"csv-{key}", author))
        if len(rows) > MOST_LINES:
            raise _refused(Cause.TOO_LARGE, TOO_LARGE)
    if not rows:
        raise _refused(Cause.REQUIRED_MISSING, NO_ROWS)
    return tuple(rows)


def template(language: str) -> bytes:
    """A file with the first line alone, as spreadsheet programs open it: UTF-8 with byte order mark, CRLF."""
    names = [names[0 if language == "zh" else 1] for names in COLUMNS.values()]
    return ("\ufeff" + ",".join(names) + "\r\n").encode()


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise _refused(Cause.TOO_LARGE, TOO_LARGE)
    marked = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    for charset in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(charset)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _refused(Cause.UNDECODABLE, NOT_TEXT)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line of the file that it begins at. Raises Refused at the line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Refused(Refusal(Cause.WRONG_STRUCTURE, str(begins), BROKEN)) from None
        yield begins, cells


def _delimiter(text: str) -> str:
    """What separates the names of the columns: a comma, or what spreadsheets write in its place."""
    header = next((line for line in text.splitlines() if line.strip(' ,;\t"')), "")
    return max(",;\t", key=header.count)


def _fields(header: list[str]) -> list[str]:
    """The form's fields in the order of the columns; "" of an unnamed one. Raises Refused."""
    names = [" ".join(cell.split()) for cell in header]
    fields = [_BY_NAME.get(name.casefold(), "") for name in names]
    if "patient_name" not in fields:
        raise _refused(Cause.NO_HEADER, NO_HEADER)
    faults = []
    for number, (name, field) in enumerate(zip(names, fields, strict=True)):
        if name and not field:
            faults.append(Refusal(Cause.WRONG_STRUCTURE, name, COLUMN_UNKNOWN))
        elif field and field in fields[:number]:
            faults.append(Refusal(Cause.DUPLICATE_KEY, name, COLUMN_TWICE))
    if faults:
        raise Refused(*faults)
    return fields


def _told(cells: list[str], fields: list[str]) -> str:
    """What a line says, whatever the order of its columns."""
    return repr(sorted((field, cell) for field, cell in zip(fields, cells, strict=False) if field and cell.strip()))


def _row(line: int, cells: list[str], fields: list[str], key: str, author: str) -> Row:
    values = {field: cell for field, cell in zip(fields, cells, strict=False) if field}
    plain = {field: _plain(field, value) for field, value in values.items()}
    plain.setdefault("priority", "routine")
    extra = any(cell.strip() for cell in cells[len(fields) :])
    extra = extra or any(cell.strip() for field, cell in zip(fields, cells, strict=False) if not field)
    faults = (Refusal(Cause.WRONG_STRUCTURE, "", TOO_MANY_CELLS),) if extra else ()
    return Row(line, completed(ReferralForm(key=key, author=author, **plain)), faults)  # type: ignore[arg-type]


def _plain(field: str, value: str) -> str:
    """A cell as the form has it: words as codes, dates with hyphens; history as it is but for its line ends."""
    if field == "history":
        return value.replace("\r\n", "\n").replace("\r", "\n") if value.strip() else ""
    value = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if field in _WORDS:
        return _WORDS[field].get(value.casefold(), value.casefold())
    if field == "birth_date":
        return iso_date(value)
    return value


def _refused(cause: Cause, text: str) -> Refused:
    return Refused(Refusal(cause, "", text))
