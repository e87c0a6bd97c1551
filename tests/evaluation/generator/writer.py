"""Where files and what the truth says of places in them are gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.evaluation.generator import fhir, hl7v2
from tests.evaluation.generator.documents import Document, Placed
from tests.evaluation.generator.story import Story

Json = dict[str, Any]


@dataclass(slots=True)
class Writer:
    """Files of one patient, and what the truth says of places in them."""

    story: Story
    folder: Path
    chance: Random
    manifest: list[Json] = field(default_factory=list)
    units: list[Json] = field(default_factory=list)
    passages: list[Json] = field(default_factory=list)
    injections: list[Json] = field(default_factory=list)
    strangers: list[Json] = field(default_factory=list)
    number: int = 30000

    @property
    def person(self) -> Json:
        return self.story.patient.person

    def control(self) -> str:
        self.number += 7
        return f"G{self.number}"

    def file(self, name: str, data: bytes, organization: str, moment: datetime) -> None:
        (self.folder / name).write_bytes(data)
        received = (moment + timedelta(minutes=self.chance.randrange(2, 40))).isoformat()
        self.manifest.append({"path": name, "organization": organization, "received_at": received})

    def coded(self, made: hl7v2.Message | fhir.Bundle, origin: Json) -> None:
        for fact, path, text, scope in made.coded:
            place = origin | {"path": path, "start": 0, "end": len(text), "text": text, "surface": text,
                              "scope": scope, "mode": "coded"}  # fmt: skip
            fact.statements.append(place)
            if fact.start:
                fact.start_ok.add(fact.start.isoformat())
            self.unit(origin, scope, None, None, text)

    def texts(self, texts: Sequence[tuple[str, str, list[Placed]]], origin: Json, document: Document) -> None:
        for path, text, placed in texts:
            for one in placed:
                self._place(path, text, one, origin, document)

    def _place(self, path: str, text: str, one: Placed, origin: Json, document: Document) -> None:
        said = text[one.start : one.end]
        place = origin | {"path": path, "start": one.start, "end": one.end, "text": said}
        for fact, surface, _ in one.sentence.told:
            fact.statements.append(place | {"surface": document.spelt(surface), "scope": path, "mode": "text",
                                            "register": register_of(document)})  # fmt: skip
        grade = 2 if one.sentence.wording == "relevant" else max((f.grade for f, _, _ in one.sentence.told), default=0)
        if one.sentence.told and one.sentence.told[0][0].assertion == "absent":
            grade = 0
        self.passages.append(
            {k: place[k] for k in ("file", "message_id", "kind", "path", "start", "end", "text")} | {"grade": grade}
        )
        if one.sentence.wording != "filler":
            self.unit(origin, path, one.start, one.end, said)

    def unit(self, origin: Json, scope: str, start: int | None, end: int | None, text: str) -> None:
        self.units.append({
            "id": f"u{len(self.units) + 1:03}", "file": origin["file"], "message_id": origin["message_id"],
            "kind": origin["kind"], "scope": scope, "start": start, "end": end, "text": text,
            "what": "coded" if start is None else "text", "wrong_patient": False,
        })  # fmt: skip


def origin_of(document: Document, kind: str, control: str | None) -> Json:
    return {"file": document.file, "message_id": control, "organization": document.organization,
            "received_at": document.moment.isoformat(), "kind": kind}  # fmt: skip


def register_of(document: Document) -> str:
    return "traditional" if document.script == "traditional" else document.register
