"""Policy: published versions, roll-outs and their operations, decisions, what reached whom, and signing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    documents()
    decisions()
    reaching()
    console()


def documents() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("policy", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
    )
    op.create_table(
        "rollouts",
        sa.Column("rollout_id", sa.Text, primary_key=True),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "rollout_operations",
        sa.Column("rollout_id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )


def decisions() -> None:
    op.create_table(
        "policy_decisions",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("version_number", sa.BigInteger, nullable=False),
        sa.Column("edition", sa.Text, nullable=False),
        sa.Column("region", sa.Text),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("choices", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("gpc", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("policy_decisions_version", "policy_decisions", ["policy", "version", "at"])
    op.create_table(
        "receipt_keys",
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("private", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("retired", sa.BigInteger),
    )


def reaching() -> None:
    op.create_table(
        "policy_notices",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("rollout_id", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("due", sa.BigInteger, primary_key=True, server_default="0"),
        sa.Column("deadline", sa.BigInteger, primary_key=True, server_default="0"),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("region", sa.Text),
    )
    op.create_index("policy_notices_rollout", "policy_notices", ["rollout_id", "step", "at"])
    op.create_table(
        "policy_views",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("policy", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("region", sa.Text),
    )
    op.create_table(
        "policy_reminders",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("rollout_id", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "web_push_subscriptions",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("p256dh", sa.Text, nullable=False),
        sa.Column("auth", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index("web_push_subscriptions_id", "web_push_subscriptions", ["id"])
    op.create_table(
        "web_push_keys",
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("private", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notice_rooms",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("room_id", sa.Text, nullable=False),
    )
    op.create_table(
        "policy_jobs",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def console() -> None:
    op.create_table(
        "console_sessions",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("console_sessions_expires", "console_sessions", ["expires"])
