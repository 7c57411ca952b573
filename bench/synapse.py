"""Synapse from PyPI, in an environment of its own, set up to be as fast as it can be on SQLite.

Against its defaults: no rate limits, no log below warnings, the cheapest password hash, no federation
listener, no key servers. Everything else, presence included, is as it ships.
"""

import json
import subprocess
import sys
from functools import cache

from bench.servers import SERVER_NAME, VAR, Server

VENV = VAR / "synapse-venv"
PYTHON = VENV / "bin" / "python"

_LIMITLESS = {"per_second": 1_000_000, "burst_count": 1_000_000}

# Synapse sets `journal_mode = WAL` and leaves `synchronous` alone (storage/engines/sqlite.py), so SQLite's
# compiled default decides. Its own environment is asked, rather than us assuming.
_ASK_DURABILITY = """
import pathlib, sqlite3, tempfile, synapse.storage.engines.sqlite as engine
source = pathlib.Path(engine.__file__).read_text()
assert "journal_mode = WAL" in source and "synchronous" not in source, "read storage/engines/sqlite.py again"
with tempfile.TemporaryDirectory() as folder:
    db = sqlite3.connect(folder + "/x.db")
    db.execute("PRAGMA journal_mode = WAL")
    print(db.execute("PRAGMA synchronous").fetchone()[0])
"""


class Synapse(Server):
    name = "synapse"

    @property
    def version(self) -> str:
        return _version()

    def prepare(self) -> None:
        """Writes homeserver.yaml (JSON is YAML) and its signing key."""
        install()
        config = self.data / "homeserver.yaml"
        config.write_text(json.dumps(self._config(), indent=1))
        (self.data / "log.yaml").write_text(json.dumps(_LOG_CONFIG))
        generate = ["--config-path", str(config), "--generate-keys"]
        subprocess.run([PYTHON, "-m", "synapse.app.homeserver", *generate], check=True, capture_output=True)

    def command(self) -> list[str]:
        return [
            str(PYTHON),
            "-m",
            "synapse.app.homeserver",
            "--config-path",
            str(self.data / "homeserver.yaml"),
        ]

    def _config(self) -> dict[str, object]:
        host, port = self.address
        listener = {
            "port": port,
            "bind_addresses": [host],
            "type": "http",
            "resources": [{"names": ["client"], "compress": False}],
        }
        return {
            "server_name": SERVER_NAME,
            "report_stats": False,
            "listeners": [listener],
            "database": {"name": "sqlite3", "args": {"database": str(self.data / "homeserver.db")}},
            "media_store_path": str(self.data / "media"),
            "signing_key_path": str(self.data / "signing.key"),
            "log_config": str(self.data / "log.yaml"),
            "trusted_key_servers": [],
            "macaroon_secret_key": "bench",
            "form_secret": "bench",
            "enable_registration": True,
            "enable_registration_without_verification": True,
            "bcrypt_rounds": 4,
            **dict.fromkeys(_FLAT_LIMITS, _LIMITLESS),
            "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), _LIMITLESS),
            "rc_joins": dict.fromkeys(("local", "remote"), _LIMITLESS),
            "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _LIMITLESS),
        }


_FLAT_LIMITS = (
    "rc_message",
    "rc_registration",
    "rc_joins_per_room",
    "rc_key_requests",
    "rc_room_creation",
    "rc_profile",
    "rc_user_directory",
)

_LOG_CONFIG = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["console"]},
}


@cache
def install() -> None:
    """Makes the environment unless it is there; raises RuntimeError when its SQLite would not be durable."""
    if not (VENV / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "matrix-synapse"], check=True)
        (VENV / "installed").touch()
    if _ask(_ASK_DURABILITY) != "2":
        raise RuntimeError("Synapse's SQLite does not default to synchronous=FULL: the comparison is unfair")


@cache
def _version() -> str:
    install()
    return _ask("import importlib.metadata as m; print(m.version('matrix-synapse'))")


def _ask(source: str) -> str:
    return subprocess.run([PYTHON, "-c", source], check=True, capture_output=True, text=True).stdout.strip()
