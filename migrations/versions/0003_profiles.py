"""Profiles: how a sender's HL7 v2 differs from the standard's."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(files("migrations").joinpath("versions", "0003_profiles.sql").read_text("utf-8"))


def downgrade() -> None:
    op.execute("DROP TABLE profiles")
