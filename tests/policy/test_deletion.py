"""The deletion job: it erases whose time is up, nobody else, once, and goes on where it was cut short."""

from collections.abc import Collection
from typing import Any

import pytest

from palabre.policy.decisions import store as decisions
from palabre.policy.deletion import service as deletion
from palabre.policy.deletion import store
from palabre.storage.database import Database, Reader, Transaction
from tests.api import Homeserver, User, unique

from .made import version
from .operator import Operator, day, decide
from .push_service import Browser as PushBrowser

DELETIONS = "/_palabre/admin/v1/policy/deletions"
DELETED = 33 + 60
V1 = version(1)


async def erase(operator: Operator) -> int:
    erased: int = (await operator.call("POST", DELETIONS))["erased"]
    return erased


async def status_of(operator: Operator, person: User) -> str:
    account = await operator.call("GET", f"/_palabre/admin/v1/accounts/{person.user_id}")
    status: str = account["status"]
    return status


async def cursors(database: Database) -> list[str]:
    return [row[0] for row in await database.fetch("SELECT cursor FROM policy_jobs WHERE job = 'deletion'")]


async def test_whose_time_is_up_is_erased_and_nobody_else(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-1)
    refuses, accepts, waits = [await client.register(name) for name in ("rita", "ali", "wim")]
    rollout_id = await operator.roll_out(V1)
    await operator.clock(1)
    await decide(refuses, "decline")
    await decide(accepts, "accept")
    await operator.clock(DELETED - 1)
    late = await client.register("late")
    assert await erase(operator) == 0
    await operator.clock(DELETED + 0.001)
    assert await erase(operator) == 2
    assert [await status_of(operator, person) for person in (refuses, accepts, waits, late)] == [
        "erased",
        "active",
        "erased",
        "active",
    ]
    assert await refuses.fail("GET", "/account/whoami", status=401) == "M_UNKNOWN_TOKEN"
    await accepts.sync()
    assert await erase(operator) == 0
    written = await operator.parts.database.fetch(
        "SELECT user_id, rollout_id FROM policy_notices WHERE step = 'erased' ORDER BY user_id"
    )
    assert [tuple(row) for row in written] == sorted((person.user_id, rollout_id) for person in (refuses, waits))
    funnel = await operator.call("GET", f"/_palabre/admin/v1/rollouts/{rollout_id}/funnel")
    assert funnel["totals"]["deleted"] == 2


async def test_only_the_operator_may(client: Homeserver) -> None:
    person = await client.register("ana")
    assert await person.fail("POST", DELETIONS, status=401) == "M_UNKNOWN_TOKEN"


