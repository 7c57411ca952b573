"""Whether a database is at the newest revision, told without Alembic: loading that takes a second at each start."""

from functools import cache
from pathlib import Path

from .database import StorageError

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION = "SELECT version_num FROM alembic_version"


def is_current(version: str | None) -> bool:
    """Whether a database at revision `version` (None: an empty one) needs no migration.

    Raises `StorageError` for one that a newer Palabre has migrated: going on could damage it.
    """
    if version is not None and version > newest():
        raise StorageError("This database was used by a newer version of Palabre. Start that version, or a newer one.")
    return version == newest()


@cache
def newest() -> str:
    """The newest revision; each is the number that its file's name begins with."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
