"""A site's own terminology as a file: the format of our tables, CSV or TSV with a header, or a FHIR CodeSystem."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hub.summarizer.terminology.index import Entry
from hub.summarizer.terminology.tables import Term, family, read

KINDS = ("problem", "symptom", "medicine", "analyte", "procedure", "vaccine", "allergen")
_KIND_OF = (
    ("icd-9-cm", "procedure"), ("icd-10-pcs", "procedure"), ("icd9cm", "procedure"), ("icd", "problem"),
    ("loinc", "analyte"), ("atc", "medicine"), ("rxnorm", "medicine"), ("ndc", "medicine"), ("cvx", "vaccine"),
)  # fmt: skip
"""What the terms of a system are, by what its URI holds; of others any kind."""
_ENCODINGS = ("utf-8-sig", "gb18030")
_LONGEST = 500


class FormatError(ValueError):
    """The file cannot be read as a terminology; the text names the line and what was expected."""


def parse(name: str, data: bytes, system: str, kind: str | None = None) -> list[Entry]:
    """The terms of a file. kind: of all its terms, where neither file nor system says. Raises FormatError."""
    text = _decoded(name, data)
    kind = family(kind) if kind else kind_of(system)
    if text.lstrip().startswith("{"):
        found = _code_system(name, text, system, kind)
    elif text.lstrip().startswith("#"):
        found = _table(name, text, system, kind)
    else:
        found = list(_rows(name, text, system, kind))
    if not found:
        raise FormatError(f"{name}: no terms")
    return _distinct(found)


def kind_of(system: str) -> str:
    lowered = system.casefold()
    return next((kind for part, kind in _KIND_OF if part in lowered), "")


def _decoded(name: str, data: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FormatError(f"{name}: expected UTF-8 or GB18030")


def _table(name: str, text: str, system: str, kind: str) -> list[Entry]:
    given = {"system": system}
    if not any(line.startswith("# kind ") for line in text.splitlines()):
        given["kind"] = kind
    try:
        return [_entry(system, family(t.kind), _code(t), t.name, [*t.names, *t.colloquial], 1 + len(t.names))
                for t in read(name, text, given)]  # fmt: skip
    except ValueError as error:
        raise FormatError(str(error)) from error


def _code(term: Term) -> str:
    return term.codes[0][1] if term.codes else term.name


def _rows(name: str, text: str, system: str, kind: str) -> Iterator[Entry]:
    """`code,display[,aliases][,kind]` in any order, parted by commas, tabs or semicolons; several aliases by `|`."""
    header = text.partition("\n")[0].rstrip("\r")
    delimiter = max("\t,;", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [cell.strip().casefold() for cell in next(reader, [])]
        if not {"code", "display"} <= set(columns):
            raise FormatError(f"{name}:1: expected a header with the columns code, display and, if any, aliases, kind")
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) > len(columns):
                    raise FormatError(f"{name}:{reader.line_num}: more cells than the header has")
                row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
                yield _row(f"{name}:{reader.line_num}", row, system, kind)
    except csv.Error as error:
        raise FormatError(f"{name}:{reader.line_num}: {error}") from error


def _row(place: str, row: Mapping[str, str], system: str, kind: str) -> Entry:
    code, display, told = row.get("code", ""), row.get("display", ""), row.get("kind", "").casefold()
    if not code or not display:
        raise FormatError(f"{place}: expected a code and a display")
    if told and told not in KINDS:
        raise FormatError(f"{place}: unknown kind; expected one of {', '.join(KINDS)}")
    if max(len(code), len(display)) > _LONGEST:
        raise FormatError(f"{place}: a code or display of more than {_LONGEST} characters")
    aliases = [alias.strip() for alias in row.get("aliases", "").split("|")]
    return _entry(system, family(told) if told else kind, code, display, aliases, 1 + len(aliases))


def _code_system(name: str, text: str, system: str, kind: str) -> list[Entry]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise FormatError(f"{name}:{getattr(error, 'lineno', 1)}: expected JSON") from error
    if document.get("resourceType") != "CodeSystem":
        raise FormatError(f"{name}:1: expected a CodeSystem")
    return [_concept(name, concept, system, kind) for concept in _concepts(document)]


def _concepts(parent: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The concepts of a CodeSystem and theirs, without recursion: a hierarchy may be deep."""
    waiting = list(reversed(_listed(parent, "concept")))
    while waiting:
        concept = waiting.pop()
        yield concept
        waiting += reversed(_listed(concept, "concept"))


def _listed(parent: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = parent.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _concept(name: str, concept: Mapping[str, Any], system: str, kind: str) -> Entry:
    code, display = concept.get("code"), concept.get("display")
    if not isinstance(code, str) or not isinstance(display, str) or not code or not display.strip():
        raise FormatError(f"{name}: concept {str(code)[:40]!r}: expected a code and a display")
    aliases = [str(each.get("value") or "") for each in _listed(concept, "designation")]
    return _entry(system, kind, code, display.strip(), aliases, 1 + len(aliases))


def _entry(system: str, kind: str, code: str, display: str, others: Iterable[str], names: int) -> Entry:
    wordings = [display, *others]
    named = dict.fromkeys(w for w in wordings[:names] if w)
    return Entry(kind, system, code, display, tuple(dict.fromkeys([*named, *(w for w in wordings if w)])), len(named))


def _distinct(entries: Iterable[Entry]) -> list[Entry]:
    """A code that is listed again adds its wording to the first."""
    found: dict[tuple[str, str], Entry] = {}
    for each in entries:
        known = found.get((each.kind, each.code))
        if known:
            known = replace(known, wordings=tuple(dict.fromkeys([*known.wordings, *each.wordings])))
        found[each.kind, each.code] = known or each
    return list(found.values())
