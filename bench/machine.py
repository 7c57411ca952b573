"""The machine under the benchmark: which core is whose, and what to say about it."""

import os
import platform
import resource
import sqlite3
import subprocess
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
CLIENT_CORE = CORES[-1]
ROOT = Path(__file__).resolve().parent.parent


class Machine(msgspec.Struct, frozen=True):
    """What a reader needs to place the figures."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    sqlite: str
    fsync_ms: float
    """Median of appending 4 KiB and fsync, where the servers keep their data."""
    load_before: float
    """Load average of the last minute when the run began: near 0 on a quiet machine."""


def take_core() -> None:
    """Keeps this process, the client, off the server's core; lets it and its children open many sockets."""
    os.sched_setaffinity(0, {CLIENT_CORE})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def describe_machine(data: Path) -> Machine:
    return Machine(
        cpu=_field("/proc/cpuinfo", "model name"),
        cores=len(CORES),
        memory_gib=round(int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1024**2, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        fsync_ms=round(_fsync_ms(data), 2),
        load_before=round(os.getloadavg()[0], 2),
    )


class Bystanders:
    """How much of the machine others take, from the moment this is made: what blurs the figures."""

    def __init__(self) -> None:
        self._wall, self._busy, self._ours = perf_counter(), _busy_seconds(), _our_seconds()

    def share(self) -> float:
        """Of all cores' time, 0 to 1; exact once the server has ended, since only then its time is known."""
        others = (_busy_seconds() - self._busy) - (_our_seconds() - self._ours)
        available = (perf_counter() - self._wall) * len(CORES)
        return round(max(0.0, others / available), 3)


def describe_commit() -> str:
    """The commit of this checkout, and whether files differ from it."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    if commit.returncode:
        return "no commit yet"
    changed = subprocess.run([*git, "status", "--porcelain", "src"], capture_output=True, text=True).stdout
    return commit.stdout.strip() + (" with changes" if changed else "")


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _busy_seconds() -> float:
    """What all cores have spent on anything but idling and waiting for disks since they started."""
    user, nice, system, _, _, irq, soft_irq, steal = map(int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9])
    return (user + nice + system + irq + soft_irq + steal) / os.sysconf("SC_CLK_TCK")


def _our_seconds() -> float:
    """What this process and its children that have ended spent on a core."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _fsync_ms(folder: Path) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "fsync-probe"
    times: list[float] = []
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            started = perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(perf_counter() - started)
    path.unlink()
    return median(times) * 1000
