"""What a stored record cites is found in the stored messages, character by character, whatever they went through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from uuid_utils import uuid7

from adapters.fhir.document import envelope as fhir_envelope
from adapters.fhir.parsing import read as read_fhir
from adapters.hl7v2 import files
from adapters.hl7v2.envelope import read_envelope
from hub.domain.messages import Sender
from hub.domain.referrals import State
from hub.domain.statements import place, sources
from hub.intake.accept import Intake
from hub.intake.kept import Kept
from hub.processes.quoting import quote
from hub.processes.records import Records
from hub.processes.submissions import resubmit
from hub.store.connections import connect, pool
from hub.store.directory import Directory
from hub.views import sources as cited
from tests.conftest import CORPORA
from tests.integration.seeds import Seeds
from tests.integration.test_worker_records import Counting

PATIENTS = sorted((CORPORA / "reassembly-sample" / "inputs").glob("*"))[:4]
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def received(folder: Path, sender: Sender) -> Iterator[Kept]:
    for path in sorted(folder.iterdir()):
        if path.suffix == ".hl7":
            for raw in files.split(path.read_bytes()):
                head, _ = read_envelope(raw)
                yield _kept(raw, sender, "hl7v2", head.type, head.control_id)
        elif path.suffix == ".json":
            head = fhir_envelope(read_fhir(path.read_bytes()))
            yield _kept(path.read_bytes(), sender, "fhir", head.type, head.control_id)


def _kept(raw: bytes, sender: Sender, kind: Any, of_type: str, control_id: str) -> Kept:
    return Kept(id=str(uuid7()), organization_id=sender.id, channel="fhir" if kind == "fhir" else "mllp", format=kind,
                type=of_type, application="", control_id=control_id, raw=raw, received_at=NOW,
                status="stored")  # fmt: skip


@pytest.fixture
def stored(database: str) -> Iterator[Seeds]:
    """A database with all that the sample says of four patients, taken in as messages of one hospital."""
    with connect(database, autocommit=True) as connection, pool(database, 2, name="test") as connections:
        seeds = Seeds(connection)
        sender = seeds.organization("hospital")
        directory = Directory(connections)
        intake = Intake(database, directory)
        try:
            for folder in PATIENTS:
                for kept in received(folder, sender):
                    intake.accept(resubmit(directory)(kept))
        finally:
            intake.close()
        yield seeds


@pytest.mark.skipif(not PATIENTS, reason="../shared/corpora is not here")
def test_every_source_of_a_stored_record_is_found_in_its_stored_message(stored: Seeds) -> None:
    connection = stored.connection
    [[hospital]] = connection.execute("SELECT id FROM organizations").fetchall()
    sender = Sender(hospital, "hospital", "Name of hospital", "hospital")
    receiver = stored.organization("receiver")
    patients = connection.execute("SELECT patient_id::text FROM fragments GROUP BY 1 HAVING count(*) > 9").fetchall()
    count = 0
    for [patient] in patients:
        referral = stored.referral(sender, receiver, patient, State.ACCEPTED)
        Records(Counting()).handle(connection, referral, [])
        [[record]] = connection.execute("SELECT record FROM records WHERE referral_id = %s", (referral,)).fetchall()
        found = list(sources(record))
        messages = cited.read(connection, patient, {s["message_id"] for s in found})
        for source in found:
            message = messages[source["message_id"]]
            quotation = quote(message.raw, message.format, message.charset, [place(source)]).quotations[0]
            assert quotation is not None, source["location"]
            assert quotation.cited == source["text"], source["location"]
            count += 1
    assert len(patients) >= len(PATIENTS) - 1
    assert count > 300
