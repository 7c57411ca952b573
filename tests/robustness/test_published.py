"""The published description of the Client-Server API, with schemathesis: on every endpoint that is implemented, no
server error and no answer outside its schema.

Every operation is called as a new person who has a room, a message, a device, a filter and so on: with their names in
the path, with whatever fits the description, and, where only that can succeed, once with a body written for it.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from ..api import CLIENT, PASSWORD, unique
from ..services import Palabre, missing

DESCRIPTION = Path(__file__).parents[3] / "shared" / "contracts" / "matrix-client-server.openapi.json"
EXAMPLES = {"sqlite": 6, "postgresql": 1}
"""How many calls of each kind each operation gets; two kinds."""
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]

V1, V3, MEDIA = "/_matrix/client/v1", "/_matrix/client/v3", "/_matrix/media"

NOT_IMPLEMENTED = {
    "media": {
        f"GET {V1}/media/download/{{serverName}}/{{mediaId}}",
        f"GET {V1}/media/download/{{serverName}}/{{mediaId}}/{{fileName}}",
        f"GET {V1}/media/preview_url",
        f"GET {V1}/media/thumbnail/{{serverName}}/{{mediaId}}",
        f"POST {MEDIA}/v1/create",
        f"GET {MEDIA}/v3/download/{{serverName}}/{{mediaId}}",
        f"GET {MEDIA}/v3/download/{{serverName}}/{{mediaId}}/{{fileName}}",
        f"GET {MEDIA}/v3/preview_url",
        f"GET {MEDIA}/v3/thumbnail/{{serverName}}/{{mediaId}}",
        f"POST {MEDIA}/v3/upload",
        f"PUT {MEDIA}/v3/upload/{{serverName}}/{{mediaId}}",
    },
    "application services": {
        f"POST {V1}/appservice/{{appserviceId}}/ping",
        f"PUT {V3}/directory/list/appservice/{{networkId}}/{{roomId}}",
    },
    "third-party networks": {
        f"GET {V3}/thirdparty/location",
        f"GET {V3}/thirdparty/location/{{protocol}}",
        f"GET {V3}/thirdparty/protocol/{{protocol}}",
        f"GET {V3}/thirdparty/user",
        f"GET {V3}/thirdparty/user/{{protocol}}",
    },
    "operators have an API of their own": {
        f"GET {V1}/admin/lock/{{userId}}",
        f"PUT {V1}/admin/lock/{{userId}}",
        f"GET {V1}/admin/suspend/{{userId}}",
        f"PUT {V1}/admin/suspend/{{userId}}",
        "GET /.well-known/matrix/support",
    },
    "accounts are made with a phone number, never with a token": {
        f"GET {V1}/register/m.login.registration_token/validity",
    },
    "no federation": {"GET /.well-known/matrix/policy_server"},
    "described twice: with a space at the end, where the description could not name two of the same path": {
        f"GET {V3}/events ",
        f"POST {V3}/rooms/{{roomId}}/invite ",
    },
}
"""What the description has and this server has not: reason -> operations. Kept equal to the truth by a test."""

EXCUSED = {
    (f"GET {V1}/auth_metadata", 200): "also names the actions as clients from before v1.18 of the specification do",
    (
        f"GET {V3}/events",
        200,
    ): "presence and typing have no event ids, although this oldest of endpoints describes them",
    (f"GET {V3}/login/sso/redirect", 400): "a person's browser comes here, and gets a page",
    (f"GET {V3}/login/sso/redirect/{{idpId}}", 404): "a person's browser comes here, and gets a page",
    (f"GET {V3}/rooms/{{roomId}}/joined_members", 200): "null for what is not set: SyTest wants both members always",
    (
        f"GET {V3}/rooms/{{roomId}}/state/{{eventType}}/{{stateKey}}",
        200,
    ): "described as one of two, and an event is both",
}
"""Answers that differ from the description on purpose: (operation, status) -> why."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    if not DESCRIPTION.exists():
        missing(f"the published description is not there ({DESCRIPTION.name} in ../shared/contracts)")
    found: dict[str, Any] = json.loads(DESCRIPTION.read_bytes())
    for operation in _operations(found).values():
        operation.pop("security", None)  # Every call is made with a token; made-up ones are tested elsewhere.
    return found


