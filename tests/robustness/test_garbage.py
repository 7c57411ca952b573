"""Nonsense of every kind at every endpoint: a refusal that says so, and never a server error.

The same nonsense every time: there is no chance in it. It is thrown at a server in a process of its own, and at the end
the server must be as good as new.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import cycle, islice, product

import pytest

from palabre.core.json import JsonObject
from palabre.http.endpoint import Endpoint

from ..api import Homeserver
from ..services import Palabre
from . import cases
from .wire import Answer, Call, say
from .world import World

pytestmark = pytest.mark.timeout(300)

FULL = 256 << 20
"""Bytes of resident memory that the server may have had at its fullest: what it starts with, twice over, and some."""


async def a_world(server: Homeserver) -> World:
    return await World.make(await server.register("anna"), await server.register("bea"))


async def fresh(server: Homeserver, world: World) -> World:
    """The same person, or a new one when they have been signed out or lost their room."""
    answer = await world.user.request("GET", "/joined_rooms")
    if answer.status_code == 200 and world.names["room_id"] in answer.json()["joined_rooms"]:
        return world
    return await a_world(server)


class Judge:
    """Collects what should not have been answered."""

    def __init__(self) -> None:
        self.bad: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        self.seen: Counter[int] = Counter()

    def hear(self, answers: Iterable[tuple[Call, Answer]], endpoint: Endpoint, *, refused: bool = False) -> None:
        """`refused`: nothing but a refusal will do."""
        for call, answer in answers:
            self.seen[answer.status] += 1
            if wrong := self._wrong(call, answer, refused):
                what = f"{endpoint.method} {endpoint.path}: {wrong}"
                self.bad[what] += 1
                self.first.setdefault(what, f"{call}\n        {answer.body[:300]!r}")

    def _wrong(self, call: Call, answer: Answer, refused: bool) -> str | None:
        if answer.status == 0 or answer.status >= 500:
            return f"{answer.status}"
        if answer.status < 400:
            return f"{answer.status} for nonsense" if refused else None
        if answer.headers.get("content-type", "").startswith("text/html"):
            return None
        if (answer.status, answer.body) == (400, b"Invalid HTTP request received."):
            return None  # Not HTTP, so uvicorn says it, and nobody knows whether Matrix was meant.
        body = answer.json()
        reason = body.get("errcode") or body.get("code") or body.get("error") or body.get("flows")
        return None if reason else f"{answer.status} without a reason"

    def verdict(self) -> None:
        assert sum(self.seen.values())
        assert not self.bad, "\n".join(
            [
                "",
                str(dict(self.seen)),
                *(f"{n} x {what}\n    {self.first[what]}" for what, n in sorted(self.bad.items())),
            ]
        )


def takes_json(endpoint: Endpoint) -> bool:
    return endpoint.body is not None and endpoint.body is not bytes


def token_for(endpoint: Endpoint, world: World, process: Palabre) -> str | None:
    if endpoint.access == "operator":
        return (process.data / "operator.token").read_text().strip()
    return world.user.token


async def test_bodies_that_are_no_json_object(server: Homeserver, process: Palabre, endpoints: list[Endpoint]) -> None:
    judge, world = Judge(), await a_world(server)
    for endpoint in filter(takes_json, endpoints):
        world = await fresh(server, world)
        path, token = world.path(endpoint), token_for(endpoint, world, process)
        bodies = [body for body in cases.NOT_JSON if body or not endpoint.optional_body]
        calls = [Call(endpoint.method, path, body, token) for body in bodies]
        judge.hear(await say(process.port, calls), endpoint, refused=True)
        calls = [Call(endpoint.method, path, body, token) for body in cases.NOT_VALUES]
        judge.hear(await say(process.port, calls), endpoint, refused=endpoint.body == JsonObject)
    judge.verdict()


async def test_bodies_of_other_kinds(server: Homeserver, process: Palabre, endpoints: list[Endpoint]) -> None:
    """Forms get random bytes, and endpoints that take no body get one."""
    judge, world = Judge(), await a_world(server)
    form = "application/x-www-form-urlencoded"
    bodies = [*cases.NOT_JSON, b"a=%ff&b=%00&=&&%", b"&" * 10_000, b"a=" + b"x" * 60_000, b"\xff=\xff"]
    for endpoint in endpoints:
        if takes_json(endpoint) or endpoint.path in ("/_matrix/client/v3/logout", "/_matrix/client/v3/logout/all"):
            continue
        world = await fresh(server, world)
        path, token = world.path(endpoint), token_for(endpoint, world, process)
        calls = [Call(endpoint.method, path, body, token, form) for body in bodies]
        judge.hear(await say(process.port, calls), endpoint)
    judge.verdict()


async def test_wrong_types_anywhere(server: Homeserver, process: Palabre, endpoints: list[Endpoint]) -> None:
    """Every part of a body that makes sense, replaced by everything that does not."""
    judge, world = Judge(), await a_world(server)
    step = 4 if process.database_url else 1
    for endpoint in filter(takes_json, endpoints):
        for number, body in enumerate(world.bodies(endpoint)):
            world = await fresh(server, world)
            path, token = world.path(endpoint, **_names(endpoint, number)), token_for(endpoint, world, process)
            bodies = islice(cases.mutations(body), 0, None, step)
            calls = [Call(endpoint.method, path, cases.encode(one), token) for one in bodies]
            judge.hear(await say(process.port, calls), endpoint)
    judge.verdict()


def _names(endpoint: Endpoint, number: int) -> dict[str, str]:
    """State and account data have a body for each type the server itself looks at."""
    if endpoint.path.endswith("/state/{event_type}"):
        return {"event_type": list(cases.STATE)[number]}
    if endpoint.path.endswith("/user/{user_id}/account_data/{type}"):
        return {"type": list(cases.ACCOUNT_DATA)[number]}
    return {}


async def test_what_nonsense_leaves_behind(server: Homeserver, process: Palabre, endpoints: list[Endpoint]) -> None:
    """State, account data and profile full of it: everything can still be read, by both who are in the room."""
    judge = Judge()
    reads = [one for one in endpoints if one.method == "GET" and one.access in ("read", "account", "public")]
    for at in range(0, len(cases.WRONG), 4 if process.database_url else 1):
        world = await a_world(server)
        me, room_id = world.user.user_id, world.names["room_id"]
        calls = []
        for kind, content in cases.STATE.items():
            changed = dict.fromkeys(content, cases.WRONG[at])
            calls.append(("PUT", f"/rooms/{room_id}/state/{kind}", changed))
            calls.append(("PUT", f"/rooms/{room_id}/state/{kind}/{me}", changed))
            calls.append(("PUT", f"/rooms/{room_id}/send/{kind}/1", changed))
        for kind, content in cases.ACCOUNT_DATA.items():
            changed = dict.fromkeys(content, cases.WRONG[at])
            calls.append(("PUT", f"/user/{me}/account_data/{kind}", changed))
            calls.append(("PUT", f"/user/{me}/rooms/{room_id}/account_data/{kind}", changed))
        message = {"msgtype": "m.text", "body": "x", "m.relates_to": cases.WRONG[at], "m.mentions": cases.WRONG[at]}
        relation = {"rel_type": cases.WRONG[at], "event_id": cases.WRONG[at], "key": cases.WRONG[at]}
        calls.append(("PUT", f"/rooms/{room_id}/send/m.room.message/2", message))
        calls.append(("PUT", f"/rooms/{room_id}/send/m.reaction/3", {"m.relates_to": relation}))
        calls.append(("PUT", f"/profile/{me}/org.example.field", {"org.example.field": cases.WRONG[at]}))
        for method, path, content in calls:
            await world.user.request(method, path, cases.encode(content))
        for who in (world.user, world.other):
            answers = await say(process.port, [Call("GET", world.path(one), None, who.token) for one in reads])
            for endpoint, answer in zip(reads, answers, strict=True):
                judge.hear([answer], endpoint)
    judge.verdict()


async def test_paths_and_queries(server: Homeserver, process: Palabre, endpoints: list[Endpoint]) -> None:
    judge, world = Judge(), await a_world(server)
    step = 4 if process.database_url else 1
    for endpoint in endpoints:
        if endpoint.path.endswith(("/logout", "/logout/all", "/account/deactivate")):
            continue
        world = await fresh(server, world)
        token = token_for(endpoint, world, process)
        body = next((cases.encode(one) for one in world.bodies(endpoint)), None)
        parameters = [part.strip("{}.") for part in endpoint.path.split("/") if part.startswith("{")]
        paths = [world.path(endpoint, **{name: odd}) for name in parameters for odd in cases.SEGMENTS]
        if endpoint.method == "GET":
            path = world.path(endpoint)
            single = [*zip(cases.PARAMETERS * 3, cycle(cases.QUERY), strict=False)]
            if not endpoint.path.endswith("/events"):
                single += product(("timeout",), cases.QUERY)
            paths += [f"{path}&{name}={odd}" for name, odd in single]
            paths += [path + "".join(f"&{name}={odd}" for name in cases.PARAMETERS) for odd in cases.QUERY]
            paths += [path + "&" * 1000, f"{path}&=", f"{path}&%=%&%00=%00", f"{path}&\udcff=\udcff", f"{path}#x"]
        calls = [Call(endpoint.method, one, body, token) for one in paths[::step]]
        judge.hear(await say(process.port, calls), endpoint)
    judge.verdict()


async def test_tokens_that_are_none(server: Homeserver, process: Palabre, endpoints: list[Endpoint]) -> None:
    """Without a token, or with anything but one's own, nothing that needs one is done."""
    judge, world = Judge(), await a_world(server)
    tokens = [None, "", "x", "null", "\udcff", "x" * 5_000, str(world.user.token)[:-1], str(world.user.token) + "x"]
    for endpoint in endpoints:
        if endpoint.access == "public":
            continue
        body = next((cases.encode(one) for one in world.bodies(endpoint)), None)
        strangers = [*tokens, world.user.token] if endpoint.access == "operator" else tokens
        calls = [Call(endpoint.method, world.path(endpoint), body, token) for token in strangers]
        answers = await say(process.port, calls)
        judge.hear(answers, endpoint, refused=True)
        for call, answer in answers:
            assert answer.status == 401, f"{call}: {answer}"
    judge.verdict()


async def test_afterwards(server: Homeserver, process: Palabre) -> None:
    """The server is still the same process, has complained of nothing in its log, and people talk as before."""
    assert process.process.poll() is None
    log = process.log.read_text()
    assert "unhandled error" not in log
    assert "Traceback" not in log
    anna, bea = await server.register("anna"), await server.register("bea")
    room_id = await anna.create_room(is_direct=True, preset="trusted_private_chat", invite=[bea.user_id])
    since = (await bea.sync())["next_batch"]
    event_id = await anna.send(room_id)
    synced = await bea.sync(since, timeout=5000)
    assert [event["event_id"] for event in synced["rooms"]["join"][room_id]["timeline"]["events"]] == [event_id]
    fullest = process_status(process.process.pid)["VmHWM"]
    assert fullest < FULL, f"{fullest >> 20} MiB at its fullest"


def process_status(pid: int) -> dict[str, int]:
    """Memory of a process, in bytes (Linux)."""
    with open(f"/proc/{pid}/status") as lines:
        pairs = (line.split() for line in lines if line.startswith("Vm"))
        return {name.rstrip(":"): int(size) * 1024 for name, size, _ in pairs}
