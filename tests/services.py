"""Services and servers that tests start for themselves, each on a free loopback port and gone at the end."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

_START_SECONDS = 60


def missing(what: str) -> NoReturn:
    """What cannot be had is a skip on a person's machine and a failure where `CI` is set."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI is set", pytrace=False)
    pytest.skip(what)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def spawn(command: list[str], log: IO[bytes], *, end_with: str = "INT", **options: Any) -> subprocess.Popen[bytes]:
    """Start `command`, which gets the signal `end_with` should this test run itself be killed (Linux)."""
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", end_with, *command]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = _START_SECONDS
) -> None:
    """Poll `ready` until it is true. Fails with what the process said when it ended or took too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            state = "took too long" if process.poll() is None else f"ended with {process.returncode}"
            raise RuntimeError(f"{process.args!r} {state}:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], with_signal: signal.Signals, seconds: float = 20) -> None:
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


# PostgreSQL


def _postgres_programs() -> Path:
    """The folder of `initdb` and `postgres`: PATH, or Debian's, newest version first."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda at: float(at.parent.name))
    return versions[-1] if versions else missing("PostgreSQL is not installed (initdb)")


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; options for Popen that run it as somebody else then."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    missing("PostgreSQL cannot run as root, and there is neither a user postgres nor nobody")


def _folder() -> Path:
    """A new folder, in memory where there is room: tests wait for the disk as production does, but not as
    long.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    return Path(tempfile.mkdtemp(prefix="palabre-test-", dir=memory if roomy else None))


class Postgres:
    """One PostgreSQL cluster."""

    def __init__(self) -> None:
        programs, options = _postgres_programs(), _unprivileged()
        self._folder = _folder()
        if options:
            os.chown(self._folder, options["user"], options["group"])
        data, log = self._folder / "data", self._folder / "log"
        made = subprocess.run(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "palabre",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            **options,
        )
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        self.port = free_port()
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            "max_wal_size": "256MB",
            "autovacuum_naptime": "10min",
        }
        self._command = [str(programs / "postgres"), "-D", str(data)]
        self._options, self._log = options, log
        self.start()

    def start(self, **settings: str) -> None:
        """Start, with further `settings` for this once."""
        both = {**self._settings, **settings}.items()
        options = [part for name, value in both for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self.process = spawn([*self._command, *options], log, cwd="/", **self._options)
        wait_until(lambda: "ready to accept" in self._log.read_text(), self.process, self._log)
        wait_until(lambda: accepts(self.port), self.process, self._log)

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        """SIGINT is a fast shutdown, SIGQUIT as good as a power cut."""
        stop(self.process, with_signal)
        self._log.write_text("")

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://palabre@127.0.0.1:{self.port}/{database}"


# NATS


class Nats:
    """One `nats-server`."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self._program = shutil.which("nats-server") or missing("nats-server is not installed")
        self.port = port or free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._log = folder / f"nats-{self.port}.log"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = spawn([self._program, "-a", "127.0.0.1", "-p", str(self.port)], log)
        wait_until(lambda: accepts(self.port), self.process, self._log)

    def stop(self) -> None:
        stop(self.process, signal.SIGTERM)


# Palabre


class Palabre:
    """`palabre serve --test-mode` in a process of its own. `url` is where it answers; `data` its folder."""

    SERVER_NAME = "test.local"

    def __init__(self, data: Path, database_url: str | None = None, bus_url: str | None = None, *extra: str) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.database_url = database_url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / f"serve-{self.port}.log"
        self._command = [sys.executable, "-m", "palabre", "serve", "--test-mode", "--data", str(data)]
        self._command += ["--host", "127.0.0.1", "--port", str(self.port), "--server-name", self.SERVER_NAME]
        self._command += ["--database", database_url] if database_url else []
        self._command += ["--bus", bus_url] if bus_url else []
        self._command += extra
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = spawn(self._command, log, end_with="TERM")
        wait_until(self._answers, self.process, self.log)

    def _answers(self) -> bool:
        try:
            urlopen(f"{self.url}/_matrix/client/versions", timeout=2).close()
        except HTTPError:
            return True
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """As an operator would: answers what waits, then ends."""
        stop(self.process, signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(process: Palabre) -> Iterator[Palabre]:
    try:
        yield process
    finally:
        process.stop()
