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
