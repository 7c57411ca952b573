"""A person who uses matrix-js-sdk: a Node process that is told what to do (`js/driver.mjs`)."""

import asyncio
import contextlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ..services import missing

HERE = Path(__file__).parent
MAX_LINE = 1 << 24


class JsPerson:
    """Call a command of the driver: `await person("send", roomId=…, text=…)`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())
        self.user_id = ""
        self.device_id = ""

    async def __call__(self, command: str, **given: Any) -> Any:
        """What the command returned. Raises RuntimeError with what the SDK said where it failed."""
        assert self._process.stdin is not None
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, "do": command, "with": given}).encode() + b"\n")
        await self._process.stdin.drain()
        reply = await answer
        if "error" in reply:
            raise RuntimeError(f"{command}: {reply['error']}\n{self._log.read_text(errors='replace')[-4000:]}")
        return reply["result"]

    async def enter_code(self, code: str) -> None:
        session = await self("enterCode", code=code)
        self.user_id, self.device_id = session["userId"], session["deviceId"]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            reply = json.loads(line)
            self._waiting.pop(reply["id"]).set_result(reply)
        for waiting in self._waiting.values():
            waiting.set_exception(RuntimeError(f"Node ended:\n{self._log.read_text(errors='replace')[-4000:]}"))

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader


@asynccontextmanager
async def js_person(log: Path) -> AsyncIterator[JsPerson]:
    """Somebody who has matrix-js-sdk and no account yet. Its log goes to the file `log`."""
    node = shutil.which("node") or missing("Node is not installed")
    if not (HERE / "node_modules" / "matrix-js-sdk").is_dir():
        missing("matrix-js-sdk is not installed: run `npm ci` in tests/clients")
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            node,
            str(HERE / "js" / "driver.mjs"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=MAX_LINE,
        )
    person = JsPerson(process, log)
    try:
        yield person
    finally:
        await person.close()
