"""Getting messages out, in order, through lost connections: each stays in `Unsent` until the server has taken it."""

import asyncio
import contextlib
from collections.abc import Callable

import aiohttp
import nio

from .unsent import Message, Unsent
from .wording import Refusal

RETRY_SECONDS = 2
OFFLINE = (aiohttp.ClientError, OSError, TimeoutError)
"""What nio raises when the server does not answer."""


class NotReadyError(Exception):
    """Not now: the server is busy, or not everybody could be given the key yet."""


class Sender:
    """`done` is told of each message that the server has taken, with its event id, or refused, with None."""

    def __init__(self, client: nio.AsyncClient, unsent: Unsent, done: Callable[[Message, str | None], None]) -> None:
        self._client = client
        self._unsent = unsent
        self._done = done
        self._wake = asyncio.Event()
        self.keys = asyncio.Lock()
        """Held by whoever changes what is known about devices and their keys."""

    def wake(self) -> None:
        """There is something to send, or the server answers again."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            again = RETRY_SECONDS if await self._send_all() else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(again):
                    await self._wake.wait()
            self._wake.clear()

    async def _send_all(self) -> bool:
        """Send what waits; returns whether something has to be tried again."""
        for message in self._unsent.waiting:
            if message.room_id not in self._client.rooms:
                continue
            try:
                self._done(message, await self._send(message))
            except Refusal as refusal:
                self._unsent.refused[message.txn_id] = refusal
                self._done(message, None)
            except (*OFFLINE, NotReadyError, nio.ProtocolError):
                return True
        return False

    async def _send(self, message: Message) -> str:
        """The event id. Raises `Refusal` when the server will never take it."""
        content = {"msgtype": "m.text", "body": message.text}
        async with self.keys:
            if self._client.rooms[message.room_id].encrypted:
                await self._share_key(message.room_id)
            # Nobody is verified by hand in this small client: messages go to all devices of the person.
            answer = await self._client.room_send(
                message.room_id, "m.room.message", content, message.txn_id, ignore_unverified_devices=True
            )
        if isinstance(answer, nio.RoomSendResponse):
            return str(answer.event_id)
        raise failure(answer)

    async def _share_key(self, room_id: str) -> None:
        """Give the key to every device in the room, before anything is written with it.

        nio's `room_send` does this too, but goes on when a key did not get out, and whoever misses it never reads the
        message.
        """
        client, olm = self._client, self._client.olm
        room = client.rooms[room_id]
        if not room.members_synced:
            _expect(await client.joined_members(room_id), nio.JoinedMembersResponse)
        if client.should_query_keys:
            _expect(await client.keys_query(), nio.KeysQueryResponse)
        if not olm.should_share_group_session(room_id):
            return
        missing = client.get_missing_sessions(room_id)
        if missing:
            _expect(await client.keys_claim(missing), nio.KeysClaimResponse)
        try:
            await client.share_group_session(room_id, ignore_unverified_devices=True)
        finally:
            client.sharing_session.pop(room_id, None)  # nio leaves it there when the connection breaks
        session = olm.outbound_group_sessions[room_id]
        for user_id in room.users:
            for device in olm.device_store.active_user_devices(user_id):
                reachable = device.id != client.device_id and olm.session_store.get(device.curve25519)
                if reachable and (user_id, device.id) not in session.users_shared_with:
                    client.invalidate_outbound_session(room_id)
                    raise NotReadyError


def _expect(answer: object, kind: type) -> None:
    if not isinstance(answer, kind):
        raise NotReadyError


def failure(answer: nio.ErrorResponse) -> Exception:
    """What an answer of the server that is no success means: never, or not now."""
    status = answer.transport_response.status if answer.transport_response else 500
    if status in (401, 429) or status >= 500:
        return NotReadyError()
    return Refusal(str(answer.status_code), str(answer.message))
