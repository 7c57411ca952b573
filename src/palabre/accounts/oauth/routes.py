"""The endpoints that clients call themselves; the pages where people decide are in `pages.consent`."""

from typing import Any
from urllib.parse import parse_qsl

from ...core import json
from ...http.endpoint import Reply, endpoint
from ...http.request import Request
from .models import Answer
from .protocol import malformed
from .service import OAuth, Pairs

MAX_FORM = 64 * 1024
MAX_FIELDS = 30
METADATA_MAX_AGE = 3600
PATH = "/_palabre/oauth"
"""What the endpoints begin with."""
TAGS = ("OAuth 2.0",)

ACCOUNT_ACTIONS = {
    "org.matrix.profile": "/account/profile",
    "org.matrix.devices_list": "/account/devices",
    "org.matrix.device_view": "/account/devices/{device_id}",
    "org.matrix.device_delete": "/account/devices/{device_id}",
    "org.matrix.account_deactivate": "/account/delete",
    "org.matrix.cross_signing_reset": "/account/identity",
}
"""Where each action of the account management address leads (Client-Server API, "Account management URL actions")."""

UNSTABLE_ACTIONS = {
    "org.matrix.sessions_list": "org.matrix.devices_list",
    "org.matrix.session_view": "org.matrix.device_view",
    "org.matrix.session_end": "org.matrix.device_delete",
}
"""Names from before they were specified, which clients still use."""


def auth_metadata(base_url: str) -> dict[str, Any]:
    """RFC 8414, with what Matrix adds."""
    return {
        "issuer": base_url + "/",
        "authorization_endpoint": f"{base_url}{PATH}/authorize",
        "token_endpoint": f"{base_url}{PATH}/token",
        "registration_endpoint": f"{base_url}{PATH}/register",
        "revocation_endpoint": f"{base_url}{PATH}/revoke",
        "device_authorization_endpoint": f"{base_url}{PATH}/device",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "prompt_values_supported": ["create"],
        "ui_locales_supported": ["en", "fr"],
        "account_management_uri": f"{base_url}/account",
        "account_management_actions_supported": [*ACCOUNT_ACTIONS, *UNSTABLE_ACTIONS],
    }


class OAuthRoutes:
    def __init__(self, oauth: OAuth, base_url: str) -> None:
        self._oauth = oauth
        self._metadata = json.encode(auth_metadata(base_url))

    @endpoint(
        "GET",
        "/_matrix/client/v1/auth_metadata",
        "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
        "/.well-known/oauth-authorization-server",
        access="public",
        tags=TAGS,
        returns=dict[str, Any],
    )
    async def auth_metadata(self, request: Request) -> Reply:
        """Where the endpoints are and what they can do (Client-Server API, "Server metadata discovery")."""
        return Reply(
            self._metadata, headers={"content-type": "application/json", "cache-control": f"max-age={METADATA_MAX_AGE}"}
        )

    @endpoint(
        "POST", PATH + "/register", access="public", body=bytes, max_body=MAX_FORM, limit="oauth.register", tags=TAGS
    )
    async def register(self, request: Request, body: bytes) -> Reply:
        """Register a client (RFC 7591). The body is its metadata as JSON."""
        return _reply(await self._oauth.register(body))

    @endpoint("POST", PATH + "/token", access="public", body=bytes, max_body=MAX_FORM, limit="oauth.token", tags=TAGS)
    async def token(self, request: Request, body: bytes) -> Reply:
        """Tokens for a code, a refresh token or a device code (RFC 6749 section 3.2)."""
        form = read_pairs(body)
        return _reply(malformed() if form is None else await self._oauth.token(form, request.address))

    @endpoint("POST", PATH + "/revoke", access="public", body=bytes, max_body=MAX_FORM, limit="oauth.token", tags=TAGS)
    async def revoke(self, request: Request, body: bytes) -> Reply:
        """Sign out by a token (RFC 7009)."""
        form = read_pairs(body)
        return _reply(malformed() if form is None else await self._oauth.revoke(form))

    @endpoint("POST", PATH + "/device", access="public", body=bytes, max_body=MAX_FORM, limit="oauth.token", tags=TAGS)
    async def device(self, request: Request, body: bytes) -> Reply:
        """Begin the sign-in of a device without a browser (RFC 8628 section 3.1)."""
        form = read_pairs(body)
        return _reply(malformed() if form is None else await self._oauth.device_authorization(form))


def read_pairs(body: bytes) -> Pairs | None:
    """The fields of an `application/x-www-form-urlencoded` body, or None for what is none or says something twice."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except (UnicodeDecodeError, ValueError):
        return None
    names = [name for name, _ in pairs]
    return pairs if len(names) == len(set(names)) and b"%00" not in body else None


def _reply(answer: Answer) -> Reply:
    """Answers with tokens and codes are kept by no cache (RFC 6749 section 5.1)."""
    status, body = answer
    return Reply(body, status, {"cache-control": "no-store", "pragma": "no-cache"})
