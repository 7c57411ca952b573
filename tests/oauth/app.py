"""An app that signs people in with OAuth, as Matrix clients do."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from ..api import Homeserver
from ..pages.browser import Browser

API = "urn:matrix:client:api:*"
DEVICE = "urn:matrix:client:device:"
REDIRECT = "https://app.example.com/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
METADATA: dict[str, Any] = {
    "client_name": "Example app",
    "client_uri": "https://example.com/",
    "redirect_uris": [REDIRECT],
    "grant_types": ["authorization_code", "refresh_token", DEVICE_GRANT],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "application_type": "web",
}


class App:
    """One installation: a client id, a device id, and the secrets of one sign-in."""

    def __init__(self, client: Homeserver, metadata: dict[str, Any], client_id: str) -> None:
        self.http = client.http
        self.metadata = metadata
        self.client_id = client_id
        self.device_id = secrets.token_urlsafe(12)
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(8)
        self.redirect_uri: str = metadata["redirect_uris"][0]
        self.browser = Browser(client.http)

    def authorization(self, **changes: str | None) -> str:
        """The address of an authorization request; `None` leaves a parameter out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        params: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": f"{API} {DEVICE}{self.device_id}",
            "state": self.state,
            "response_mode": "query",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        given = {name: value for name, value in params.items() if value is not None}
        return "/_palabre/oauth/authorize?" + urlencode(given)

    async def code(self, **changes: str | None) -> str:
        """Send a person through sign-in and consent; returns the code."""
        await self.browser.open(self.authorization(**changes))
        if self.browser.page.path.startswith("/account/sign-in"):
            await self.browser.sign_up()
        await self.browser.submit(answer="allow")
        return self.answer()["code"]

    def answer(self) -> dict[str, str]:
        """What the redirect out of the site carries, in its query or fragment."""
        assert self.browser.left_to is not None, self.browser.page.text
        parts = urlsplit(self.browser.left_to)
        return dict(parse_qsl(parts.query or parts.fragment, strict_parsing=True))

    async def token(self, **form: str) -> httpx.Response:
        return await self.http.post("/_palabre/oauth/token", data={"client_id": self.client_id, **form})

    async def redeem(self, code: str, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return await self.token(**{**form, **changes})

    async def refresh(self, refresh_token: str) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token)

    async def sign_in(self) -> dict[str, Any]:
        """The whole way; returns the token answer."""
        answer = await self.redeem(await self.code())
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def whoami(self, access_token: str) -> httpx.Response:
        return await self.http.get(
            "/_matrix/client/v3/account/whoami", headers={"authorization": f"Bearer {access_token}"}
        )


async def register(client: Homeserver, metadata: dict[str, Any]) -> httpx.Response:
    return await client.http.post("/_palabre/oauth/register", json=metadata)


async def new_app(client: Homeserver, **changes: Any) -> App:
    metadata = {**METADATA, **changes}
    answer = await register(client, metadata)
    assert answer.status_code == 201, answer.text
    return App(client, metadata, answer.json()["client_id"])


def refused(answer: httpx.Response, error: str, status: int = 400) -> bool:
    """An RFC 6749 error body."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    return True
