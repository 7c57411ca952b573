"""OAuth clients and the codes on their way to them; what a browser is signed in as."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("client_id", sa.Text, primary_key=True),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("registered", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "oauth_codes",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("code_challenge", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
    )
    op.create_index("oauth_codes_expires", "oauth_codes", ["expires"])
    op.create_table(
        "oauth_devices",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("user_code", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("pause", sa.BigInteger, nullable=False),
        sa.Column("polled", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("approved", sa.BigInteger),
    )
    op.create_index("oauth_devices_user_code", "oauth_devices", ["user_code"], unique=True)
    op.create_index("oauth_devices_expires", "oauth_devices", ["expires"])
    browsers()


def browsers() -> None:
    op.create_table(
        "browser_sessions",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("signed_in", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("browser_sessions_user", "browser_sessions", ["user_id"])
    op.create_index("browser_sessions_expires", "browser_sessions", ["expires"])
    op.create_table(
        "browser_sign_ins",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("browser_sign_ins_expires", "browser_sign_ins", ["expires"])
