"""matrix-nio with a password, in test mode: come, go, and come again."""

from pathlib import Path

import nio

from ..api import PASSWORD, Homeserver, unique
from ..services import Palabre


async def test_leave_and_rejoin(server: Homeserver, process: Palabre, tmp_path: Path) -> None:
    name = unique("nio")
    anna = await server.register("anna")
    room_id = await anna.create_room(preset="public_chat", name="Place du village")
    client = nio.AsyncClient(process.url, f"@{name}:{process.SERVER_NAME}")
    try:
        registered = await client.register(name, PASSWORD)
        assert isinstance(registered, nio.RegisterResponse), registered
        await client.logout()
        signed_in = await client.login(PASSWORD, device_name="nio")
        assert isinstance(signed_in, nio.LoginResponse), signed_in

        assert isinstance(await client.join(room_id), nio.JoinResponse)
        synced = await client.sync(full_state=True)
        assert isinstance(synced, nio.SyncResponse), synced
        assert room_id in synced.rooms.join
        assert client.rooms[room_id].name == "Place du village"

        assert isinstance(await client.room_leave(room_id), nio.RoomLeaveResponse)
        unheard = await anna.send(room_id, "he is gone")
        synced = await client.sync()
        assert isinstance(synced, nio.SyncResponse), synced
        assert room_id in synced.rooms.leave
        assert unheard not in [event.event_id for event in synced.rooms.leave[room_id].timeline.events]

        assert isinstance(await client.join(room_id), nio.JoinResponse)
        heard = await anna.send(room_id, "he is back")
        synced = await client.sync()
        assert isinstance(synced, nio.SyncResponse), synced
        assert synced.rooms.join[room_id].timeline.events[-1].event_id == heard
        sent = await client.room_send(room_id, "m.room.message", {"msgtype": "m.text", "body": "hello"})
        assert isinstance(sent, nio.RoomSendResponse), sent
        members = await client.joined_members(room_id)
        assert {member.user_id for member in members.members} == {anna.user_id, client.user_id}
    finally:
        await client.close()
