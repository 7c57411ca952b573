"""A person who uses matrix-nio, with end-to-end encryption."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import nio
from nio.responses import RegisterInteractiveResponse

from ..api import until

SYNC_MS = 10_000
FILTER = {"room": {"timeline": {"limit": 100}}}
PASSWORD = "correct horse battery staple"


class NioPerson:
    """One device of somebody, with what has reached it: `texts` by room and `unreadable` ones; `receipts` as
    (reader, event).
    """

    def __init__(self, homeserver: str, store: Path) -> None:
        store.mkdir(parents=True, exist_ok=True)
        config = nio.AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
        self.client = nio.AsyncClient(homeserver, "", store_path=str(store), config=config)
        self.texts: dict[str, list[tuple[str, str]]] = {}
        self.event_ids: dict[str, str] = {}
        self.unreadable: list[str] = []
        self.receipts: set[tuple[str, str]] = set()
        self.client.add_event_callback(self._on_text, nio.RoomMessageText)
        self.client.add_event_callback(self._on_unreadable, nio.MegolmEvent)
        self.client.add_ephemeral_callback(self._on_receipt, nio.ReceiptEvent)
        self.notices: list[str] = []
        self.levels: list[str] = []
        self.client.add_event_callback(self._on_notice, nio.RoomMessageUnknown)
        self.client.add_global_account_data_callback(self._on_account_data, nio.UnknownAccountDataEvent)
        self._syncing: asyncio.Task[None] | None = None

    @property
    def user_id(self) -> str:
        user_id: str = self.client.user_id
        return user_id

    # signing in

    async def sign_up(self, number: str, country: str, code_for: Callable[[str], Awaitable[str]]) -> None:
        """Number (E.164), code, and terms where there are any, through /register. `code_for` is the person reading what
        was sent to them.
        """
        asked = await self.client.register_interactive("anybody", PASSWORD, {"initial_device_display_name": "nio"})
        assert isinstance(asked, RegisterInteractiveResponse), asked
        secret = secrets.token_hex(16)
        async with httpx.AsyncClient(base_url=self.client.homeserver, trust_env=False) as http:
            given = {"client_secret": secret, "country": country, "phone_number": number, "send_attempt": 1}
            sent = await http.post("/_matrix/client/v3/register/msisdn/requestToken", json=given)
            sent.raise_for_status()
            sid = sent.json()["sid"]
            proof = {"sid": sid, "client_secret": secret, "token": await code_for(number)}
            submitted = await http.post(sent.json()["submit_url"], json=proof)
            assert submitted.json() == {"success": True}
        auth = {"type": "m.login.msisdn", "threepid_creds": {"sid": sid, "client_secret": secret}}
        if asked.stages == ["m.login.msisdn"]:
            await self._register({**auth, "session": asked.session})
            return
        left = await self.client.register_interactive("anybody", PASSWORD, {**auth, "session": asked.session})
        assert isinstance(left, RegisterInteractiveResponse), left
        assert left.completed == ["m.login.msisdn"]
        await self._register({"type": "m.login.terms", "session": asked.session})

    async def _register(self, auth: dict[str, Any]) -> None:
        """The last step: nio's own `register` knows `m.login.dummy` only."""
        method, path, data = nio.Api.register("anybody", PASSWORD, "nio", None, auth)
        answer = await self.client.send(method, path, data, {"Content-Type": "application/json"})
        registered = await self.client.create_matrix_response(nio.RegisterResponse, answer)
        assert isinstance(registered, nio.RegisterResponse), registered
        await self.client.receive_response(registered)

    async def log_in(self, phone: str, country: str) -> None:
        """One more device of somebody who signed up."""
        identifier = {"type": "m.id.phone", "country": country, "phone": phone}
        login = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        answer = await self.client.login_raw(login)
        assert isinstance(answer, nio.LoginResponse), answer

    def use_session(self, user_id: str, device_id: str, access_token: str) -> None:
        """Signed in elsewhere: with the token that came of it."""
        self.client.restore_login(user_id, device_id, access_token)

    # syncing

    async def start(self) -> None:
        """Sync from now on, from where the last sync ended; returns once this device's keys are published."""
        self._syncing = asyncio.create_task(self.client.sync_forever(SYNC_MS, sync_filter=FILTER))
        await self._until(lambda: self.client.next_batch and not self.client.should_upload_keys)

    async def pause(self) -> None:
        """No more syncing, as with a phone that is out of reach."""
        if self._syncing is not None:
            self._syncing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._syncing
            self._syncing = None

    async def close(self) -> None:
        await self.pause()
        await self.client.close()

    async def _until(self, condition: Callable[[], object]) -> None:
        def met() -> bool:
            if self._syncing is not None and self._syncing.done():
                self._syncing.result()
            return bool(condition())

        await until(met, 60)

    # talking

    async def create_direct(self, user_id: str) -> str:
        created = await self.client.room_create(
            is_direct=True, invite=[user_id], preset=nio.RoomPreset.trusted_private_chat
        )
        assert isinstance(created, nio.RoomCreateResponse), created
        await self.wait_for_room(created.room_id, user_id)
        room_id: str = created.room_id
        return room_id

    async def wait_for_room(self, room_id: str, with_user: str) -> None:
        def both_there() -> bool:
            room = self.client.rooms.get(room_id)
            return room is not None and with_user in room.users and with_user not in room.invited_users

        await self._until(both_there)

    async def send(self, room_id: str, text: str) -> str:
        await self._until(lambda: not self.client.should_query_keys)
        content = {"msgtype": "m.text", "body": text}
        sent = await self.client.room_send(room_id, "m.room.message", content, ignore_unverified_devices=True)
        assert isinstance(sent, nio.RoomSendResponse), sent
        event_id: str = sent.event_id
        return event_id

    async def send_refused(self, room_id: str, text: str) -> tuple[str, str]:
        """What the server says when it does not let one send: errcode and sentence."""
        content = {"msgtype": "m.text", "body": text}
        answer = await self.client.room_send(room_id, "m.room.message", content, ignore_unverified_devices=True)
        assert isinstance(answer, nio.RoomSendError), answer
        return answer.status_code or "", answer.message

    async def wait_for_notices(self, count: int) -> list[str]:
        """The notices of the server so far, oldest first, once there are `count`."""
        await self._until(lambda: len(self.notices) >= count)
        return self.notices

    async def wait_for_level(self, level: str) -> None:
        """Until the account data that tells of the terms says so."""
        await self._until(lambda: self.levels and self.levels[-1] == level)

    async def wait_for_text(self, room_id: str, text: str) -> str:
        """The id of the event that said `text`."""
        await self._until(lambda: text in self.event_ids)
        assert self.texts[room_id]
        return self.event_ids[text]

    async def send_receipt(self, room_id: str, event_id: str) -> None:
        answer = await self.client.update_receipt_marker(room_id, event_id)
        assert isinstance(answer, nio.UpdateReceiptMarkerResponse), answer

    async def wait_for_receipt(self, user_id: str, event_id: str) -> None:
        await self._until(lambda: (user_id, event_id) in self.receipts)

    # what sync brings

    async def _on_text(self, room: nio.MatrixRoom, event: nio.RoomMessageText) -> None:
        assert event.decrypted or not room.encrypted, "a text that is not encrypted in a room that is"
        self.texts.setdefault(room.room_id, []).append((event.sender, event.body))
        self.event_ids[event.body] = event.event_id

    async def _on_notice(self, room: nio.MatrixRoom, event: nio.RoomMessageUnknown) -> None:
        if event.msgtype == "m.server_notice" and event.event_id not in self.event_ids.values():
            self.event_ids[event.event_id] = event.event_id
            self.notices.append(event.source["content"]["body"])

    async def _on_account_data(self, event: nio.UnknownAccountDataEvent) -> None:
        if event.type == "org.palabre.policy":
            self.levels.append(event.content["level"])

    async def _on_unreadable(self, room: nio.MatrixRoom, event: nio.MegolmEvent) -> None:
        self.unreadable.append(event.event_id)

    async def _on_receipt(self, room: nio.MatrixRoom, event: nio.ReceiptEvent) -> None:
        self.receipts |= {(one.user_id, one.event_id) for one in event.receipts}


@asynccontextmanager
async def nio_person(homeserver: str, store: Path) -> AsyncIterator[NioPerson]:
    """Somebody who has matrix-nio and is not signed in yet. Their keys are kept in the folder `store`."""
    person = NioPerson(homeserver, store)
    try:
        yield person
    finally:
        await person.close()
