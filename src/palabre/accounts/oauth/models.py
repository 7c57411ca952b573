"""What OAuth is about: clients (apps), the codes they are given, and what they ask for."""

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
from authlib.oauth2.rfc6749 import InvalidScopeError

from .redirects import same_redirect

API_SCOPES = ("urn:matrix:client:api:*", "urn:matrix:org.matrix.msc2967.client:api:*")
DEVICE_SCOPES = ("urn:matrix:client:device:", "urn:matrix:org.matrix.msc2967.client:device:")
"""The stable names, and the unstable ones that clients still send."""

DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = ("authorization_code", "refresh_token", DEVICE_CODE_GRANT)
_DEVICE_ID = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,255}")


class Client(msgspec.Struct, frozen=True):
    """A registered app, as its registration described it. The methods are those Authlib asks of a client."""

    client_id: str
    client_uri: str
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = ("code",)
    application_type: str = "web"
    client_name: str = ""
    tos_uri: str | None = None
    policy_uri: str | None = None

    @property
    def name(self) -> str:
        """What to call it: its own name, else the host of its page."""
        return self.client_name or self.host

    @property
    def host(self) -> str:
        return urlsplit(self.client_uri).hostname or self.client_uri

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Redirect addresses are always named (Client-Server API, "Authorisation code flow")."""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return any(same_redirect(registered, uri) for registered in self.redirect_uris)

    def check_client_secret(self, _secret: str) -> bool:
        return False

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type in self.response_types

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


class Scope(msgspec.Struct, frozen=True):
    """What a client is given: the whole API, as one device."""

    device_id: str
    text: str
    """The scope tokens that we know, as the client wrote them."""


def parse_scope(text: str | None) -> Scope:
    """Client-Server API, "Scope". Tokens that Matrix does not define are left out of what is granted.

    Raises `invalid_scope` unless the API and exactly one device are asked for.
    """
    known = [token for token in (text or "").split() if token in API_SCOPES or token.startswith(DEVICE_SCOPES)]
    devices = {token.split(":device:", 1)[1] for token in known if token not in API_SCOPES}
    if len(devices) != 1 or not any(token in API_SCOPES for token in known):
        raise InvalidScopeError("Ask for urn:matrix:client:api:* and for exactly one urn:matrix:client:device:.")
    (device_id,) = devices
    if not _DEVICE_ID.fullmatch(device_id):
        raise InvalidScopeError("The device id has characters that a scope cannot have, or is too long.")
    return Scope(device_id, " ".join(known))


class Code(msgspec.Struct, frozen=True):
    """An authorization code, as far as it was stored. The methods are those Authlib asks of a code."""

    client_id: str
    user_id: str
    redirect_uri: str
    scope: str
    code_challenge: str
    expires: int
    """Milliseconds since 1970."""
    spent: bool = False
    """Tokens were given for it already."""
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class DeviceRequest(msgspec.Struct, frozen=True):
    """A device that waits for somebody to let it in (RFC 8628)."""

    user_code: str
    client_id: str
    scope: str
    expires: int
    pause: int
    """Seconds that the device must wait between two questions."""
    polled: int
    user_id: str | None
    approved: bool | None
    """None while nobody has answered."""
    expired: bool = False
    hurried: bool = False
    """The device asks again before its pause is over. Both are filled in by the service, which has the clock."""

    def get_client_id(self) -> str:
        return self.client_id

    def get_scope(self) -> str:
        return self.scope

    def get_user_code(self) -> str:
        return self.user_code

    def is_expired(self) -> bool:
        return self.expired


class Refresh(msgspec.Struct, frozen=True):
    """A refresh token as it arrived. Whether it is good is known only when it is rotated, in one transaction."""

    asked_scope: str

    def check_client(self, _client: Client) -> bool:
        return True

    def get_scope(self) -> str:
        return self.asked_scope


def full_scope(device_id: str) -> str:
    return f"{API_SCOPES[0]} {DEVICE_SCOPES[0]}{device_id}"


class Authorization(msgspec.Struct, frozen=True):
    """A valid question to a person: may this client come in as this device?"""

    client: Client
    redirect_uri: str
    scope: Scope
    state: str | None
    fragment: bool
    code_challenge: str
    wants_account: bool
    """The client asks for a new account (`prompt=create`)."""


Answer = tuple[int, dict[str, Any]]
"""HTTP status and JSON body of an OAuth endpoint."""
