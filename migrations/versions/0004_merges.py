"""Merges: what went from one patient to another, and the numbers that a merge declared."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(files("migrations").joinpath("versions", "0004_merges.sql").read_text("utf-8"))


def downgrade() -> None:
    op.execute("DROP TABLE merges")
    op.execute("ALTER TABLE patient_identifiers DROP declared")
