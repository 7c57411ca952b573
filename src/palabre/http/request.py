"""The request as a handler sees it. Deliberately small: one of these lives as long as a `/sync` waits."""

from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request as StarletteRequest

from ..core import errors

Scope = dict[str, Any]


class Session(msgspec.Struct, frozen=True):
    """Who is calling: one signed-in device of one person."""

    user_id: str
    device_id: str
    token_id: int
    """Row of the access token, so that signing out can name it."""
    is_operator: bool = False


class Authenticator(Protocol):
    """Given by `accounts`: turns a bearer token into a session."""

    async def session(self, token: str, address: str) -> Session:
        """Raises 401 `M_UNKNOWN_TOKEN` (with `soft_logout` where the token expired) for what is not a live token."""
        ...


class Request:
    """One HTTP request. `params` are the path's parameters, percent-decoded."""

    __slots__ = ("_session", "_starlette", "address", "params", "query", "raw_body", "receive", "scope")

    def __init__(self, scope: Scope, receive: Any, params: dict[str, str], address: str) -> None:
        self.scope = scope
        self.receive = receive
        self.params = params
        self.address = address
        """The client's address as text, behind a trusted proxy the one it names."""
        self.query: dict[str, str] = _query(scope["query_string"].decode("latin-1"))
        """Query parameters; of a repeated one the last. `query_list` gives all."""
        self.raw_body = b""
        self._session: Session | None = None
        self._starlette: StarletteRequest | None = None

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        path: str = self.scope["path"]
        return path

    @property
    def session(self) -> Session:
        """The signed-in device. Only on endpoints whose access is not `public`."""
        if self._session is None:
            raise errors.ApiError(401, "M_MISSING_TOKEN", "Missing access token.")
        return self._session

    @property
    def session_or_none(self) -> Session | None:
        return self._session

    @property
    def user_id(self) -> str:
        return self.session.user_id

    @property
    def device_id(self) -> str:
        return self.session.device_id

    def header(self, name: str) -> str | None:
        """The value of a header, `name` in lower case."""
        wanted = name.encode("latin-1")
        for key, value in self.scope["headers"]:
            if key == wanted:
                text: str = value.decode("latin-1")
                return text
        return None

    def release(self) -> None:
        """Give back what a request that is going to wait needs no more: its headers and its query."""
        self.scope["headers"].clear()
        self.query = {}

    def query_list(self, name: str) -> list[str]:
        pairs = parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return [value for key, value in pairs if key == name]

    def query_int(self, name: str, default: int, *, low: int = 0, high: int = 2**53 - 1) -> int:
        """An integer query parameter, clamped to [low, high]. Raises `M_INVALID_PARAM` for what is not a number."""
        text = self.query.get(name)
        if text is None or text == "":
            return default
        try:
            value = int(text)
        except ValueError:
            raise errors.invalid_param(f"{name} must be a whole number.") from None
        return max(low, min(high, value))

    def query_bool(self, name: str, default: bool = False) -> bool:
        text = self.query.get(name)
        if text is None:
            return default
        if text not in ("true", "false"):
            raise errors.invalid_param(f"{name} must be true or false.")
        return text == "true"

    @property
    def starlette(self) -> StarletteRequest:
        """The same request as Starlette's object, for pages: `await request.starlette.form()`, cookies, …"""
        if self._starlette is None:
            self._starlette = StarletteRequest(self.scope, self.receive)
        return self._starlette

    def require_self(self, user_id: str) -> None:
        """Endpoints under `/user/{user_id}` serve only that person."""
        if user_id != self.user_id:
            raise errors.forbidden("You can only do this for your own account.")


def _query(text: str) -> dict[str, str]:
    """A query string decoded. Most have nothing encoded in them, and then splitting is all there is to do."""
    if not text:
        return {}
    if "%00" in text:
        raise errors.invalid_param("The query contains a NUL character.")
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    return dict([pair.partition("=")[::2] for pair in text.split("&") if pair])
