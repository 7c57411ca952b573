"""The ASGI application: matches, authenticates, limits, decodes, calls the handler, and makes the answer.

Raw ASGI rather than a framework's router because every request of the hot path (send, sync) passes here; Starlette's
objects are used where pages need them.
"""

from collections.abc import Awaitable, Callable, Coroutine
from ipaddress import ip_address, ip_network
from time import perf_counter
from typing import Any

import structlog
from starlette.responses import Response

from ..core import json
from ..core.clock import Clock
from ..core.errors import ApiError
from ..storage.database import Unavailable
from .bodies import BodyReader
from .endpoint import Endpoint, Reply, endpoints_of
from .limits import RateLimits
from .request import Authenticator, Request, Scope, Session
from .router import Router

log = structlog.get_logger()

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Guard = Callable[[Endpoint, Request, Session], Awaitable[None]]

DEFAULT_MAX_BODY = 1 << 20
JSON_TYPE = (b"content-type", b"application/json")
_OLD_PREFIX = "/_matrix/client/r0/"
"""What clients from before v1.1 of the specification call v3."""
PROBLEM_TYPE = (b"content-type", b"application/problem+json")
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"X-Requested-With, Content-Type, Authorization"),
    (b"access-control-max-age", b"86400"),
]
"""Client-Server API, section "Web browser clients"."""


