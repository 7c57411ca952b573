"""The folder of one person on this computer: who they are, their keys, and what they have not been able to send yet."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCOUNT = "account.json"
UNSENT = "unsent.json"
LOCK = "lock"


class InUseError(Exception):
    """Another terminal has the folder open. Two programs with the same keys would spoil them."""


def default_folder(profile: str) -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "palabre" / re.sub(r"[^\w.-]", "_", profile)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder if need be, and keep others out of it. Raises `InUseError`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError from None
        yield


def write(path: Path, content: bytes) -> None:
    """Replace the file as a whole; only the person may read it."""
    unfinished = path.with_name(path.name + ".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.replace(path)


def forget(folder: Path, *, unsent: bool) -> None:
    """Remove the account and its keys, and where `unsent` what waits to be sent."""
    kept = {LOCK} if unsent else {LOCK, UNSENT}
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
