"""Where a server spends its time, sampled from outside by py-spy while a scenario runs.

py-spy reads the process's memory (root, or the right to ptrace), needs nothing of the server and costs it
little; it is installed in an environment of its own at the first use. `var/bench/profile/<scenario>.raw`
holds collapsed stacks for speedscope or flamegraph.pl, `<scenario>.txt` the functions that took most.
"""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

SAMPLES_PER_SECOND = 200
WRITE_SECONDS = 60
SHOWN = 40


class Sampler:
    """Samples one process at a time; where a scenario restarts its server, the last process is kept."""

    def __init__(self, var: Path, scenario: str) -> None:
        self._venv = var / "tools-venv"
        self._raw = var / "profile" / f"{scenario}.raw"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, pid: int) -> None:
        self._raw.parent.mkdir(parents=True, exist_ok=True)
        options = ["--format", "raw", "--rate", str(SAMPLES_PER_SECOND), "--output", str(self._raw)]
        self._process = subprocess.Popen(
            [self._py_spy(), "record", "--nonblocking", "--pid", str(pid), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """Ends the sampling and writes both files. Raises RuntimeError when py-spy has written nothing."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(WRITE_SECONDS)
        self._process = None
        if code or not self._raw.exists():
            raise RuntimeError(f"py-spy ended with {code}: it needs root, or the right to ptrace")
        self._raw.with_suffix(".txt").write_text(summarise(self._raw.read_text()))

    def _py_spy(self) -> Path:
        program = self._venv / "bin" / "py-spy"
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", self._venv], check=True)
            python = self._venv / "bin" / "python"
            subprocess.run([python, "-m", "pip", "install", "--quiet", "py-spy"], check=True)
        return program


def summarise(collapsed: str) -> str:
    """The functions that most samples were in, with and without what they called.

    `collapsed` has one stack a line, outermost first: `a;b;c 12`.
    """
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        own[frames[-1]] += int(count)
        whole.update(dict.fromkeys(frames, int(count)))
    total = max(1, own.total())
    parts = []
    for title, counter in (("itself", own), ("with what it called", whole)):
        rows = (f"{100 * count / total:6.1f} %  {frame}" for frame, count in counter.most_common(SHOWN))
        parts.append("\n".join((f"{title} ({total} samples)", *rows)))
    return "\n\n".join(parts) + "\n"
