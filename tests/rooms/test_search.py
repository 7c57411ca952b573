"""Searching messages."""

from typing import Any

from ..api import Homeserver, User
from .helpers import people, put_state, room_of, send


async def search(user: User, term: str, *, token: str | None = None, **options: Any) -> dict[str, Any]:
    body = {"search_categories": {"room_events": {"search_term": term, **options}}}
    answer = await user.call("POST", "/search", body, next_batch=token)
    found: dict[str, Any] = answer["search_categories"]["room_events"]
    return found


def texts(found: dict[str, Any]) -> list[str]:
    return [one["result"]["content"]["body"] for one in found["results"]]


async def test_words_are_found_where_the_person_may_read(client: Homeserver) -> None:
    alice, bob, eve = await people(client, "alice", "bob", "eve")
    room_id = await room_of(alice, bob)
    await alice.send(room_id, "Martians and men")
    await alice.send(room_id, "only men")
    await bob.call("POST", f"/rooms/{room_id}/leave")
    await alice.send(room_id, "more martians, more men")
    found = await search(alice, "MEN martians", order_by="recent")
    assert texts(found) == ["more martians, more men", "Martians and men"]
    assert (found["count"], set(found["highlights"])) == (2, {"men", "martians"})
    assert texts(await search(bob, "men martians")) == ["Martians and men"]
    assert texts(await search(eve, "men")) == []
    assert texts(await search(alice, " ")) == []


async def test_pages_groups_and_filters(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    one, two = await room_of(alice, bob), await room_of(alice)
    for number in range(3):
        await alice.send(one, f"needle {number}")
    await bob.send(one, "needle b")
    await alice.send(two, "needle two")
    options: dict[str, Any] = {"order_by": "recent", "filter": {"limit": 2}}
    seen: list[str] = []
    token = None
    while True:
        page = await search(alice, "needle", token=token, **options)
        seen += texts(page)
        token = page.get("next_batch")
        if token is None:
            break
    assert seen == ["needle two", "needle b", "needle 2", "needle 1", "needle 0"]
    grouped = await search(alice, "needle", groupings={"group_by": [{"key": "room_id"}, {"key": "sender"}]})
    assert {key: len(group["results"]) for key, group in grouped["groups"]["room_id"].items()} == {one: 4, two: 1}
    assert set(grouped["groups"]["sender"]) == {alice.user_id, bob.user_id}
    assert texts(await search(alice, "needle", filter={"rooms": [two]})) == ["needle two"]
    assert texts(await search(alice, "needle", filter={"senders": [bob.user_id]})) == ["needle b"]


async def test_names_and_topics_and_context(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice, name="Haystack")
    await put_state(alice, room_id, "m.room.topic", {"topic": "needles"})
    found = await search(alice, "haystack", keys=["content.name"])
    assert [one["result"]["content"]["name"] for one in found["results"]] == ["Haystack"]
    assert (await search(alice, "haystack", keys=["content.topic"]))["count"] == 0
    await alice.send(room_id, "before")
    await alice.send(room_id, "the needle")
    await alice.send(room_id, "after")
    asked = {"before_limit": 1, "after_limit": 1, "include_profile": True}
    found = await search(alice, "needle", keys=["content.body"], event_context=asked, include_state=True)
    context = found["results"][0]["context"]
    assert [event["content"]["body"] for event in context["events_before"]] == ["before"]
    assert [event["content"]["body"] for event in context["events_after"]] == ["after"]
    assert set(context["profile_info"]) == {alice.user_id}
    assert "m.room.create" in {event["type"] for event in found["state"][room_id]}


async def test_redacted_and_ignored_messages_are_not_found(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    gone = await alice.send(room_id, "needle gone")
    await alice.call("PUT", f"/rooms/{room_id}/redact/{gone}/1", {})
    await send(bob, room_id, "m.room.encrypted", {"ciphertext": "needle", "body": "needle"})
    assert (await search(alice, "needle"))["count"] == 0
    assert await alice.fail("POST", "/search", {"search_categories": {"room_events": {}}}, status=400) == "M_BAD_JSON"
    assert await alice.call("POST", "/search", {"search_categories": {}}) == {"search_categories": {}}
