"""Hot queries use their indexes, at the size at which a table scan would hurt."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from hub.intake import merges
from hub.store.connections import connect
from hub.views import attachments, fragments, history, messages, patients, records, referrals
from tests.conftest import cloned
from tests.integration.plans import PLANS, Explained
from tests.integration.seeds import Seeds


@pytest.fixture(scope="module")
def full(postgres: str, template: str) -> Iterator[str]:
    """URL of a database with 40 organisations, 20,000 patients, each with a referral and two fragments."""
    with cloned(postgres, template) as url, connect(url) as connection:
        seeds = Seeds(connection)
        seeds.message(seeds.organization("org-0"))
        for statement in GROW:
            connection.execute(statement)
        for table in (
            "organizations",
            "patients",
            "referrals",
            "referral_identifiers",
            "patient_identifiers",
            "fragments",
            "records",
        ):
            connection.execute(f"ANALYZE {table}")
        connection.commit()
        yield url


@pytest.fixture
def grown(full: str) -> Iterator[Seeds]:
    """All of it, on a connection of the test's own; what it writes is rolled back."""
    with connect(full) as connection:
        PLANS.clear()
        connection.cursor_factory = Explained
        yield Seeds(connection)
        connection.rollback()


GROW = (
    "INSERT INTO organizations (code, name, kind) SELECT 'more-' || n, 'x', 'hospital' FROM generate_series(1, 39) n",
    "INSERT INTO patients (id, resource) SELECT uuidv7(), '{}' FROM generate_series(1, 20000)",
    """INSERT INTO referrals (id, version, state, direction, priority, sender_id, receiver_id, patient_id,
                              service_request, requested_at, updated_at)
       SELECT uuidv7(), 1, 'requested', 'up', 'routine', 1 + n % 40, 1 + n * 7 % 40, id, '{}', now(),
              now() + n * interval '1 s'
       FROM (SELECT id, row_number() OVER () AS n FROM patients) p""",
    "INSERT INTO referral_identifiers SELECT id, sender_id, 'urn:x', 'R' || id FROM referrals",
    "INSERT INTO patient_identifiers SELECT id, NULL, 'urn:x', 'N' || id FROM patients",
    """INSERT INTO fragments (id, message_id, patient_id, organization_id, referral_id, position, kind, resource_type,
                              resource, base, received_at)
       SELECT uuidv7(), (SELECT id FROM messages), r.patient_id, r.sender_id, r.id, n, 'hl7v2', 'Observation', '{}',
              '', now()
       FROM referrals r, generate_series(1, 2) n""",
    """INSERT INTO records (id, referral_id, version, whole, record, sha256, generated_at)
       SELECT uuidv7(), id, 1, false, '{}', '', now() FROM referrals""",
)


def _scanned(plan: str) -> list[str]:
    return [line for line in plan.splitlines() if "Seq Scan" in line and " on organizations" not in line]


def test_a_worklist_comes_from_the_receivers_index(grown: Seeds) -> None:
    found = referrals.search(grown.connection, 5, referrals.Criteria(role="received"), limit=50)
    assert len(found) == 50
    referrals.search(grown.connection, 5, referrals.Criteria(role="received"), limit=50, after=found[-1].position)
    for plan in PLANS:
        assert "referrals_receiver" in plan, plan
        assert not _scanned(plan), plan


def test_a_referral_is_found_by_id_and_by_identifier_without_scanning(grown: Seeds) -> None:
    [found] = referrals.search(grown.connection, 5, referrals.Criteria(role="sent"), limit=1)
    PLANS.clear()
    assert referrals.read(grown.connection, 5, found.id) == found
    asked = referrals.Criteria(identifiers=(("urn:x", "R" + found.id),))
    assert referrals.search(grown.connection, 5, asked, limit=5) == [found]
    assert not any(_scanned(plan) for plan in PLANS), PLANS


def test_fragments_of_a_patient_come_from_their_index(grown: Seeds) -> None:
    [referral] = referrals.search(grown.connection, 5, referrals.Criteria(role="received"), limit=1)
    PLANS.clear()
    asked = fragments.Criteria(patient_ids=(referral.patient_id,))
    assert len(fragments.search(grown.connection, 5, asked, limit=500)) == 2
    asked = fragments.Criteria(referral_ids=(referral.id,))
    assert len(fragments.search(grown.connection, 5, asked, limit=500)) == 2
    assert "fragments_patient" in PLANS[0]
    assert "fragments_referral" in PLANS[1]
    assert not any(_scanned(plan) for plan in PLANS), PLANS