@pytest.fixture
def not_here(description: dict[str, Any], process: Palabre) -> set[str]:
    """What is described and not served."""
    served = _operations(requests.get(f"{process.url}/_palabre/openapi.json", timeout=30).json())
    implemented = {_nameless(label) for label in served}
    return {label for label in _operations(description) if _nameless(label) not in implemented}


def test_what_is_not_implemented_is_listed(not_here: set[str]) -> None:
    assert not_here == set().union(*NOT_IMPLEMENTED.values())


def test_answers_are_as_described(description: dict[str, Any], not_here: set[str], process: Palabre) -> None:
    with requests.Session() as http:
        failures: Counter[str] = Counter()
        examples: dict[str, str] = {}
        answers: Counter[int] = Counter()
        succeeded: set[str] = set()
        tried: set[str] = set()
        count = EXAMPLES["postgresql" if process.database_url else "sqlite"]
        for result in schemathesis.openapi.from_dict(description).get_all_operations():
            operation: Any = result.ok()  # type: ignore[union-attr]  # the description itself is valid
            if operation.label in not_here:
                continue
            tried.add(operation.label)
            for response, failure, curl in _call(operation, Somebody(http, process.url), count):
                answers[response.status_code] += 1
                if response.status_code < 400:
                    succeeded.add(operation.label)
                if failure is not None and (operation.label, response.status_code) not in EXCUSED:
                    what = f"{operation.label} {response.status_code}: {failure}"
                    failures[what] += 1
                    examples.setdefault(what, f"{curl}\n    {response.text[:300]}")
    report = [f"{times} x {what}\n    {examples[what]}" for what, times in sorted(failures.items())]
    print(dict(sorted(answers.items())), "never succeeded:", *sorted(tried - succeeded), sep="\n  ")
    assert not report, "\n".join(["", *report])
    # A run that gets nothing but refusals shows nothing.
    assert len(succeeded) > len(tried) // 2


def _call(operation: Any, somebody: "Somebody", count: int) -> Iterator[tuple[requests.Response, str | None, str]]:
    """Call the operation and judge the answers."""
    cases: list[Any] = []
    query = {"timeout": 0} if any(one.name == "timeout" for one in operation.query) else {}
    known = {name: value for name, value in somebody.names.items() if name in _parameters(operation.label)}
    for path_parameters in ({}, known) if known else ({},):

        @settings(
            max_examples=count,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(path_parameters=path_parameters, query=query))
        def collect(case: Any) -> None:
            cases.append(case)

        collect()
    if operation.label in somebody.bodies:
        instead, body = somebody.bodies[operation.label]
        query = {"version": somebody.names["version"]} if "/room_keys/" in operation.label else {}
        parameters = {name: quote(value, safe="") for name, value in (known | instead).items()}
        cases.append(operation.Case(path_parameters=parameters, body=body, media_type="application/json", query=query))
    for case in cases:
        headers = {"Authorization": f"Bearer {somebody.token}"}
        response = case.call(
            base_url=somebody.url, session=somebody.http, headers=headers, timeout=30, allow_redirects=False
        )
        try:
            case.validate_response(response, checks=CHECKS)
            failure = _judge(operation, response)
        except FailureGroup as group:
            failure = "; ".join(_text(one) for one in group.exceptions)
        yield response, failure, case.as_curl_command()


def _judge(operation: Any, response: requests.Response) -> str | None:
    """What the description says only in prose: an undescribed success is a mistake; a refusal says why."""
    if response.status_code < 400:
        described = operation.responses.find_by_status_code(response.status_code) is not None
        return None if described else "a success that is not described"
    try:
        body = response.json()
    except ValueError:
        return "a refusal that is not JSON"
    if response.status_code == 401 and "flows" in body:
        return None
    return None if isinstance(body.get("errcode"), str) else "a refusal without an errcode"


def _text(failure: Failure) -> str:
    return f"{failure.title}: {failure.message}".replace("\n", " ")[:300]


