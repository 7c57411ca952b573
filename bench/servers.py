"""Servers under test: start one on its core, wait until it answers, weigh it, stop it."""

import asyncio
import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import IO, Self

from bench.machine import ROOT, SERVER_CORE, describe_commit
from bench.profiling import Sampler
from bench.wire import Link, format_request

HOST = "127.0.0.1"
SERVER_NAME = "bench.test"
START_SECONDS = 90
STOP_SECONDS = 15
VAR = ROOT / "var" / "bench"


class Server:
    """A homeserver on loopback with a data directory of its own, emptied when it enters and when it leaves.

    `async with server:` starts and stops it. A subclass says how it is prepared and which command serves.
    """

    name = ""

    def __init__(self, scenario: str, profile: bool = False) -> None:
        self.data = VAR / "run" / f"{self.name}-{scenario}"
        self.log = VAR / "logs" / f"{self.name}-{scenario}.log"
        self.address = (HOST, _free_port())
        self._process: subprocess.Popen[bytes] | None = None
        self._log_file: IO[bytes] | None = None
        self._sampler = Sampler(VAR, scenario) if profile else None

    @property
    def version(self) -> str:
        raise NotImplementedError

    def prepare(self) -> None:
        """Writes whatever the server needs in its empty data directory."""

    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    async def __aenter__(self) -> Self:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._log_file = self.log.open("wb")
        try:
            self.prepare()
            await self.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.stop()
        finally:
            if self._log_file is not None:
                self._log_file.close()
            shutil.rmtree(self.data, ignore_errors=True)

    async def start(self) -> None:
        """Starts the process on its core; returns once GET /_matrix/client/versions is a 200.

        Raises RuntimeError when the process ends or START_SECONDS pass before that.
        """
        self._process = self._spawn()
        await self._healthy(self._process)
        if self._sampler is not None:
            self._sampler.start(self.pid)

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
        )

    async def _healthy(self, process: subprocess.Popen[bytes]) -> None:
        give_up = perf_counter() + START_SECONDS
        link, versions = Link(self.address), format_request("GET", "/_matrix/client/versions")
        while perf_counter() < give_up:
            if process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {process.returncode}; see {self.log.relative_to(ROOT)}")
            try:
                status, _ = await asyncio.wait_for(link.request(versions), 5)
                if status == 200:
                    link.close()
                    return
            except (OSError, TimeoutError):
                link.close()
            await asyncio.sleep(0.1)
        raise RuntimeError(f"{self.name} did not answer within {START_SECONDS} s; see {self.log.relative_to(ROOT)}")

    async def stop(self) -> None:
        """Asks the process to end; kills that one process when it does not."""
        if self._sampler is not None:
            await asyncio.to_thread(self._sampler.stop)
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    async def restart(self) -> None:
        """A new process on the same data and port."""
        await self.stop()
        await self.start()

    def resident_bytes(self) -> int:
        """VmRSS of the process and all its descendants."""
        return sum(_resident_bytes(pid) for pid in _family(self.pid))


class Palabre(Server):
    """The server of this checkout, from the Python that runs the benchmark."""

    name = "palabre"

    @property
    def version(self) -> str:
        try:
            release = importlib.metadata.version("palabre")
        except importlib.metadata.PackageNotFoundError:
            release = "not installed"
        return f"{release} ({describe_commit()})"

    def command(self) -> list[str]:
        host, port = self.address
        options = [
            "--data",
            str(self.data),
            "--host",
            host,
            "--port",
            str(port),
            "--server-name",
            SERVER_NAME,
        ]
        return [sys.executable, "-m", "palabre", "serve", *options, "--test-mode"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    """`pid` and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found


def _resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
