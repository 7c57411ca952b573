"""Everything an operator can set, with its default. Comes from the command line, and the rest from a TOML file."""

from pathlib import Path

import msgspec

from .accounts.options import HttpSms


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    data: Path = Path("var")
    """The folder for the database, the operator token and what else the server keeps."""
    host: str = "127.0.0.1"
    port: int = 8008
    server_name: str = "localhost"
    """The part after the colon in user ids. Never changes once there are accounts."""
    public_url: str | None = None
    """Where people reach this server, without a slash at the end; by default `http://HOST:PORT`."""
    database: str | None = None
    """`postgresql://…`; None: SQLite in `data`."""
    bus: str | None = None
    """`nats://…`; None: within this process."""
    test_mode: bool = False
    default_region: str = "FR"
    """Country of phone numbers that are typed without `+`."""
    encrypt_private_rooms: bool = True
    """New private rooms are encrypted unless their creator says otherwise."""
    starter_policy: bool = True
    """A new server, unless in test mode, begins with the starter policy published; else with nothing to accept."""
    trusted_proxies: list[str] = []
    """Networks whose X-Forwarded-For is believed."""
    sms: HttpSms | None = None
    """None: codes are shown on the terminal and at /dev/codes."""

    @property
    def base_url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"

    def check(self) -> None:
        """Raises ValueError, in plain words, for settings that do not go together."""
        if self.test_mode and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("--test-mode opens registration to everybody, so it listens on loopback only.")
