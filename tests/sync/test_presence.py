"""When others hear that somebody comes and goes."""

import asyncio

import pytest

from palabre.messaging.presence import service as presence

from ..api import Homeserver
from ..rooms.helpers import people, room_of


async def test_a_change_is_told_at_once_and_the_next_ones_together(
    client: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "GATHER_SECONDS", 1.0)
    ann, ben = await people(client, "ann", "ben")
    await room_of(ann, ben)
    token = (await ben.sync(set_presence="offline"))["next_batch"]

    async def hear() -> list[str]:
        nonlocal token
        answer = await ben.sync(token, 10_000, set_presence="offline")
        token = answer["next_batch"]
        return [event["content"]["status_msg"] for event in answer["presence"]["events"]]

    async def say(text: str) -> None:
        await ann.call("PUT", f"/presence/{ann.user_id}/status", {"presence": "online", "status_msg": text})

    async with asyncio.timeout(0.8):
        await say("one")
        assert await hear() == ["one"]
    await say("two")
    await say("three")
    assert await hear() == ["three"]


async def test_an_idle_device_does_not_hide_one_in_use(client: Homeserver) -> None:
    """Else the two would contradict each other at every sync, and wake each other and everybody else each time."""
    ann, ben = await people(client, "ann", "ben")
    await room_of(ann, ben)
    idle = await client.log_in(ann)
    await ann.sync(set_presence="online")
    await asyncio.sleep(0.3)
    token = (await ben.sync(set_presence="offline"))["next_batch"]
    for _ in range(3):
        await idle.sync(set_presence="unavailable")
        await ann.sync(set_presence="online")
        await asyncio.sleep(0.15)
    assert "presence" not in await ben.sync(token, set_presence="offline")

    await ann.sync(set_presence="unavailable")
    answer = await ben.sync(token, 5_000, set_presence="offline")
    assert [event["content"]["presence"] for event in answer["presence"]["events"]] == ["unavailable"]
