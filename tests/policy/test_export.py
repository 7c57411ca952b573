"""The export: everything that the server holds about a person, at every level, and about nobody else."""

import io
import json
import zipfile
from typing import Any

from palabre.messaging.export import service as exporting
from palabre.messaging.export.store import TABLES
from tests.api import Homeserver, User
from tests.pages.browser import Browser

from .made import version
from .operator import Operator, decide
from .test_deletion import NAME, NUMBER, fill, schema

EXPORT = "/_palabre/v1/account/export"

WITHOUT: dict[str, str] = {
    "access_tokens": "secrets, hashed",
    "account_data": "account_data.json",
    "accounts": "account.json",
    "browser_sessions": "secrets, hashed",
    "claimed_keys": "that a public key was used",
    "console_sessions": "of operators",
    "device_lists": "a position of the log",
    "devices": "devices.json",
    "fallback_keys": "public keys of apps, without meaning for anybody else",
    "login_tokens": "secrets, hashed",
    "memberships": "rooms/",
    "notice_rooms": "rooms/",
    "oauth_codes": "secrets, hashed",
    "oauth_devices": "secrets, hashed",
    "one_time_keys": "public keys of apps, without meaning for anybody else",
    "openid_tokens": "secrets, hashed",
    "phone_numbers": "account.json",
    "policy_decisions": "decisions.json, records/",
    "private_device_lists": "a position of the log",
    "profile_fields": "profile.json",
    "pushers": "pushers.json",
    "sessions": "secrets, hashed",
    "to_device_messages": "on their way from one app to another",
    "to_device_transactions": "that an app sent something, hashed",
    "uia_sessions": "minutes in the middle of something",
}
"""Table -> where in the export it is, or why it is not."""


async def exported(person: User) -> dict[str, bytes]:
    answer = await person.request("GET", EXPORT)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert "palabre-export.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def read(files: dict[str, bytes], name: str) -> Any:
    return json.loads(files[name])


async def test_everything_is_in_it(client: Homeserver, operator: Operator) -> None:
    person = await fill(client, operator)
    files = await exported(person)
    account = read(files, "account.json")
    assert (account["user_id"], account["region"]) == (person.user_id, "FR")
    assert [number["e164"] for number in account["phone_numbers"]] == [NUMBER]
    assert [device["display_name"] for device in read(files, "devices.json")] == [f"{NAME}'s phone"]
    assert read(files, "profile.json") == {"displayname": NAME, "m.tz": "Zéphirine/Home"}
    data = {(item["room_id"], item["type"]): item["content"] for item in read(files, "account_data.json")}
    assert data[None, "org.example"] == {"note": "her own words"}
    assert [pusher["pushkey"] for pusher in read(files, "pushers.json")] == ["pushkey-of-hers"]
    assert [decision["kind"] for decision in read(files, "decisions.json")] == ["decline"]
    assert "ConsentRecord" in files["records/1.jsonld"].decode() or "@context" in files["records/1.jsonld"].decode()
    rooms = [read(files, name) for name in files if name.startswith("rooms/")]
    said = [event["content"].get("body") for room in rooms for event in room["events"]]
    assert "her own words" in said
    assert {event["sender"] for room in rooms for event in room["events"]} == {person.user_id}
    for name in TABLES:
        rows = read(files, f"held/{name}.json")
        assert isinstance(rows, list)
        assert rows or name in ("backed_up_keys", "cross_signing_keys", "key_signatures"), name
    assert "README.txt" in files


async def test_no_table_is_forgotten(client: Homeserver, operator: Operator, backend: str) -> None:
    """Each that knows whose a row is, is exported, or said here why not."""
    tables = await schema(operator.parts.database, backend)
    known = {"policy_notices", "policy_reminders", "policy_views", *TABLES} - {"notices", "reminders", "views"}
    about_people = {table for table, columns in tables.items() if "user_id" in columns}
    assert about_people - known == WITHOUT.keys()


async def test_it_is_open_when_locked_and_before_deletion(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-1)
    person = await client.register("ana")
    room_id = await person.create_room()
    await person.send(room_id, "mine")
    await operator.roll_out(version(1))
    for day in (33, 44, 54):
        await operator.clock(day)
        files = await exported(person)
        assert any(b"mine" in content for content in files.values())
    assert await client.fail("GET", EXPORT, status=401) == "M_MISSING_TOKEN"


async def test_long_rooms_come_in_pieces(client: Homeserver, operator: Operator, monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)
    person, other = await client.register("ana"), await client.register("ben")
    room_id = await person.create_room(invite=[other.user_id])
    await other.call("POST", f"/join/{room_id}")
    sent = []
    for _ in range(4):
        sent.append(await person.send(room_id, "mine"))
        await other.send(room_id, "not mine")
    files = await exported(person)
    room = read(files, "rooms/1.json")
    assert (room["room_id"], room["membership"]) == (room_id, "join")
    messages = [event for event in room["events"] if event["type"] == "m.room.message"]
    assert [event["event_id"] for event in messages] == sent
    assert b"not mine" not in files["rooms/1.json"]


async def test_who_left_still_has_what_they_wrote(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-1)
    person = await client.register("ana")
    room_id = await person.create_room()
    await person.send(room_id, "mine")
    await person.call("POST", f"/rooms/{room_id}/leave")
    room = read(await exported(person), "rooms/1.json")
    assert room["membership"] == "leave"
    assert "mine" in [event["content"].get("body") for event in room["events"]]
    await operator.roll_out(version(1))
    await operator.clock(1)
    await decide(person, "later")
    assert [d["kind"] for d in read(await exported(person), "decisions.json")] == ["later"]


async def test_the_page_gives_the_same_file(client: Homeserver) -> None:
    browser = Browser(client.http)
    assert (await browser.open("/account/export")).path.startswith("/account/sign-in")
    number = await browser.sign_up("Awa")
    await browser.open("/account")
    page = await browser.click("Get your data")
    answer = await browser._http.get(page.actions[0])
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        account = json.loads(archive.read("account.json"))
    assert [one["e164"] for one in account["phone_numbers"]] == [number]
    nobody = await Browser(client.http)._http.get(page.actions[0])
    assert nobody.status_code == 303
