"""The first schema."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "audit", "embeddings", "records", "dead_letters", "processed_events", "organization_events", "outbox",
    "fragments", "accepted_keys", "messages", "referral_identifiers", "referrals", "patient_identifiers",
    "patients", "tokens", "facilities", "departments", "organizations",
)  # fmt: skip


def upgrade() -> None:
    op.get_bind().exec_driver_sql(files("migrations").joinpath("versions", "0001_initial.sql").read_text("utf-8"))


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
