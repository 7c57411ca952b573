"""A push service and the browsers that are subscribed to it, as RFC 8030, 8291 and 8292 have them."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import http_ece
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from palabre.policy.web_push.models import base64url, unbase64url
from tests.api import until
from tests.services import free_port


class Delivered(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Browser:
    """Knows the private key, so it alone can read what was pushed."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)

    def subscription(self, **more: Any) -> dict[str, Any]:
        """`PushSubscription.toJSON()`."""
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64url(point), "auth": base64url(self._auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys, **more}

    def read(self, delivered: Delivered) -> Any:
        assert delivered.headers["content-encoding"] == "aes128gcm"
        return json.loads(http_ece.decrypt(delivered.body, private_key=self._private, auth_secret=self._auth))


class PushService:
    """Takes what is signed with the key that its browsers subscribed to."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.delivered: list[Delivered] = []
        self.status: dict[str, int] = {}
        """Path -> what is answered there instead of 201."""

    def browser(self, name: str) -> Browser:
        return Browser(f"{self.origin}/push/{name}")

    def answer(self, browser: Browser, status: int) -> None:
        self.status[browser.endpoint.removeprefix(self.origin)] = status

    def to(self, browser: Browser) -> list[Any]:
        """What the browser has got."""
        return [browser.read(one) for one in self.delivered if self.origin + one.path == browser.endpoint]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        assert scope["method"] == "POST"
        self.delivered.append(Delivered(scope["path"], headers, body))
        status = self.status.get(scope["path"], 201)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


def vapid(header: str) -> tuple[str, dict[str, Any]]:
    """The key and the claims of an `Authorization` header, after checking that the one signed the other."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "vapid"
    given = dict(part.strip().split("=", 1) for part in rest.split(","))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unbase64url(given["k"]))
    token = jwt.decode(given["t"], ECKey.import_key(key), algorithms=["ES256"])
    assert token.header["typ"] == "JWT"
    return given["k"], dict(token.claims)


@asynccontextmanager
async def running() -> AsyncIterator[PushService]:
    port = free_port()
    service = PushService(port)
    server = uvicorn.Server(uvicorn.Config(service, port=port, interface="asgi3", lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield service
    finally:
        server.should_exit = True
        await serving
