"""The one way to declare an HTTP endpoint.

    class TagRoutes:
        @endpoint("PUT", "/_matrix/client/v3/user/{user_id}/rooms/{room_id}/tags/{tag}", access="read", body=TagBody)
        async def put_tag(self, request: Request, body: TagBody) -> Reply | dict[str, Any]: ...

A handler gets the request, and the decoded body when `body` is given. It returns something msgspec can encode (200), a
`Reply`, or a Starlette `Response` (pages, redirects). It raises `ApiError` for everything else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

Access = Literal["public", "read", "send", "rooms", "calls", "account", "operator"]
"""What an endpoint needs of a person's standing: `public` no token at all; `account` sign-out, terms, export, deletion;
`read` receive; `send` send; `rooms` create, join, invite; `calls` call; `operator` the operator token."""

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)


class Reply(msgspec.Struct):
    """An answer with a status or headers of its own. `body` is encoded as JSON; `bytes` are sent as they are."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = {}


@dataclass(frozen=True)
class Endpoint:
    """What is declared about one path and method; the router, the documentation and the tests read it."""

    method: str
    path: str
    access: Access
    body: Any = None
    """Type the body is decoded into (a msgspec Struct, `JsonObject`, …); None: the body is not read."""
    optional_body: bool = False
    """An absent body counts as `{}`."""
    limit: str | None = None
    """Name of the rate limit in `http.limits`, counted per person, or per address where nobody is signed in."""
    max_body: int | None = None
    """Bytes; None: the server's default."""
    optional_auth: bool = False
    """For `public`: a valid token is looked at when there is one."""
    guest: bool = False
    tags: tuple[str, ...] = ()
    returns: Any = None
    """Type of a 200 body, for the documentation."""
    handler: Handler | None = field(default=None, compare=False)


def endpoint(method: str, *paths: str, access: Access, **options: Any) -> Callable[[H], H]:
    """Declare the method as the handler of `method` on each of `paths` (see `Endpoint` for `options`).

    A path segment in braces (`{room_id}`) matches one percent-decoded segment; `{name...}` at the end matches the rest.
    """

    def mark(handler: H) -> H:
        declared = handler.__dict__.setdefault("__endpoints__", [])
        declared.extend(Endpoint(method, path, access, **options) for path in paths)
        return handler

    return mark


def endpoints_of(routes: object) -> list[Endpoint]:
    """The endpoints declared on the methods of `routes`, bound to it."""
    found: list[Endpoint] = []
    for name in dir(type(routes)):
        function = getattr(type(routes), name)
        for declared in getattr(function, "__endpoints__", ()):
            found.append(Endpoint(**{**_fields(declared), "handler": getattr(routes, name)}))
    return found


def _fields(declared: Endpoint) -> dict[str, Any]:
    return {name: getattr(declared, name) for name in Endpoint.__dataclass_fields__}
