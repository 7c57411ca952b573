"""The export, file by file, a piece at a time: nobody's messages have to fit into memory."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple, cast

import msgspec

from ...accounts.people.service import People
from ...accounts.profiles.service import Profiles
from ...accounts.sessions.authenticator import Authenticator
from ...accounts.sessions.service import Sessions
from ...core.clock import Clock
from ...policy.decisions.record import Records
from ...policy.decisions.service import DecisionService
from ...storage.database import Database
from ..account_data.service import AccountDataService
from ..push.pushers.service import PusherService
from ..rooms.registry import RoomRegistry
from . import store

PAGE = 500
README = """This is everything that this server holds about you, as JSON.
Ceci est tout ce que ce serveur garde sur vous, en JSON.

account.json       your account and phone numbers / votre compte et vos numéros
devices.json       the devices that are signed in / les appareils connectés
profile.json       your profile / votre profil
account_data.json  settings that your apps keep here / les réglages que vos applications gardent ici
pushers.json       where notifications are sent / où vont les notifications
decisions.json     what you decided about our terms / ce que vous avez décidé sur nos conditions
records/           the consent record of each decision / l'enregistrement de chaque décision
held/              everything else, one file for each kind / tout le reste, un fichier par sorte
rooms/             your chats, and what you wrote in each / vos discussions, et ce que vous y avez écrit

Encrypted messages are as they were sent: only your devices can read them.
Les messages chiffrés sont tels qu'ils ont été envoyés : seuls vos appareils peuvent les lire.
"""


class Piece(NamedTuple):
    name: str
    """Of the file. Pieces of one file come one after the other."""
    content: bytes


class Export:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        profiles: Profiles,
        sessions: Sessions,
        authenticator: Authenticator,
        decisions: DecisionService,
        records: Records,
        registry: RoomRegistry,
        account_data: AccountDataService,
        pushers: PusherService,
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._profiles = profiles
        self._sessions = sessions
        self._authenticator = authenticator
        self._decisions = decisions
        self._records = records
        self._registry = registry
        self._account_data = account_data
        self._pushers = pushers

    async def pieces(self, user_id: str) -> AsyncIterator[Piece]:
        """Raises 403 or 404 before the first piece for who has no account."""
        account = await self._people.require_active(user_id)
        numbers = await self._people.numbers_of(user_id)
        yield Piece("README.txt", README.encode())
        yield _json(
            "account.json",
            {
                **msgspec.to_builtins(account),
                "phone_numbers": numbers,
                "last_seen": await self._people.last_seen(user_id),
                "exported": self._clock.ms(),
            },
        )
        devices = []
        for device in await self._sessions.devices(user_id):
            last_seen, address = self._authenticator.seen(device)
            devices.append(msgspec.structs.replace(device, last_seen=last_seen, last_address=address))
        yield _json("devices.json", devices)
        yield _json("profile.json", (await self._profiles.get(user_id)).fields)
        data = await self._account_data.of(user_id)
        yield _json(
            "account_data.json",
            [
                {"room_id": room_id or None, "type": type_, "content": data.content(type_, room_id)}
                for room_id, type_ in sorted(data.items)
                if data.get(type_, room_id) is not None
            ],
        )
        yield _json("pushers.json", await self._pushers.of(user_id))
        history = await self._decisions.history(user_id)
        yield _json("decisions.json", history)
        for decision in history:
            record = await self._records.of(user_id, decision.decision_id)
            yield _json(f"records/{decision.number}.jsonld", record)
        for name in store.TABLES:
            yield _json(f"held/{name}.json", await store.rows(self._database, name, user_id))
        for number, room_id in enumerate(sorted(await self._registry.rooms_of(user_id)), 1):
            async for content in self._room(user_id, room_id):
                yield Piece(f"rooms/{number}.json", content)

    async def _room(self, user_id: str, room_id: str) -> AsyncIterator[bytes]:
        """A room: what it is, and the events that the person sent, as they are stored."""
        room = await self._registry.room(room_id)
        mine = (await self._registry.rooms_of(user_id))[room_id]
        name = room.content("m.room.name").get("name") if room is not None else None
        head = msgspec.json.encode({"room_id": room_id, "name": name, "membership": mine.membership})
        yield head[:-1] + b',"events":['
        after, comma = -1, b""
        while page := await store.own_events(self._database, room_id, user_id, after, PAGE):
            yield comma + b",\n".join(event for _, event in page)
            after, comma = page[-1][0], b",\n"
            await asyncio.sleep(0)
        yield b"]}\n"

    async def zipped(self, user_id: str) -> AsyncIterator[bytes]:
        """The same as one ZIP file, as it is made."""
        sink = _Sink()
        moment = datetime.fromtimestamp(self._clock.ms() / 1000, UTC).timetuple()[:6]
        with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_DEFLATED) as archive:
            name, file = "", None
            async for piece in self.pieces(user_id):
                if piece.name != name:
                    if file is not None:
                        file.close()
                    name = piece.name
                    entry = zipfile.ZipInfo(name, moment)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    file = archive.open(entry, "w", force_zip64=True)
                assert file is not None
                file.write(piece.content)
                if made := sink.take():
                    yield made
            if file is not None:
                file.close()
        yield sink.take()


class _Sink(io.RawIOBase):
    """Where the archive is written to, and taken from before it grows."""

    def __init__(self) -> None:
        self._made = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._made += data
        return len(data)

    def take(self) -> bytes:
        made = bytes(self._made)
        self._made.clear()
        return made


def _json(name: str, content: Any) -> Piece:
    return Piece(name, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
