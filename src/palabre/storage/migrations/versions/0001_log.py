"""The log: one counter of positions, and what changed at each."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    position = op.create_table("log_position", sa.Column("pos", sa.BigInteger, nullable=False))
    op.bulk_insert(position, [{"pos": 0}])
    op.create_table(
        "log",
        sa.Column("pos", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
