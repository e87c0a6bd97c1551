"""Deliveries: what the hub sends to the organisations' own systems."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = files("migrations").joinpath("versions", "0005_delivery.sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(statements)


def downgrade() -> None:
    for table in ("delivery_attempts", "deliveries", "destinations"):
        op.execute(f"DROP TABLE {table}")
