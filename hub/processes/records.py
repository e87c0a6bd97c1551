"""Makes a referral's record from the stored fragments and stores it, with the event that says so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
import uuid_utils
from psycopg import Connection
from psycopg.rows import dict_row

from hub.domain.events import Event
from hub.domain.fragments import Citation, Fragment, Resource, cite_document
from hub.domain.patients import Identifier
from hub.domain.referrals import FINAL, WHOLE_RECORD, State
from hub.store.connections import encode
from hub.store.sql import blocks
from hub.stream.lines import append
from hub.summarizer.embedding import CachedEmbedder, Embedder
from hub.summarizer.record import load, summarize
from hub.summarizer.referral import is_referral
from hub.summarizer.terminology.shelf import Shelf

_SQL = blocks("records")
_log = structlog.get_logger()
_WHOLE = [state.value for state in WHOLE_RECORD]
_WITHOUT = FINAL - WHOLE_RECORD
"""States in which nobody needs a new record."""
_NEEDED = [state.value for state in State if state not in _WITHOUT]


@dataclass(frozen=True, slots=True)
class _Made:
    record: dict[str, Any]
    generated_at: datetime
    whole: bool


class Records:
    """Handler of referral and fragment events; a line is a referral.

    A record is made from what is stored when its turn comes, not from the event. So several events that wait for one
    referral need one record, and it names the version that it was made from.
    """

    def __init__(self, embedder: Embedder, terminologies: Shelf | None = None) -> None:
        self._embedder = embedder
        self._terminologies = terminologies

    def load(self) -> None:
        """Load what a record is made with now rather than at the first referral."""
        load(self._embedder, self._terminologies)

    def lines(self, connection: Connection[Any], event: Event) -> Sequence[str]:
        """The referral; of a patient's new fragments, the referrals that may show them; of two patients that became
        one, or two again, all that need a record.

        A referral that is not stored here is another hub's, on the same broker: what is ours is committed first.
        """
        if event.type == "fragment.received.v1":
            rows = connection.execute(_SQL["concerned"], (event.subject, _WHOLE, event.data.get("referral_id")))
            return [row[0] for row in rows.fetchall()]
        if event.type.startswith("patient."):
            patients = [event.data["patient_id"], event.data["prior_patient_id"]]
            return [row[0] for row in connection.execute(_SQL["of_patients"], (patients, _NEEDED)).fetchall()]
        if not event.type.startswith("referral."):
            return []
        if connection.execute(_SQL["referral"], (event.subject,)).fetchone() is None:
            _log.info("an event of a referral that is not here", event_id=event.id)
            return []
        return [event.subject]

    def handle(self, connection: Connection[Any], line: str, events: Sequence[Event]) -> None:
        """Bring the record of the referral up to date. Raises LookupError when there is no such referral.

        The row is held only to write: no message waits for a model. If the referral has moved meanwhile, once more.
        """
        while True:
            referral = self._referral(connection, line)
            if State(referral["state"]) in _WITHOUT:
                return
            made = self._make(connection, line, referral)
            held = connection.execute(_SQL["hold"], (line,)).fetchone()
            if held is not None and held[0] == referral["version"]:
                break
        self._store(connection, line, referral, made)

    def _referral(self, connection: Connection[Any], referral_id: str) -> dict[str, Any]:
        with connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(_SQL["referral"], (referral_id,)).fetchone()
        if row is None:
            raise LookupError("no such referral")
        return row

    def _make(self, connection: Connection[Any], referral_id: str, referral: Mapping[str, Any]) -> _Made:
        whole = State(referral["state"]) in WHOLE_RECORD and referral["sender"] != referral["receiver"]
        now = datetime.now(UTC)
        known = connection.execute(_SQL["patient_identifier"], (referral["patient_id"],)).fetchone()
        fragments, request_id = _fragments(connection, referral_id, referral["patient_id"], whole)
        record = summarize(
            fragments,
            referral_id=referral_id,
            question=referral["question"],
            patient=Identifier(*known) if known else None,
            as_of=now.astimezone(ZoneInfo(referral["timezone"])).date(),
            generated_at=now,
            embed=self._remembering(connection),
            request_id=request_id,
            terminologies=self._terminologies,
        )
        return _Made(record, now, whole)

    def _store(self, connection: Connection[Any], referral_id: str, referral: Mapping[str, Any], made: _Made) -> None:
        if self._stands(connection, referral_id, referral["version"], made):
            return
        document = encode(made.record)
        digest = hashlib.sha256(document).digest()
        record_id = str(uuid_utils.uuid7())
        connection.execute(
            _SQL["store"],
            (record_id, referral_id, referral["version"], made.whole, document.decode(), digest, made.generated_at),
        )
        told = {
            "referral_id": referral_id,
            "version": referral["version"],
            "record_id": record_id,
            "record_sha256": digest.hex(),
            "receiver": referral["receiver"],
            "sender": referral["sender"],
            "messages": made.record["messages"],
            "fragments": made.record["fragments"],
            "conflicts": len(made.record["conflicts"]),
        }
        append(connection, "record.ready.v1", referral_id, told, [referral["receiver_id"]])

    def _stands(self, connection: Connection[Any], referral_id: str, version: int, made: _Made) -> bool:
        """Whether the newest record says the same of the same version, but for when it was made."""
        newest = connection.execute(_SQL["newest"], (referral_id,)).fetchone()
        if newest is None or newest[:2] != (version, made.whole):
            return False
        dated = made.record | {"generated_at": newest[3], "as_of": newest[4]}
        return bool(hashlib.sha256(encode(dated)).digest() == newest[2])

    def _remembering(self, connection: Connection[Any]) -> CachedEmbedder:
        model = f"{self._embedder.name}@{self._embedder.revision}"

        def get(keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
            return dict(connection.execute(_SQL["remembered"], (model, list(keys))).fetchall())

        def put(vectors: Mapping[bytes, bytes]) -> None:
            connection.execute(_SQL["remember"], (model, list(vectors), list(vectors.values())))

        return CachedEmbedder(self._embedder, get, put)


def _fragments(
    connection: Connection[Any], referral_id: str, patient_id: str, whole: bool
) -> tuple[list[Fragment], str | None]:
    """What the record may be made of, of referrals only this one; and which fragment is its ServiceRequest."""
    wanted = {"patient_id": patient_id, "referral_id": referral_id, "whole": whole}
    requests = dict(connection.execute(_SQL["requests"], (patient_id,)).fetchall())
    request = requests.pop(referral_id, None)
    others = list(requests.values())
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["fragments"], wanted).fetchall()
    held = [row for row in rows if row["referral_id"] == referral_id or not _asks(row["resource"], others)]
    mine = [row["id"] for row in held if row["referral_id"] == referral_id and row["resource"] == request]
    return [_fragment(row) for row in held], mine[-1] if mine else None


def _asks(resource: Resource, others: Sequence[Resource]) -> bool:
    return is_referral(resource) or resource in others


def _fragment(row: dict[str, Any]) -> Fragment:
    cited = (
        cite_document(row["resource"], row["base"])
        if row["kind"] == "fhir" and not row["citations"]
        else tuple(Citation(*citation) for citation in row["citations"] or ())
    )
    fields = ("id", "message_id", "patient", "organization", "received_at", "recorded_at", "kind", "resource")
    return Fragment(**{name: row[name] for name in fields}, file=None, citations=cited)