class HttpServer:
    """`guards` run after authentication and before the handler: the policy gate is one."""

    def __init__(
        self,
        limits: RateLimits,
        clock: Clock,
        *,
        trusted_proxies: list[str] | None = None,
        operator_token_matches: Callable[[str], bool] = lambda token: False,
    ) -> None:
        self.router = Router()
        self._bodies = BodyReader(clock)
        self.limits = limits
        self.authenticator: Authenticator | None = None
        self.guards: list[Guard] = []
        self.observe: Callable[[Endpoint, int, float], None] | None = None
        self._trusted = [ip_network(proxy) for proxy in trusted_proxies or []]
        self._operator_token_matches = operator_token_matches
        self.on_start: list[Callable[[], Awaitable[None]]] = []
        self.on_stop: list[Callable[[], Awaitable[None]]] = []
        self.on_closing: list[Callable[[], None]] = []
        """Called when the server is told to end, before it waits for running requests: waiting syncs answer now. Called
        once more when it ends."""

    def add(self, *routes: object) -> None:
        """Serve the endpoints declared on the methods of each of `routes`."""
        for group in routes:
            for declared in endpoints_of(group):
                self.router.add(declared)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """The ASGI interface. Hands the coroutine on, as every frame counts while thousands wait."""
        if scope["type"] == "http":
            return self._http(scope, receive, send)
        return self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    for start in self.on_start:
                        await start()
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    raise
                await send({"type": "lifespan.startup.complete"})
            else:
                for close in self.on_closing:
                    close()
                for stop in self.on_stop:
                    try:
                        await stop()
                    except Exception:
                        # The rest must end in good order all the same: the database writes down what is queued.
                        log.exception("a part did not stop as it should")
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await _send(send, 204, CORS, b"")
            return
        started = perf_counter()
        try:
            endpoint, request = self._match(scope, receive)
        except ApiError as error:
            status, headers, body = _error_reply(scope["path"], error)
            await _send(send, status, headers, body)
            return
        try:
            answer = await self._answer(endpoint, request)
        except ApiError as error:
            answer = _error_reply(scope["path"], error)
        except Unavailable as error:
            log.warning("the database is out of reach", endpoint=endpoint.path, error=str(error))
            answer = _error_reply(scope["path"], _TRY_AGAIN)
        except Exception:
            log.exception("unhandled error", method=endpoint.method, endpoint=endpoint.path)
            answer = _error_reply(scope["path"], ApiError(500, "M_UNKNOWN", "Something went wrong on the server."))
        if type(answer) is tuple:
            status, headers, body = answer
            await _send(send, status, headers, b"" if scope["method"] == "HEAD" else body)
        else:
            status = answer.status_code
            await answer(scope, receive, send)
        if self.observe is not None:
            self.observe(endpoint, status, perf_counter() - started)

    def _match(self, scope: Scope, receive: Receive) -> tuple[Endpoint, Request]:
        raw_path = scope["raw_path"].decode("latin-1")
        if raw_path.startswith(_OLD_PREFIX):
            raw_path = "/_matrix/client/v3/" + raw_path[len(_OLD_PREFIX) :]
        endpoint, params = self.router.match(scope["method"], raw_path)
        return endpoint, Request(scope, receive, params, self._address(scope))

    async def _answer(self, endpoint: Endpoint, request: Request) -> Any:
        if endpoint.access != "public" or endpoint.optional_auth:
            await self._authenticate(endpoint, request)
        if endpoint.limit is not None:
            session = request.session_or_none
            self.limits.check(endpoint.limit, session.user_id if session else request.address)
        assert endpoint.handler is not None
        if endpoint.body is None:
            result = await endpoint.handler(request)
        else:
            request.raw_body = await self._bodies.read(request, endpoint.max_body or DEFAULT_MAX_BODY)
            result = await endpoint.handler(request, _decode(endpoint, request.raw_body))
        if isinstance(result, Response):
            return result
        return _success(result)

    async def _authenticate(self, endpoint: Endpoint, request: Request) -> None:
        token = _bearer(request)
        if endpoint.access == "operator":
            if token is None or not self._operator_token_matches(token):
                raise ApiError(401, "M_UNKNOWN_TOKEN", "This needs the operator token.")
            return
        if token is None:
            if endpoint.access == "public":
                return
            raise ApiError(401, "M_MISSING_TOKEN", "Missing access token.")
        assert self.authenticator is not None
        try:
            session = await self.authenticator.session(token, request.address)
        except ApiError:
            if endpoint.access == "public":
                return
            raise
        request._session = session
        for guard in self.guards:
            await guard(endpoint, request, session)

    def _address(self, scope: Scope) -> str:
        """The peer's address; through proxies we trust, the nearest address in X-Forwarded-For that is not one."""
        client = scope.get("client")
        address: str = client[0] if client else ""
        if not self._trusted or not self._is_trusted(address):
            return address
        hops = [hop for key, value in scope["headers"] if key == b"x-forwarded-for" for hop in value.split(b",")]
        for hop in reversed(hops):
            try:
                address = str(ip_address(hop.decode("latin-1").strip()))
            except ValueError:
                break
            if not self._is_trusted(address):
                break
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _bearer(request: Request) -> str | None:
    """The access token: the Authorization header, else the (deprecated, still used) query parameter."""
    header = request.header("authorization")
    if header is not None and header[:7].lower() == "bearer ":
        return header[7:].strip()
    return request.query.get("access_token")


def _decode(endpoint: Endpoint, body: bytes) -> Any:
    if endpoint.body is bytes:
        return body
    if not body and endpoint.optional_body:
        body = b"{}"
    json.check(body)
    return json.decode(body, endpoint.body)


def _success(result: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    if type(result) is Reply:
        body = result.body if isinstance(result.body, bytes) else json.encode(result.body)
        headers = [(name.lower().encode(), value.encode()) for name, value in result.headers.items()]
        if not any(name == b"content-type" for name, _ in headers):
            headers.append(JSON_TYPE)
        return result.status, [*headers, *CORS], body
    return 200, _JSON_HEADERS, json.encode(result)


_JSON_HEADERS = [JSON_TYPE, *CORS]
_TRY_AGAIN = ApiError(503, "M_UNKNOWN", "The database does not answer. Try again.", retry_after_ms=1000)


def _error_reply(path: str, error: ApiError) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    is_ours = path.startswith(("/_palabre", "/log"))
    headers = [PROBLEM_TYPE, *CORS] if is_ours else list(_JSON_HEADERS)
    if "retry_after_ms" in error.extra:
        headers.append((b"retry-after", str(-(-error.extra["retry_after_ms"] // 1000)).encode()))
    return error.status, headers, json.encode(error.problem() if is_ours else error.matrix())


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
