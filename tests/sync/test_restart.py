"""Tokens, counts and lazily loaded members outlive the process that made them."""

from palabre.app import build
from palabre.settings import Settings

from ..api import User, in_process
from .test_sync import bodies, joined, of_type, room_of


async def test_a_restart_loses_nothing_and_repeats_nothing(settings: Settings) -> None:
    async with in_process(build(settings)) as first:
        ann, ben = await first.register("ann"), await first.register("ben")
        room_id, quiet = await room_of(ann, ben), await room_of(ann, ben)
        token = (await ann.sync(set_presence="offline"))["next_batch"]
        event_id = await ben.send(room_id, "one")
        await ben.send(room_id, "two")
        await ann.call("POST", f"/rooms/{room_id}/receipt/m.read/{event_id}", {})
        invited = await ben.create_room(invite=[ann.user_id], name="party")
    async with in_process(build(settings)) as second:
        ann, ben = User(second.http, ann.login), User(second.http, ben.login)
        answer = await ann.sync(token, set_presence="offline")
        room = joined(answer, room_id)
        assert bodies(room) == ["one", "two"]
        assert room["unread_notifications"] == {"notification_count": 1, "highlight_count": 0}
        assert event_id in of_type(room["ephemeral"], "m.receipt")[0]
        assert quiet not in answer["rooms"]["join"]
        assert set(answer["rooms"]["invite"]) == {invited}
        assert "rooms" not in await ann.sync(answer["next_batch"], set_presence="offline")
        await ben.send(quiet, "three")
        again = await ann.sync(answer["next_batch"], set_presence="offline")
        assert bodies(joined(again, quiet)) == ["three"]
        assert set(again["rooms"]["join"]) == {quiet}
