"""Rooms, events, state, memberships, relations, aliases."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("room_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("creator", sa.Text, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "rooms_published",
        "rooms",
        ["room_id"],
        postgresql_where=sa.text("published = 1"),
        sqlite_where=sa.text("published = 1"),
    )
    op.create_table(
        "events",
        sa.Column("pos", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("state_key", sa.Text),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.Column("json", sa.LargeBinary, nullable=False),
        sa.Column("redacted_by", sa.Text),
        sa.Column("device_id", sa.Text),
        sa.Column("txn_id", sa.Text),
    )
    op.create_index("events_id", "events", ["event_id"], unique=True)
    op.create_index("events_room", "events", ["room_id", "pos"])
    state = sa.text("state_key IS NOT NULL")
    op.create_index(
        "events_state",
        "events",
        ["room_id", "type", "state_key", "pos"],
        postgresql_where=state,
        sqlite_where=state,
    )
    sent = sa.text("txn_id IS NOT NULL")
    op.create_index(
        "events_txn",
        "events",
        ["sender", "txn_id", "device_id", "room_id", "type"],
        unique=True,
        postgresql_where=sent,
        sqlite_where=sent,
    )
    op.create_table(
        "room_state",
        sa.Column("room_id", sa.Text, primary_key=True),
        sa.Column("type", sa.Text, primary_key=True),
        sa.Column("state_key", sa.Text, primary_key=True),
        sa.Column("pos", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("room_id", sa.Text, primary_key=True),
        sa.Column("membership", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("pos", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("forgotten", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "relations",
        sa.Column("parent_id", sa.Text, nullable=False),
        sa.Column("child_pos", sa.BigInteger, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("rel_type", sa.Text, nullable=False),
        sa.Column("child_id", sa.Text, primary_key=True),
        sa.Column("child_type", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
    )
    op.create_index("relations_parent", "relations", ["parent_id", "rel_type", "child_pos"])
    op.create_index("relations_room", "relations", ["room_id", "rel_type", "child_pos"])
    op.create_table(
        "aliases",
        sa.Column("alias", sa.Text, primary_key=True),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("creator", sa.Text, nullable=False),
    )
    op.create_index("aliases_room", "aliases", ["room_id"])
    op.create_table(
        "reports",
        sa.Column("report_id", sa.Text, primary_key=True),
        sa.Column("reporter", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text),
        sa.Column("event_id", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("score", sa.BigInteger),
        sa.Column("ts", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "openid_tokens",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("openid_tokens_expires", "openid_tokens", ["expires"])
