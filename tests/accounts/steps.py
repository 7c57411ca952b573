"""What several of these tests do over HTTP, in test mode (every code is 000000)."""

import itertools
from typing import Any

import httpx

from ..api import PASSWORD, Homeserver, User

_numbers = itertools.count(10_000_000)


def new_number() -> str:
    return f"+336{next(_numbers)}"


async def verified_creds(
    client: Homeserver, number: str, path: str = "/register/msisdn/requestToken", secret: str = "s3cret"
) -> dict[str, str]:
    """`threepid_creds` for `number`, whose code was submitted."""
    sent = await client.call(
        "POST",
        path,
        {"client_secret": secret, "country": "FR", "phone_number": number, "send_attempt": 1},
    )
    creds = {"sid": sent["sid"], "client_secret": secret}
    submit = sent["submit_url"].partition("//")[2].partition("/")[2]
    answer = await client.call("POST", f"/{submit}", {**creds, "token": "000000"})
    assert answer == {"success": True}
    return creds


async def register_by_phone(client: Homeserver, number: str, **body: Any) -> User:
    """A new account with the flow that clients use in production."""
    challenge = await client.call("POST", "/register", body, status=401)
    creds = await verified_creds(client, number)
    auth = {"type": "m.login.msisdn", "threepid_creds": creds, "session": challenge["session"]}
    return User(client.http, await client.call("POST", "/register", {"auth": auth}))


def password_auth(user: User, password: str = PASSWORD, session: str | None = None) -> dict[str, Any]:
    auth: dict[str, Any] = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user.user_id},
        "password": password,
    }
    return auth | ({"session": session} if session else {})


async def is_signed_in(user: User) -> bool:
    answer: httpx.Response = await user.request("GET", "/account/whoami")
    return answer.status_code == 200
