"""The few Matrix calls that the scenarios make: request bytes made ready, replies barely decoded."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from bench.wire import Link, Pool, format_request

V3 = "/_matrix/client/v3"
PASSWORD = "bench-palabre-1234"
WAIT_MS = 30_000
"""How long a /sync waits: what Element asks for."""

SETUP_CONCURRENCY = 8

T = TypeVar("T")
R = TypeVar("R")


class Content(msgspec.Struct):
    body: str = ""


class Event(msgspec.Struct):
    type: str
    sender: str = ""
    content: Content = msgspec.field(default_factory=Content)


class Timeline(msgspec.Struct):
    events: list[Event] = []
    limited: bool = False


class JoinedRoom(msgspec.Struct):
    timeline: Timeline = msgspec.field(default_factory=Timeline)


class Rooms(msgspec.Struct):
    join: dict[str, JoinedRoom] = {}


class SyncReply(msgspec.Struct):
    next_batch: str
    rooms: Rooms = msgspec.field(default_factory=Rooms)

    def messages(self) -> Iterable[Event]:
        """The m.room.message events of every joined room's timeline, but for those of the server itself."""
        for room in self.rooms.join.values():
            for event in room.timeline.events:
                if event.type == "m.room.message" and not event.sender.startswith("@_"):
                    yield event


class Account(msgspec.Struct):
    """Whoever holds a token: one person on one device."""

    user_id: str
    access_token: str


class _Room(msgspec.Struct):
    room_id: str


decode_sync = msgspec.json.Decoder(SyncReply).decode
_decode_account = msgspec.json.Decoder(Account).decode
_decode_room = msgspec.json.Decoder(_Room).decode


class Matrix:
    """A server seen through its Client-Server API, for the untimed part of a scenario."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self._pool = Pool(address)

    def link(self) -> Link:
        return Link(self.address)

    def close(self) -> None:
        self._pool.close()

    async def call(self, method: str, path: str, token: str = "", body: Any = None) -> bytes:
        """One call below `/_matrix/client/v3`; returns the body, raises HttpError unless it is a 200."""
        raw = b"" if body is None else msgspec.json.encode(body)
        return await self._pool.ok(format_request(method, V3 + path, token, raw))

    async def register(self, name: str) -> Account:
        auth = {"type": "m.login.dummy"}
        body = {"auth": auth, "username": name, "password": PASSWORD}
        return _decode_account(await self.call("POST", "/register", body=body))

    async def register_many(self, count: int, prefix: str = "p") -> list[Account]:
        return await gather_bounded(self.register, [f"{prefix}{n}" for n in range(count)])

    async def login(self, account: Account) -> Account:
        """The same person on a new device."""
        identifier = {"type": "m.id.user", "user": account.user_id}
        body = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        return _decode_account(await self.call("POST", "/login", body=body))

    async def join(self, account: Account, room_id: str) -> None:
        await self.call("POST", f"/join/{quote(room_id, safe='')}", account.access_token, {})

    async def direct_chat(self, creator: Account, invitee: Account) -> str:
        """A direct chat with both in it; returns the room's id.

        Palabre joins the invitee of a direct chat at once, Synapse waits for them: /join is right for both.
        """
        reply = await self._pool.ok(create_direct_request(creator, invitee))
        room_id = _decode_room(reply).room_id
        await self.join(invitee, room_id)
        return room_id

    async def group(self, creator: Account, members: list[Account]) -> str:
        """A public room with the creator and all of `members` in it; returns its id."""
        reply = await self.call("POST", "/createRoom", creator.access_token, {"preset": "public_chat"})
        room_id = _decode_room(reply).room_id
        await gather_bounded(lambda member: self.join(member, room_id), members)
        return room_id

    async def first_sync(self, account: Account) -> str:
        """The sync token from which the account's next events follow."""
        return decode_sync(await self.call("GET", "/sync?timeout=0", account.access_token)).next_batch


def create_direct_request(creator: Account, invitee: Account) -> bytes:
    body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [invitee.user_id]}
    return format_request("POST", f"{V3}/createRoom", creator.access_token, msgspec.json.encode(body))


def sync_request(account: Account, since: str = "", timeout_ms: int = WAIT_MS) -> bytes:
    """A plain /sync, without a filter."""
    query = f"?since={quote(since, safe='')}&timeout={timeout_ms}" if since else f"?timeout={timeout_ms}"
    return format_request("GET", f"{V3}/sync{query}", account.access_token)


class Sender:
    """Prepares the sends of one account to one room."""

    def __init__(self, account: Account, room_id: str) -> None:
        self._path = f"{V3}/rooms/{quote(room_id, safe='')}/send/m.room.message/"
        self._token = account.access_token

    def request(self, number: int) -> bytes:
        """PUT of a text that starts with `number`, by which the receiver knows it again."""
        body = b'{"msgtype":"m.text","body":"%09d shall we meet under the tree this evening?"}' % number
        return format_request("PUT", f"{self._path}b{number}", self._token, body)


def number_of(event: Event) -> int:
    """The number that `Sender.request` put into a message."""
    return int(event.content.body[:9])


async def gather_bounded(
    call: Callable[[T], Awaitable[R]], items: Iterable[T], limit: int = SETUP_CONCURRENCY
) -> list[R]:
    """`[await call(item) for item in items]`, at most `limit` at a time."""
    gate = asyncio.Semaphore(limit)

    async def one(item: T) -> R:
        async with gate:
            return await call(item)

    return await asyncio.gather(*(one(item) for item in items))
