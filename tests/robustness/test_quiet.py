"""What the server says of people to its operator: nothing. And where it asks for the time: in one place."""

import ast
from pathlib import Path

import palabre

from ..api import CLIENT, PASSWORD, over_socket
from ..services import Palabre, running

NUMBER = "+33612345699"
WORDS = "rendez-vous sous l'arbre"
NAME = "Aminata"


async def test_the_log_carries_nothing_of_people(tmp_path: Path) -> None:
    """A life with every kind of mishap, and then a look at the log."""
    with running(Palabre(tmp_path)) as process:
        async with over_socket(process.url) as server:
            anna, bea = await server.register("anna"), await server.register("bea")
            request = {"client_secret": "secret", "country": "FR", "phone_number": NUMBER, "send_attempt": 1}
            sid = (await server.call("POST", "/register/msisdn/requestToken", request))["sid"]
            proof = {"sid": sid, "client_secret": "secret", "token": "999999"}
            await server.fail("POST", "/account/3pid/msisdn/submitToken", proof, status=400)
            await server.call("POST", "/account/3pid/msisdn/submitToken", {**proof, "token": "000000"})
            creds = {"type": "m.login.msisdn", "threepid_creds": {"sid": sid, "client_secret": "secret"}}
            await server.request("POST", "/register", {"auth": creds})
            await anna.call("PUT", f"/profile/{anna.user_id}/displayname", {"displayname": NAME})
            room_id = await anna.create_room(is_direct=True, preset="trusted_private_chat", invite=[bea.user_id])
            await anna.send(room_id, WORDS)
            await bea.sync()
            login = {"type": "m.login.password", "identifier": {"type": "m.id.phone", "country": "FR", "phone": NUMBER}}
            await server.request("POST", "/login", {**login, "password": "wrong"})
            await server.request("GET", f"/sync?access_token={anna.token}x")
            await server.request("POST", "/login", b'{"password": "' + PASSWORD.encode())
            await server.http.request("BREW", f"{CLIENT}/rooms/{room_id}?access_token={anna.token}")
            await anna.call("POST", "/logout")
            tokens = [str(anna.token), str(bea.token)]
    log = process.log.read_text().replace(process.url, "")
    for secret in (*tokens, "612345699", "6 12 34 56 99", WORDS, NAME, PASSWORD, "127.0.0.1", "000000"):
        assert secret not in log, f"{secret} is in the log"


def test_only_the_clock_asks_for_the_time() -> None:
    """Everything else is given a `Clock`. `perf_counter` measures how long something took, and is no clock; the
    terminal client is a person's program, not part of the server.
    """
    forbidden = {
        *(("time", name) for name in ("time", "time_ns", "monotonic", "monotonic_ns", "localtime", "gmtime")),
        *(("datetime", name) for name in ("now", "utcnow", "today")),
        ("date", "today"),
    }
    root = Path(palabre.__file__).parent
    found = []
    for path in root.rglob("*.py"):
        inside = path.relative_to(root)
        if inside == Path("core/clock.py") or inside.is_relative_to("chat"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in forbidden:
                    found.append(f"{inside}:{node.lineno}")
                case ast.ImportFrom(module="time", names=names) if {("time", one.name) for one in names} & forbidden:
                    found.append(f"{inside}:{node.lineno}")
    assert found == []
