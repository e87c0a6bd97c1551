"""People: users and their sessions, drafts, looks and marks; what the pages search and sort by."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("patient_keys", "marks", "looks", "searches", "requirements", "draft_attachments", "drafts", "sessions")


def upgrade() -> None:
    op.get_bind().exec_driver_sql(files("migrations").joinpath("versions", "0002_people.sql").read_text("utf-8"))


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
