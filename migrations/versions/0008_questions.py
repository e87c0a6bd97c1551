"""Which deliveries are questions."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sql = files("migrations").joinpath("versions", "0008_questions.sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(sql)


def downgrade() -> None:
    op.execute("ALTER TABLE deliveries DROP COLUMN question")
