"""Totals of the loss ledger by sender, day and field; what is there already waits to be counted."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sql = files("migrations").joinpath("versions", "0006_ledger.sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(sql)


def downgrade() -> None:
    op.execute("DROP TABLE message_totals, ledger_days, ledgers_waiting")
