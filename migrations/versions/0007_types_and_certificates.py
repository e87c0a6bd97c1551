"""Types of patients' numbers, the hub's own certificates, and what deliveries are forgotten by."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sql = files("migrations").joinpath("versions", "0007_types_and_certificates.sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(sql)


def downgrade() -> None:
    op.execute("DROP INDEX deliveries_settled, merges_prior")
    op.execute("ALTER TABLE destinations DROP COLUMN certificate")
    op.execute("ALTER TABLE patient_identifiers DROP COLUMN type")
