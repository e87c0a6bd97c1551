"""People: users and their sessions, drafts, looks and marks; what the pages search and sort by."""

from __future__ import annotations

from importlib.resources import files

from alembic import op
from sqlalchemy import Connection

from hub.identity.names import keys

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("patient_keys", "marks", "looks", "searches", "requirements", "draft_attachments", "drafts", "sessions")

BATCH = 2_000
"""Patients whose names are read at once."""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(files("migrations").joinpath("versions", "0002_people.sql").read_text("utf-8"))
    after = "00000000-0000-0000-0000-000000000000"
    while found := _named(connection, after):
        _add_keys(connection, found)
        after = found[-1][0]


def _named(connection: Connection, after: str) -> list[tuple[str, str]]:
    """The next patients with a name, by id."""
    query = "SELECT id::text, name FROM patients WHERE name IS NOT NULL AND id > %s::uuid ORDER BY id LIMIT %s"
    return [(str(patient), str(name)) for patient, name in connection.exec_driver_sql(query, (after, BATCH))]


def _add_keys(connection: Connection, patients: list[tuple[str, str]]) -> None:
    rows = [(patient, key) for patient, name in patients for key in keys(name)]
    connection.exec_driver_sql(
        "INSERT INTO patient_keys (patient_id, key) SELECT patient::uuid, key "
        "FROM unnest(%s::text[], %s::text[]) AS n (patient, key) ON CONFLICT DO NOTHING",
        ([patient for patient, _ in rows], [key for _, key in rows]),
    )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP INDEX outbox_subject, audit_at, messages_organization, messages_unaccepted, referrals_worklist")
    op.execute("UPDATE messages SET channel = 'fhir' WHERE channel = 'form'")
    op.execute("ALTER TABLE messages DROP CONSTRAINT messages_channel_check")
    op.execute("ALTER TABLE messages ADD CONSTRAINT messages_channel_check CHECK (channel IN ('mllp', 'fhir', 'file'))")
    op.execute("ALTER TABLE referrals DROP urgency, DROP state_since")
    op.execute("DELETE FROM tokens WHERE user_id IS NOT NULL")
    op.execute("ALTER TABLE tokens DROP user_id")
    op.execute("DROP TABLE users")
