"""The person's chats, kept up to date by matrix-nio, which also does all of the encryption."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import nio

from .account import Credentials

HISTORY = 50
SYNC_MS = 30_000
RETRY_SECONDS = 2


class Line:
    """One message as it is shown."""

    def __init__(self, event_id: str, sender: str, name: str, text: str | None, ts: int) -> None:
        self.event_id = event_id
        self.sender = sender
        self.name = name
        self.text = text
        """None: it cannot be decrypted on this device."""
        self.ts = ts


class Chat:
    def __init__(self, room_id: str) -> None:
        self.room_id = room_id
        self.lines: list[Line] = []
        self.unread = 0
        self.read_by_other = ""
        """The newest event of mine that somebody else has read."""


class Conversations:
    """`changed` is called whenever there is something new to draw."""

    def __init__(self, credentials: Credentials, folder: Path, changed: Callable[[], None]) -> None:
        config = nio.AsyncClientConfig(store_sync_tokens=True, encryption_enabled=True, request_timeout=60)
        self._client = nio.AsyncClient(
            credentials.homeserver, credentials.user_id, credentials.device_id, str(folder), config
        )
        self._credentials = credentials
        self._changed = changed
        self.chats: dict[str, Chat] = {}
        self.online = False
        self._client.add_event_callback(self._on_message, nio.RoomMessageText)
        self._client.add_event_callback(self._on_undecryptable, nio.MegolmEvent)
        self._client.add_ephemeral_callback(self._on_receipt, nio.ReceiptEvent)

    @property
    def user_id(self) -> str:
        return self._credentials.user_id

    async def run(self) -> None:
        """Follow the server until cancelled, through lost connections."""
        self._client.restore_login(self.user_id, self._credentials.device_id, self._credentials.access_token)
        full = True
        while True:
            try:
                answer = await self._client.sync(SYNC_MS if not full else 0, full_state=full)
                await self._after_sync()
            except (TimeoutError, OSError, nio.LocalProtocolError):
                answer = None
            was_online, self.online = self.online, isinstance(answer, nio.SyncResponse)
            if self.online:
                full = False
            else:
                await asyncio.sleep(RETRY_SECONDS)
            if was_online != self.online:
                self._changed()

    async def _after_sync(self) -> None:
        """What nio leaves to its caller: keys to upload, query and claim, and invitations to accept."""
        if self._client.should_upload_keys:
            await self._client.keys_upload()
        if self._client.should_query_keys:
            await self._client.keys_query()
        if self._client.should_claim_keys:
            await self._client.keys_claim(self._client.get_users_for_key_claiming())
        await self._client.send_to_device_messages()
        for room_id in list(self._client.invited_rooms):
            await self._client.join(room_id)
        for room_id in self._client.rooms:
            if room_id not in self.chats:
                self.chats[room_id] = Chat(room_id)
                await self._load_history(room_id)
                self._changed()

    async def _load_history(self, room_id: str) -> None:
        """The end of the conversation before this device's first sync, as far as it can be decrypted."""
        chat = self.chats[room_id]
        answer = await self._client.room_messages(room_id, self._client.next_batch or "", limit=HISTORY)
        if not isinstance(answer, nio.RoomMessagesResponse):
            return
        known = {line.event_id for line in chat.lines}
        room = self._client.rooms[room_id]
        earlier = []
        for event in reversed(answer.chunk):
            if isinstance(event, nio.RoomMessageText | nio.MegolmEvent) and event.event_id not in known:
                text = event.body if isinstance(event, nio.RoomMessageText) else None
                earlier.append(_line(room, event, text))
        chat.lines[:0] = earlier

    def name(self, room_id: str) -> str:
        room = self._client.rooms.get(room_id)
        return str(room.display_name) if room is not None else room_id

    async def start(self, phone: str) -> str | None:
        """The chat with the holder of a number: the one there is, or a new one. None when nobody here has it."""
        user_id = await self._look_up(phone)
        if user_id is None:
            return None
        for room_id, room in self._client.rooms.items():
            if set(room.users) == {self.user_id, user_id}:
                return str(room_id)
        answer = await self._client.room_create(
            is_direct=True,
            preset=nio.RoomPreset.trusted_private_chat,
            invite=[user_id],
            initial_state=[nio.EnableEncryptionBuilder().as_dict()],
        )
        if not isinstance(answer, nio.RoomCreateResponse):
            raise SendingError(str(getattr(answer, "message", answer)))
        self.chats.setdefault(answer.room_id, Chat(answer.room_id))
        return str(answer.room_id)

    async def _look_up(self, phone: str) -> str | None:
        headers = {"Authorization": f"Bearer {self._credentials.access_token}"}
        async with httpx.AsyncClient(base_url=self._credentials.homeserver, headers=headers, trust_env=False) as http:
            answer = await http.post("/_palabre/v1/contacts/lookup", json={"phones": [phone]})
            body: dict[str, Any] = answer.json()
            if answer.status_code != 200:
                raise SendingError(str(body.get("title")))
            found = body["people"].get(phone)
            return str(found) if found is not None else None

    async def send(self, room_id: str, text: str) -> None:
        """Raises `SendingError` with the server's reason."""
        content = {"msgtype": "m.text", "body": text}
        try:
            # Nobody is verified by hand in this small client: messages go to all devices of the person.
            answer = await self._client.room_send(room_id, "m.room.message", content, ignore_unverified_devices=True)
        except (TimeoutError, OSError, nio.ProtocolError) as error:
            raise SendingError(str(error)) from None
        if not isinstance(answer, nio.RoomSendResponse):
            raise SendingError(str(getattr(answer, "message", answer)))

    async def mark_read(self, room_id: str) -> None:
        chat = self.chats[room_id]
        chat.unread = 0
        if chat.lines and chat.lines[-1].sender != self.user_id:
            await self._client.update_receipt_marker(room_id, chat.lines[-1].event_id)

    async def set_name(self, name: str) -> None:
        await self._client.set_displayname(name)

    async def sign_out(self) -> None:
        await self._client.logout()

    async def close(self) -> None:
        await self._client.close()

    # what arrives

    async def _on_message(self, room: nio.MatrixRoom, event: nio.RoomMessageText) -> None:
        self._add(room, _line(room, event, event.body))

    async def _on_undecryptable(self, room: nio.MatrixRoom, event: nio.MegolmEvent) -> None:
        self._add(room, _line(room, event, None))

    def _add(self, room: nio.MatrixRoom, line: Line) -> None:
        chat = self.chats.setdefault(room.room_id, Chat(room.room_id))
        if any(known.event_id == line.event_id for known in chat.lines):
            return
        chat.lines.append(line)
        if line.sender != self.user_id:
            chat.unread += 1
        self._changed()

    async def _on_receipt(self, room: nio.MatrixRoom, event: nio.ReceiptEvent) -> None:
        chat = self.chats.get(room.room_id)
        for receipt in event.receipts:
            if chat is not None and receipt.user_id != self.user_id:
                chat.read_by_other = receipt.event_id
                self._changed()


class SendingError(Exception):
    """A message or request did not reach the server, or was refused; the text says why."""


def _line(room: nio.MatrixRoom, event: nio.Event, text: str | None) -> Line:
    name = room.user_name(event.sender) or event.sender
    return Line(event.event_id, event.sender, name, text, event.server_timestamp)
