"""Accounts: people, their numbers, codes, devices, tokens, profiles, and interactive authentication."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    people()
    codes()
    sessions()
    op.create_table(
        "uia_sessions",
        sa.Column("session", sa.Text, primary_key=True),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("completed", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("uia_sessions_expires", "uia_sessions", ["expires"])


def people() -> None:
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("region", sa.Text),
        sa.Column("region_since", sa.BigInteger, nullable=False),
        sa.Column("locale", sa.Text),
        sa.Column("is_guest", sa.BigInteger, nullable=False),
        sa.Column("is_operator", sa.BigInteger, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("pin_hash", sa.Text),
        sa.Column("pin_failures", sa.BigInteger, nullable=False),
        sa.Column("pin_blocked_until", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "phone_numbers",
        sa.Column("e164", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("verified", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
    )
    op.create_index("phone_numbers_user", "phone_numbers", ["user_id"])
    op.create_table(
        "profile_fields",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("folded", sa.Text),
    )


def codes() -> None:
    op.create_table(
        "codes",
        sa.Column("sid", sa.Text, primary_key=True),
        sa.Column("e164", sa.Text, nullable=False),
        sa.Column("client_secret", sa.Text),
        sa.Column("send_attempt", sa.BigInteger, nullable=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("verified", sa.BigInteger),
    )
    op.create_index("codes_number", "codes", ["e164"])
    op.create_index("codes_expires", "codes", ["expires"])
    op.create_table(
        "code_sends",
        sa.Column("e164", sa.Text, primary_key=True),
        sa.Column("sends", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )


def sessions() -> None:
    op.create_table(
        "devices",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("display_name", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger),
        sa.Column("last_address", sa.Text),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text),
        sa.Column("family_hash", sa.LargeBinary),
        sa.Column("current_hash", sa.LargeBinary),
        sa.Column("next_hash", sa.LargeBinary),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index("sessions_device", "sessions", ["user_id", "device_id"])
    op.create_index("sessions_family", "sessions", ["family_hash"], unique=True)
    token_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "access_tokens",
        sa.Column("token_id", token_id, primary_key=True, autoincrement=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("unused", sa.BigInteger, nullable=False),
    )
    op.create_index("access_tokens_hash", "access_tokens", ["hash"], unique=True)
    op.create_index("access_tokens_session", "access_tokens", ["session_id"])
    op.create_table(
        "login_tokens",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
