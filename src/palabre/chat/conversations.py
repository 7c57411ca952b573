"""The person's chats, kept up to date by matrix-nio, which also does all of the encryption."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import nio

from .account import Credentials, read
from .lines import Chat, clean
from .sending import OFFLINE, RETRY_SECONDS, NotReadyError, Sender, failure
from .unsent import Message, Unsent
from .wording import Refusal

PAGE = 50
SYNC_MS = 30_000
SOON_MS = 1
"""Answer at once; 0 would mean to nio that an answer may take for ever."""
REQUEST_SECONDS = 20
TYPING_MS = 10_000
_REVOKED = ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED")


class Conversations:
    """`changed` is called whenever there is something new to draw."""

    def __init__(self, credentials: Credentials, folder: Path, changed: Callable[[], None]) -> None:
        self._credentials = credentials
        self._changed = changed
        config = nio.AsyncClientConfig(
            encryption_enabled=True, request_timeout=REQUEST_SECONDS, max_timeouts=0, max_limit_exceeded=0
        )
        self._client = nio.AsyncClient(
            credentials.homeserver, credentials.user_id, credentials.device_id, str(folder), config
        )
        self.unsent = Unsent(folder, credentials.user_id)
        self._sender = Sender(self._client, self.unsent, self._sent)
        self.chats: dict[str, Chat] = {}
        self.online: bool | None = None
        """None until the first answer, or failure."""
        self.ready = False
        """The server has answered at least once."""
        self.revoked = False
        """The server does not know this device any more."""
        self._synced = asyncio.Condition()
        self._loading: set[str] = set()
        self._told_typing: dict[str, float] = {}
        self._typing_in_order = asyncio.Lock()

    @property
    def user_id(self) -> str:
        return self._credentials.user_id

    # following the server

    async def run(self) -> None:
        """Follow the server until cancelled or revoked, through lost connections."""
        self._client.restore_login(self.user_id, self._credentials.device_id, self._credentials.access_token)
        sending = asyncio.create_task(self._sender.run())
        try:
            while not self.revoked:
                await self._follow()
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    async def _follow(self) -> None:
        """One sync, and what nio leaves to its caller: keys to upload, query and claim, and invitations to accept."""
        try:
            wait = SYNC_MS if self.online else SOON_MS
            answer = await self._client.sync(wait, {"room": {"timeline": {"limit": PAGE}}})
            if not isinstance(answer, nio.SyncResponse):
                self.revoked = answer.status_code in _REVOKED
                raise NotReadyError
            self._take(answer)
            await self._look_after_keys(answer)
            for room_id in list(self._client.invited_rooms):
                await self._client.join(room_id)
            self.online = self.ready = True
        except (*OFFLINE, NotReadyError, nio.ProtocolError):
            self.online = False
        self._changed()
        if self.online:
            self._sender.wake()
            async with self._synced:
                self._synced.notify_all()
        elif not self.revoked:
            await asyncio.sleep(RETRY_SECONDS)

    async def _look_after_keys(self, answer: nio.SyncResponse) -> None:
        async with self._sender.keys:
            if answer.device_key_count.signed_curve25519 == 0:
                self._client.olm.uploaded_key_count = 0  # nio takes a 0 for "not said"
            if self._client.should_upload_keys:
                await self._client.keys_upload()
            if self._client.should_query_keys:
                await self._client.keys_query()
            if self._client.should_claim_keys:
                await self._client.keys_claim(self._client.get_users_for_key_claiming())
            await self._client.send_to_device_messages()

    def _take(self, answer: nio.SyncResponse) -> None:
        for room_id, joined in answer.rooms.join.items():
            chat = self.chats.get(room_id)
            if chat is None or joined.timeline.limited:
                chat = self.chats.setdefault(room_id, Chat(room_id))
                chat.begin(joined.timeline.prev_batch)
                self.unsent.forget_sent(room_id)
            chat.append(joined.timeline.events)
            for line in chat.lines[-PAGE:]:
                self.unsent.sent.pop(line.event_id, None)
            if joined.unread_notifications is not None:
                chat.unread = joined.unread_notifications.notification_count or 0
            for event in joined.ephemeral:
                self._take_ephemeral(chat, event)
        for room_id in answer.rooms.leave:
            self.chats.pop(room_id, None)
        if any(isinstance(event, nio.RoomKeyEvent | nio.ForwardedRoomKeyEvent) for event in answer.to_device_events):
            for chat in self.chats.values():
                chat.unlock(self._decrypt)

    def _take_ephemeral(self, chat: Chat, event: nio.EphemeralEvent) -> None:
        if isinstance(event, nio.TypingNoticeEvent):
            chat.typing = [user_id for user_id in event.users if user_id != self.user_id]
        elif isinstance(event, nio.ReceiptEvent):
            for receipt in event.receipts:
                if receipt.user_id != self.user_id:
                    chat.read_by(receipt.user_id, receipt.event_id)

    def _decrypt(self, event: nio.MegolmEvent) -> nio.Event | None:
        try:
            return self._client.decrypt_event(event)
        except nio.EncryptionError:
            return None

    # looking

    def ordered(self) -> list[Chat]:
        """The chats, those with the newest messages first."""
        return sorted(self.chats.values(), key=lambda chat: -chat.last_ts)

    def name(self, room_id: str, user_id: str) -> str | None:
        """What a person calls themselves in a room; None where they have not said."""
        room = self._client.rooms.get(room_id)
        user = room.users.get(user_id) if room is not None else None
        return clean(user.display_name) if user is not None and user.display_name else None

    def title(self, room_id: str) -> tuple[str | None, list[str]]:
        """The room's own name if it has one, and the other people in it."""
        room = self._client.rooms.get(room_id)
        if room is None:
            return None, []
        return (clean(room.name) if room.name else None), [user for user in room.users if user != self.user_id]

    def is_encrypted(self, room_id: str) -> bool:
        room = self._client.rooms.get(room_id)
        return room is not None and bool(room.encrypted)

    # doing

    def send(self, room_id: str, text: str) -> None:
        """Write it down; it goes out as soon as the server takes it."""
        self.unsent.add(Message(room_id, text, time.time_ns() // 1_000_000))
        self._sender.wake()

    def _sent(self, message: Message, event_id: str | None) -> None:
        if event_id is not None:
            self.unsent.remove(message)
            chat = self.chats.get(message.room_id)
            if chat is not None and not chat.has(event_id):
                self.unsent.sent[event_id] = message
        self._changed()

    def drop(self, room_id: str) -> None:
        """Discard what has not been sent in this chat."""
        for message in [message for message in self.unsent.messages if message.room_id == room_id]:
            self.unsent.remove(message)

    async def load_older(self, room_id: str) -> None:
        """One more page of history at the beginning of the chat's lines."""
        chat = self.chats[room_id]
        if chat.older is None or room_id in self._loading:
            return
        self._loading.add(room_id)
        try:
            before = chat.older
            answer = await self._client.room_messages(room_id, before, limit=PAGE)
            if isinstance(answer, nio.RoomMessagesResponse) and chat.older == before:
                chat.prepend(answer.chunk, answer.end)
        except OFFLINE:
            return
        finally:
            self._loading.discard(room_id)
        self._changed()

    async def mark_read(self, room_id: str) -> None:
        """The person has the end of the chat before them."""
        chat = self.chats[room_id]
        theirs = [line for line in chat.lines if line.sender != self.user_id]
        chat.unread = 0
        if theirs:
            with contextlib.suppress(*OFFLINE):
                await self._client.update_receipt_marker(room_id, theirs[-1].event_id, thread_id=None)

    async def tell_typing(self, room_id: str, typing: bool) -> None:
        """Others see whether the person is writing; that they are is said again every few seconds at most."""
        now, told = time.monotonic(), self._told_typing.get(room_id)
        if not self.online or (told is not None and now - told < TYPING_MS / 2000 if typing else told is None):
            return
        if typing:
            self._told_typing[room_id] = now
        else:
            del self._told_typing[room_id]
        async with self._typing_in_order:
            with contextlib.suppress(*OFFLINE):
                await self._client.room_typing(room_id, typing, TYPING_MS)

    async def start(self, phone: str) -> str | None:
        """The chat with the holder of a number: the one there is, or a new one. None when nobody here has it."""
        found: dict[str, str] = (await self._call("POST", "/_palabre/v1/contacts/lookup", {"phones": [phone]}))[
            "people"
        ]
        user_id = found.get(phone)
        if user_id is None:
            return None
        if user_id == self.user_id:
            raise Refusal("own_number", "")
        for room_id, room in self._client.rooms.items():
            if not room.name and set(room.users) == {self.user_id, user_id}:
                return str(room_id)
        room_id = await self._create(user_id)
        async with self._synced, asyncio.timeout(REQUEST_SECONDS):
            await self._synced.wait_for(lambda: room_id in self.chats)
        return room_id

    async def _create(self, user_id: str) -> str:
        answer = await self._client.room_create(
            is_direct=True,
            preset=nio.RoomPreset.trusted_private_chat,
            invite=[user_id],
            initial_state=[nio.EnableEncryptionBuilder().as_dict()],
        )
        if not isinstance(answer, nio.RoomCreateResponse):
            raise failure(answer)
        path = f"/_matrix/client/v3/user/{self.user_id}/account_data/m.direct"
        try:
            direct = await self._call("GET", path)
        except Refusal:
            direct = {}
        await self._call("PUT", path, {**direct, user_id: [*direct.get(user_id, []), answer.room_id]})
        return str(answer.room_id)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._credentials.access_token}"}
        try:
            async with httpx.AsyncClient(
                base_url=self._credentials.homeserver, headers=headers, trust_env=False, timeout=REQUEST_SECONDS
            ) as http:
                return read(await http.request(method, path, json=body))
        except httpx.TransportError as error:
            raise ConnectionError from error

    async def set_name(self, name: str) -> None:
        answer = await self._client.set_displayname(name)
        if not isinstance(answer, nio.ProfileSetDisplayNameResponse):
            raise failure(answer)

    async def sign_out(self) -> None:
        answer = await self._client.logout()
        if not isinstance(answer, nio.LogoutResponse):
            raise failure(answer)

    async def close(self) -> None:
        await self._client.close()