def test_a_patient_and_a_record_are_read_without_scanning(grown: Seeds) -> None:
    [referral] = referrals.search(grown.connection, 5, referrals.Criteria(role="received"), limit=1)
    PLANS.clear()
    assert patients.read(grown.connection, 5, referral.patient_id) is not None
    assert records.newest(grown.connection, referral) is not None
    assert not any(_scanned(plan) for plan in PLANS), PLANS


def test_how_one_referral_and_one_patient_are_read_is_planned_once(grown: Seeds) -> None:
    connection = grown.connection
    [referral] = referrals.search(connection, 5, referrals.Criteria(role="received"), limit=1)
    for _ in range(20):
        assert referrals.read(connection, 5, referral.id) == referral
        assert patients.read(connection, 5, referral.patient_id) is not None
    kept = psycopg.Cursor(connection).execute(
        "SELECT statement FROM pg_prepared_statements WHERE generic_plans > custom_plans AND from_sql IS FALSE"
    )
    statements = [statement for (statement,) in kept]
    assert any(statement.startswith("SELECT r.id") for statement in statements), statements
    assert any(statement.startswith("SELECT p.id") for statement in statements), statements


def test_a_page_of_messages_comes_from_the_primary_key(grown: Seeds) -> None:
    psycopg.Cursor(grown.connection).execute("SET LOCAL enable_seqscan = off")
    messages.listing(grown.connection, messages.Criteria(after="00000000-0000-7000-8000-000000000000"), limit=100)
    assert "messages_pkey" in PLANS[-1], PLANS[-1]


def test_a_patient_is_found_by_number_without_scanning(grown: Seeds) -> None:
    [referral] = referrals.search(grown.connection, 5, referrals.Criteria(role="received"), limit=1)
    number = "N" + referral.patient_id
    PLANS.clear()
    for system in ("urn:x", None):
        found = patients.search(grown.connection, 5, identifiers=((system, number),), limit=5)
        assert [p.id for p in found] == [referral.patient_id]
        asked = referrals.Criteria(patient_identifiers=((system, number),))
        assert referral in referrals.search(grown.connection, 5, asked, limit=5)
    assert not any(_scanned(plan) for plan in PLANS), PLANS


def test_a_referrals_course_and_files_are_read_without_scanning(grown: Seeds) -> None:
    [referral] = referrals.search(grown.connection, 5, referrals.Criteria(role="received"), limit=1)
    plain = psycopg.Cursor(grown.connection)
    for statement in EVENTS:
        plain.execute(statement)
    PLANS.clear()
    course = history.read(grown.connection, 5, referral)
    assert [event.type for event in course.events] == ["referral.requested"]
    attachments.of_referral(grown.connection, 5, referral.id)
    assert history.opening(grown.connection, referral) is None
    assert not history.accepted(grown.connection, 5, "form:x", "C-1")
    assert len(PLANS) == 6
    assert not any(_scanned(plan) for plan in PLANS), PLANS


EVENTS = (
    """INSERT INTO messages (id, received_at, organization_id, channel, format, type, version, charset, application,
                             facility, control_id, status, raw, sha256)
       SELECT uuidv7(), now(), 1, 'form', 'fhir', 'Task', '', '', '', '', 'C-' || n, 'accepted', '{}', ''
       FROM generate_series(1, 20000) n""",
    """INSERT INTO outbox (event_id, type, subject, occurred_at, data)
       SELECT uuidv7(), 'referral.requested.v1', id, now(),
              json_build_object('version', 1, 'state', 'requested', 'message_id', uuidv7()) FROM referrals""",
    "ANALYZE messages",
    "ANALYZE outbox",
)


def test_a_merge_finds_what_it_moves_by_indexes(grown: Seeds) -> None:
    [referral] = referrals.search(grown.connection, 5, referrals.Criteria(role="received"), limit=1)
    PLANS.clear()
    number = (0, "urn:x", "N" + referral.patient_id)
    assert merges.names_of(grown.connection, [number]) == {number}
    assert merges.standing(grown.connection, 5, [number]) == []
    plain = psycopg.Cursor(grown.connection)
    [target] = plain.execute("SELECT id::text FROM patients ORDER BY id DESC LIMIT 1").fetchone() or [""]
    going = merges.Going("patient", 5, referral.id, referral.patient_id, target, ((*number, False),), whole=True)
    merges.carry_out(grown.connection, [going])
    moved = "SELECT count(*) FROM fragments WHERE patient_id = %s"
    assert plain.execute(moved, (target,)).fetchone() == (4,)
    assert len(PLANS) > 6
    small = (" on merges", " on messages", " on patient_keys")
    assert not [line for plan in PLANS for line in _scanned(plan) if not any(name in line for name in small)], PLANS
