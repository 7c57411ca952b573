"""How fast the client itself is: the load of the `direct` scenario against a server that does nothing.

`python -m bench.ceiling PORT` is that server: it answers every PUT with an event id and every /sync at once
with one message.
"""

import asyncio
import sys
from typing import cast

import uvloop

from bench.load import Ledger, Listener, background, talk
from bench.matrix import Account, Matrix, Sender
from bench.servers import HOST, Server

PAIRS = 100
WARM_UP_SECONDS = 1.0

_EVENT = (
    b'{"type":"m.room.message","sender":"@a:bench.test",'
    b'"event_id":"$0123456789012345678901234567890123456789012",'
    b'"origin_server_ts":1767225600000,"unsigned":{"age":5},'
    b'"content":{"msgtype":"m.text","body":"000000000 shall we meet under the tree this evening?"}}'
)
_SYNC = (
    b'{"next_batch":"s1","rooms":{"join":{"!room:bench.test":{"timeline":{"events":[' + _EVENT + b"],"
    b'"limited":false,"prev_batch":"p1"},"state":{"events":[]},"account_data":{"events":[]},'
    b'"ephemeral":{"events":[]},"unread_notifications":{"notification_count":1,"highlight_count":0}}}}}'
)
_SENT = b'{"event_id":"$0123456789012345678901234567890123456789012"}'


def _reply(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


SENT_REPLY = _reply(_SENT)
SYNC_REPLY = _reply(_SYNC)


class Mute(asyncio.Protocol):
    """Takes each write of the client for one request, which on loopback and without pipelining it is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(SENT_REPLY if data.startswith(b"PUT") else SYNC_REPLY)


class MuteServer(Server):
    name = "mute"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "bench.ceiling", str(self.address[1])]


async def measure_ceiling(seconds: float) -> float:
    """HTTP requests per second that the client sends, has answered, decodes and counts."""
    async with MuteServer("ceiling") as server:
        matrix, ledger = Matrix(server.address), Ledger()
        talker, listener = Account("@a:bench.test", "a" * 40), Account("@b:bench.test", "b" * 40)
        ears = [Listener(matrix, listener, ledger, since="s1") for _ in range(PAIRS)]
        sender = Sender(talker, "!room:bench.test")
        ledger.depart(0.0)  # every canned message carries the number 0
        talkers = [talk(matrix, sender, ledger) for _ in range(PAIRS)]
        gate = asyncio.Semaphore()
        async with background([*(ear.run(gate) for ear in ears), *talkers]):
            await asyncio.sleep(WARM_UP_SECONDS)
            before = len(ledger.sent)
            synced_per_second = await ledger.window(0, seconds)
            sent_per_second = (len(ledger.sent) - before) / seconds
        return synced_per_second + sent_per_second


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Mute, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
