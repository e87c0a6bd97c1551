"""Records of a few short texts: for pairs of sentences, units and English notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hub.domain.fragments import Fragment, cite_document
from hub.summarizer.embedding import Embedder
from hub.summarizer.record import summarize
from tests.evaluation.matching import Json, items

WRITTEN = datetime(2025, 3, 3, 9, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Note:
    """A text with the name of its file."""

    name: str
    text: str
    written: datetime = WRITTEN


def record(notes: Sequence[Note], embed: Embedder, resources: Sequence[Json] = ()) -> Json:
    """The record of notes (and of whole FHIR resources, each from a place of its own) about one person."""
    person = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}], "name": [{"text": "王芳"}]}
    given = [_fragment("person", person, WRITTEN, "")]
    for note in notes:
        document = {
            "resourceType": "DocumentReference", "status": "current", "date": note.written.isoformat(),
            "content": [{"attachment": {"contentType": "text/plain", "data": note.text}}],
        }  # fmt: skip
        given.append(_fragment(note.name, document, note.written, "person"))
    given += [_fragment(f"r{n}", resource, WRITTEN + n * _DAY, "person") for n, resource in enumerate(resources)]
    made: Json = summarize(
        given, referral_id=None, question=None, patient=None, as_of=date(2025, 4, 1), generated_at=WRITTEN, embed=embed
    )
    return made


def _fragment(name: str, resource: dict[str, Any], when: datetime, patient: str) -> Fragment:
    cited = cite_document(resource, "")
    return Fragment(name, name, patient, f"机构{name}", when, when, f"{name}.json", "fhir", resource, cited)


def of_note(made: Json, name: str, start: int = 0) -> list[tuple[str, Json]]:
    """Items with a source in the text of the note, behind its first `start` characters."""
    return [
        (section, item)
        for section, item in items(made)
        if any(s["message_id"] == name and s["location"]["path"].endswith("/data") and s["location"]["end"] > start
               for s in item["sources"])
    ]  # fmt: skip
