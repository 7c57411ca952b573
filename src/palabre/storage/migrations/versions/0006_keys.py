"""End-to-end encryption: device keys, one-time keys, cross-signing, key backup, and to-device messages."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    devices()
    one_time()
    cross_signing()
    backup()
    to_device()


def devices() -> None:
    op.create_table(
        "device_keys",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("keys", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "device_lists",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("pos", sa.BigInteger, nullable=False),
    )
    op.create_index("device_lists_pos", "device_lists", ["pos"])
    op.create_table(
        "private_device_lists",
        sa.Column("viewer_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("pos", sa.BigInteger, nullable=False),
    )


def one_time() -> None:
    op.create_table(
        "one_time_keys",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("algorithm", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "one_time_keys_order", "one_time_keys", ["user_id", "device_id", "algorithm", "ordinal"], unique=True
    )
    op.create_table(
        "claimed_keys",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("algorithm", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "fallback_keys",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("algorithm", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
    )


def cross_signing() -> None:
    op.create_table(
        "cross_signing_keys",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("usage", sa.Text, primary_key=True),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "key_signatures",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("signer_id", sa.Text, primary_key=True),
        sa.Column("signing_key", sa.Text, primary_key=True),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_index("key_signatures_signer", "key_signatures", ["signer_id", "signing_key"])


def backup() -> None:
    op.create_table(
        "key_backups",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("algorithm", sa.Text, nullable=False),
        sa.Column("auth_data", sa.LargeBinary, nullable=False),
        sa.Column("etag", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "backed_up_keys",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("room_id", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("first_message_index", sa.BigInteger, nullable=False),
        sa.Column("forwarded_count", sa.BigInteger, nullable=False),
        sa.Column("is_verified", sa.BigInteger, nullable=False),
        sa.Column("session_data", sa.LargeBinary, nullable=False),
    )


def to_device() -> None:
    op.create_table(
        "to_device_messages",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("pos", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "to_device_transactions",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("txn_hash", sa.LargeBinary, primary_key=True),
        sa.Column("sent", sa.BigInteger, nullable=False),
    )
    op.create_index("to_device_transactions_sent", "to_device_transactions", ["sent"])
