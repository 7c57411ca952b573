"""What a device, a session and its tokens are.

A *device* is what people see in their list. A *session* is one sign-in of a device: it owns access tokens and, where
the client can refresh, one *family* of refresh tokens. A refresh token is `pr_<family>.<generation>`: the first half
finds the session, the second must be the current generation or the next one. So a refresh token that comes back after
its successor was used is recognised without keeping any history of tokens.
"""

import msgspec


class Tokens(msgspec.Struct, frozen=True):
    """What signing in, or refreshing, gives to a client. The only place where tokens are in clear."""

    access_token: str
    refresh_token: str | None
    device_id: str
    expires_in_ms: int | None


class Device(msgspec.Struct, frozen=True):
    user_id: str
    device_id: str
    display_name: str | None
    created: int
    last_seen: int | None
    last_address: str | None


class StoredSession(msgspec.Struct, frozen=True):
    session_id: str
    user_id: str
    device_id: str
    client_id: str | None
    """The OAuth client that the person signed in with; None for the legacy API."""
    family_hash: bytes | None
    current_hash: bytes | None
    next_hash: bytes | None
    created: int


class AccessToken(msgspec.Struct, frozen=True):
    token_id: int
    session_id: str
    user_id: str
    device_id: str
    expires: int | None
    unused: bool
    """It came from a refresh and has not been seen since: until then the refresh token before it stays valid."""