class Somebody:
    """A new person, and the names of what they have, by the description's path parameters."""

    def __init__(self, http: requests.Session, url: str) -> None:
        self.http, self.url, self.token = http, url, ""
        account: dict[str, Any] = {
            "username": unique("reader"),
            "password": PASSWORD,
            "auth": {"type": "m.login.dummy"},
        }
        other = self._do("POST", "/register", account)["user_id"]
        account = {**account, "username": unique("reader"), "refresh_token": True}
        session = self._do("POST", "/register", account)
        self.token, user_id = session["access_token"], session["user_id"]
        alias = unique("hall")
        room = {"preset": "public_chat", "room_alias_name": alias, "name": "Salle"}
        room_id = self._do("POST", "/createRoom", room)["room_id"]
        text = {"msgtype": "m.text", "body": "hello"}
        event_id = self._do("PUT", f"/rooms/{room_id}/send/m.room.message/1", text)["event_id"]
        self._do("PUT", f"/user/{user_id}/account_data/org.example.note", {"text": "note"})
        self._do("PUT", f"/user/{user_id}/rooms/{room_id}/account_data/org.example.note", {"text": "note"})
        self._do("PUT", f"/user/{user_id}/rooms/{room_id}/tags/u.friends", {"order": 0.5})
        self._do("PUT", f"/profile/{user_id}/displayname", {"displayname": "Awa"})
        rule_id = unique("rule")
        self._do("PUT", f"/pushrules/global/override/{rule_id}", {"actions": []})
        self._do("POST", f"/rooms/{room_id}/invite", {"user_id": other})
        self.names = {
            "userId": user_id,
            "deviceId": session["device_id"],
            "roomId": room_id,
            "roomIdOrAlias": room_id,
            "roomAlias": f"#{alias}:{user_id.partition(':')[2]}",
            "eventId": event_id,
            "eventType": "m.room.name",
            "stateKey": "",
            "relType": "m.thread",
            "sessionId": "session",
            "receiptType": "m.read",
            "tag": "u.friends",
            "type": "org.example.note",
            "keyName": "displayname",
            "kind": "override",
            "ruleId": rule_id,
            "version": self._do("POST", "/room_keys/version", _backup())["version"],
            "filterId": self._do("POST", f"/user/{user_id}/filter", {})["filter_id"],
        }

        password = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user_id},
            "password": PASSWORD,
        }
        phone = {"client_secret": "secret", "country": "FR", "phone_number": "+33612340000", "send_attempt": 1}
        key = {"first_message_index": 0, "forwarded_count": 0, "is_verified": True, "session_data": {"a": "b"}}
        self.bodies: dict[str, tuple[dict[str, str], Any]] = {
            f"POST {V1}/login/get_token": ({}, {"auth": password}),
            f"POST {V3}/login": ({}, password),
            f"POST {V3}/refresh": ({}, {"refresh_token": session["refresh_token"]}),
            f"POST {V3}/account/deactivate": ({}, {"auth": password}),
            f"POST {V3}/account/password": ({}, {"new_password": PASSWORD, "auth": password}),
            f"POST {V3}/account/3pid/delete": ({}, {"medium": "msisdn", "address": "33612340000"}),
            f"POST {V3}/account/3pid/msisdn/requestToken": ({}, phone),
            f"POST {V3}/register/msisdn/requestToken": ({}, phone),
            f"DELETE {V3}/devices/{{deviceId}}": ({}, {"auth": password}),
            f"POST {V3}/delete_devices": ({}, {"devices": [session["device_id"]], "auth": password}),
            f"PUT {V3}/directory/room/{{roomAlias}}": (
                {"roomAlias": f"#{unique('a')}:test.local"},
                {"room_id": room_id},
            ),
            f"PUT {V3}/room_keys/keys": ({}, {"rooms": {room_id: {"sessions": {"session": key}}}}),
            f"PUT {V3}/room_keys/keys/{{roomId}}": ({}, {"sessions": {"session": key}}),
            f"PUT {V3}/room_keys/keys/{{roomId}}/{{sessionId}}": ({}, key),
            f"PUT {V3}/profile/{{userId}}/{{keyName}}": ({}, {"displayname": "Awa"}),
            f"POST {V3}/rooms/{{roomId}}/invite": ({}, {"user_id": other}),
            f"POST {V3}/rooms/{{roomId}}/kick": ({}, {"user_id": other}),
            f"POST {V3}/rooms/{{roomId}}/upgrade": ({}, {"new_version": "11"}),
        }

    def _do(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.http.request(method, self.url + CLIENT + path, json=body, headers=headers, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json()


def _backup() -> dict[str, Any]:
    return {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {"public_key": "A" * 43}}


def _operations(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`GET /path` -> its description."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "put", "post", "delete")
    }


def _nameless(label: str) -> str:
    return re.sub(r"{[^}]*}", "{}", label)


def _parameters(label: str) -> list[str]:
    return re.findall(r"{([^}]*)}", label)