async def test_where_nothing_is_due_no_account_is_looked_at(
    client: Homeserver, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(store, "active", looked)
    await operator.clock(-1)
    assert await erase(operator) == 0
    rollout_id = await operator.roll_out(V1)
    await operator.clock(DELETED - 0.001)
    assert await erase(operator) == 0
    await operator.operate(rollout_id, "hold")
    await operator.clock(DELETED + 100)
    assert await erase(operator) == 0
    assert await cursors(operator.parts.database) == []


@pytest.mark.parametrize("saved_by", ["accept", "extend", "drop", "roll_back"])
async def test_what_comes_in_between_saves(
    client: Homeserver, operator: Operator, monkeypatch: pytest.MonkeyPatch, saved_by: str
) -> None:
    """The job has found the person already when they accept, or the operator has a change of heart."""
    await operator.clock(-1)
    person = await client.register("ana")
    rollout_id = await operator.roll_out(V1)
    await operator.clock(DELETED + 1)
    before = decisions.of_people

    async def found(reader: Reader, user_ids: Collection[str]) -> Any:
        decided = await before(reader, user_ids)
        if saved_by == "accept":
            await decide(person, "accept")
        elif saved_by == "extend":
            await operator.operate(rollout_id, "extend", deadline="2031-12-01T00:00:00Z")
        elif saved_by == "drop":
            await operator.operate(rollout_id, "drop", step="deleted")
        else:
            await operator.operate(rollout_id, "roll_back")
        return decided

    monkeypatch.setattr(decisions, "of_people", found)
    assert await erase(operator) == 0
    assert await status_of(operator, person) == "active"
    await person.sync()


async def test_a_run_that_is_cut_short_goes_on_where_it_was(
    client: Homeserver, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "PAGE", 2)
    await operator.clock(-1)
    people = sorted([await client.register("p") for _ in range(6)], key=lambda person: person.user_id)
    await operator.roll_out(V1)
    await operator.clock(DELETED + 1)
    unlucky = people[3].user_id

    async def fails(tx: Transaction, user_id: str, erase: bool) -> None:
        if user_id == unlucky:
            raise RuntimeError("the power went out")

    hooks = operator.parts.accounts.hooks.on_deactivated
    hooks.append(fails)
    with pytest.raises(RuntimeError):
        await operator.parts.policy.deletions.run()
    hooks.remove(fails)
    gone = [await status_of(operator, person) for person in people]
    assert gone == ["erased"] * 3 + ["active"] * 3
    assert await cursors(operator.parts.database) == [people[1].user_id]
    assert await erase(operator) == 3
    assert await cursors(operator.parts.database) == [""]
    assert {await status_of(operator, person) for person in people} == {"erased"}


async def test_after_being_cut_short_the_beginning_is_looked_at_too(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-1)
    person = await client.register("ana")
    await operator.roll_out(V1)
    await operator.clock(DELETED + 1)
    await operator.parts.database.write(lambda tx: store.set_cursor(tx, person.user_id, 0))
    assert await erase(operator) == 1


async def test_a_roll_back_deletes_nobody_by_surprise(client: Homeserver, operator: Operator) -> None:
    """The ladder of the version before ran out while the newer one was asked for."""
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(60)
    newer = await operator.roll_out(version(2), announce=day(61), deadline=day(161))
    await operator.clock(100)
    assert await erase(operator) == 0
    await operator.operate(newer, "roll_back")
    assert (await ana.call("GET", "/_palabre/v1/account/policy"))["level"] == "deleted"
    assert await erase(operator) == 0
    await operator.clock(129)
    assert await erase(operator) == 0
    await operator.clock(130.1)
    assert await erase(operator) == 1


async def test_it_is_done_from_time_to_time(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-1)
    person = await client.register("ana")
    await operator.roll_out(V1)
    await operator.clock(DELETED + 1)
    await operator.parts.policy.housekeeping.once()
    assert await status_of(operator, person) == "erased"


# what erasing leaves behind

NUMBER = "+33612340987"
NAME = "Zéphirine Quatorze"
NEEDLES = ("zephirine", NUMBER.removeprefix("+"), NAME, "Zéphirine", "pushkey-of-hers", "her own words", "her alias")

STAYS: dict[tuple[str, str], str] = {
    ("accounts", "user_id"): "the name is never given out again",
    ("log", "key"): "positions of the log, which is pruned; syncs of others need them",
    ("rooms", "creator"): "who has the power of a room's creator",
    ("events", "sender"): "others keep the conversation; who was not there sees it redacted",
    ("events", "state_key"): "as above: that somebody came and went",
    ("events", "json"): "as above",
    ("room_state", "state_key"): "that somebody left the room",
    ("memberships", "user_id"): "that somebody left the room",
    ("memberships", "sender"): "as above: who invited or removed somebody",
    ("relations", "sender"): "as for events: replies and reactions",
    ("account_data", "content"): "of others: whom they have direct chats with",
    ("device_lists", "user_id"): "tells the devices of others to forget her keys",
    ("reports", "user_id"): "that others reported her, for the operator",
    ("policy_decisions", "user_id"): "proof of what was agreed to (GDPR articles 5(2), 7(1), 17(3)(e))",
    ("policy_notices", "user_id"): "proof that she was told, and when her account went",
    ("policy_views", "user_id"): "proof of what she was shown",
}
"""(table, column) -> why it may still name somebody who was erased."""


async def fill(client: Homeserver, operator: Operator) -> User:
    """Somebody with something in every corner of the server."""
    await operator.clock(-1)
    parts = operator.parts
    person = await client.register("zephirine", initial_device_display_name=f"{NAME}'s phone")
    friend = await client.register("friend")
    await parts.database.write(lambda tx: parts.accounts.people.attach(tx, person.user_id, NUMBER))
    me = f"/user/{person.user_id}"
    await person.call("PUT", f"/profile/{person.user_id}/displayname", {"displayname": NAME})
    await person.call("PUT", f"/profile/{person.user_id}/m.tz", {"m.tz": "Zéphirine/Home"})
    alias = unique("zephirine")
    room_id = await person.create_room(
        invite=[friend.user_id], is_direct=True, room_alias_name=alias, name="her alias", preset="private_chat"
    )
    await friend.call("POST", f"/join/{room_id}")
    await friend.call("PUT", f"/user/{friend.user_id}/account_data/m.direct", {person.user_id: [room_id]})
    alone = await person.create_room(room_alias_name=unique("zephirine"), visibility="public")
    sent = await person.send(room_id, "her own words")
    await person.call(
        "PUT",
        f"/rooms/{room_id}/send/m.reaction/{unique('t')}",
        {"m.relates_to": {"rel_type": "m.annotation", "event_id": sent, "key": "👍"}},
    )
    await person.call("POST", f"/rooms/{room_id}/receipt/m.read/{sent}")
    await person.call("POST", f"/rooms/{alone}/read_markers", {"m.fully_read": await person.send(alone)})
    await person.call("PUT", f"{me}/account_data/org.example", {"note": "her own words"})
    await person.call("PUT", f"{me}/rooms/{room_id}/tags/u.zephirine", {})
    await person.call("POST", f"{me}/filter", {"room": {"timeline": {"senders": [person.user_id]}}})
    await person.call("POST", f"{me}/openid/request_token")
    await person.call(
        "POST",
        "/pushers/set",
        {
            "app_id": "org.example",
            "pushkey": "pushkey-of-hers",
            "kind": "http",
            "app_display_name": "x",
            "device_display_name": NAME,
            "lang": "fr",
            "data": {"url": "https://example.org/_matrix/push/v1/notify"},
        },
    )
    browser = PushBrowser("https://push.example/zephirine")
    await person.call("PUT", "/_palabre/v1/account/web-push", browser.subscription())
    keys = {
        "user_id": person.user_id,
        "device_id": person.device_id,
        "algorithms": [],
        "keys": {f"ed25519:{person.device_id}": "k"},
        "signatures": {person.user_id: {f"ed25519:{person.device_id}": "s"}},
    }
    one_time = {f"signed_curve25519:{n}": {"key": f"k{n}", "zephirine": 1} for n in range(2)}
    await person.call("POST", "/keys/upload", {"device_keys": keys, "one_time_keys": one_time})
    await friend.call(
        "POST", "/keys/claim", {"one_time_keys": {person.user_id: {person.device_id: "signed_curve25519"}}}
    )
    await person.call("POST", "/room_keys/version", {"algorithm": "a", "auth_data": {"zephirine": 1}})
    await friend.call("PUT", f"/sendToDevice/m.x/{unique('t')}", {"messages": {person.user_id: {"*": {"to": NAME}}}})
    await person.call("POST", f"/rooms/{room_id}/report/{sent}", {"reason": "I, Zéphirine, do not like it"})
    await friend.call("POST", f"/users/{person.user_id}/report", {"reason": "rude"})
    await person.request("POST", "/delete_devices", {"devices": [person.device_id]})
    await person.request("POST", "/account/3pid/msisdn/requestToken", _code(NUMBER))
    await client.request("POST", "/account/password/msisdn/requestToken", _code(NUMBER))
    await parts.accounts.login_tokens.create(person.user_id)
    await parts.database.write(lambda tx: _oauth_and_browser(tx, person.user_id))
    await operator.roll_out(V1)
    await operator.clock(1)
    await person.sync()
    await decide(person, "decline")
    return person


def _code(number: str) -> dict[str, Any]:
    return {"client_secret": "zephirine-secret", "country": "FR", "phone_number": number, "send_attempt": 1}


async def _oauth_and_browser(tx: Transaction, user_id: str) -> None:
    await tx.execute("INSERT INTO browser_sessions VALUES ($1, $2, 0, $3)", b"1", user_id, 2**61)
    await tx.execute("INSERT INTO oauth_codes VALUES ($1, 'c', $2, 'r', 's', 'x', $3, 0)", b"2", user_id, 2**61)
    await tx.execute(
        "INSERT INTO oauth_devices (hash, user_code, client_id, scope, expires, pause, polled, user_id, approved) "
        "VALUES ($1, 'u', 'c', 's', $2, 0, 0, $3, 1)",
        b"3",
        2**61,
        user_id,
    )
    await tx.execute("INSERT INTO policy_views VALUES ($1, 'terms', 'v1', 0, 'FR') ON CONFLICT DO NOTHING", user_id)
    await tx.execute("INSERT INTO policy_reminders VALUES ($1, 'r', 'reminder', 'sms', 0)", user_id)


async def places(database: Database, backend: str) -> set[tuple[str, str]]:
    """Every (table, column) in which one of the needles is."""
    found: set[tuple[str, str]] = set()
    for table, columns in (await schema(database, backend)).items():
        names = ", ".join(f'"{column}"' for column in columns)
        for row in await database.fetch(f"SELECT {names} FROM {table}"):
            for column, value in zip(columns, row, strict=True):
                text = bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                if any(needle in text for needle in NEEDLES):
                    found.add((table, column))
    return found


async def schema(database: Database, backend: str) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {}
    if backend == "postgresql":
        rows = await database.fetch(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
    else:
        rows = await database.fetch(
            "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
        )
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return tables


async def test_what_erasing_leaves_behind(client: Homeserver, operator: Operator, backend: str) -> None:
    await fill(client, operator)
    before = await places(operator.parts.database, backend)
    # The test looks where it should: these all knew her.
    assert {
        "aliases",
        "backed_up_keys",
        "codes",
        "devices",
        "filters",
        "phone_numbers",
        "profile_fields",
        "pushers",
        "receipts",
        "uia_sessions",
        "web_push_subscriptions",
    } - {table for table, _ in before} <= {"backed_up_keys"}
    await operator.clock(DELETED + 1)
    assert await erase(operator) == 2
    left = await places(operator.parts.database, backend)
    assert left - STAYS.keys() == set()
    assert STAYS.keys() - left <= {("account_data", "content"), ("rooms", "creator")}


async def test_who_was_not_there_sees_it_redacted(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-1)
    ana, ben = await client.register("ana"), await client.register("ben")
    room_id = await ana.create_room(preset="public_chat")
    await ana.send(room_id, "in public")
    await operator.roll_out(V1)
    await operator.clock(1)
    await decide(ben, "accept")
    await operator.clock(DELETED + 1)
    assert await erase(operator) == 1
    await ben.call("POST", f"/join/{room_id}")
    page = await ben.call("GET", f"/rooms/{room_id}/messages", dir="b", limit=50)
    assert [event["content"] for event in page["chunk"] if event["type"] == "m.room.message"] == [{}]
