"""`/_palabre/v1/account/web-push`: the browsers in which I take push messages."""

from typing import Annotated

import httpx
import msgspec

from ...core import errors
from ...http.endpoint import endpoint
from ...http.request import Request
from .models import Keys, Subscription, fingerprint
from .service import WebPush

TAGS = ("Policy",)
PATH = "/_palabre/v1/account/web-push"

Endpoint = Annotated[str, msgspec.Meta(max_length=2048)]


class SubscriptionBody(msgspec.Struct):
    """What `PushSubscription.toJSON()` gives in a browser, and perhaps a device."""

    endpoint: Endpoint
    keys: Keys
    device: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    """The subscription ends when this device of mine is signed out."""


class GoneBody(msgspec.Struct):
    """One of the two."""

    endpoint: Endpoint | None = None
    id: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ShownSubscription(msgspec.Struct):
    id: str
    """SHA-256 of the endpoint, base64url without padding."""
    service: str
    """The host of the push service."""
    device: str | None
    created: int


class SubscriptionList(msgspec.Struct):
    subscriptions: list[ShownSubscription]
    """Oldest first."""


class PublicKey(msgspec.Struct):
    public_key: str
    """For `applicationServerKey`."""


class WebPushRoutes:
    def __init__(self, web_push: WebPush) -> None:
        self._web_push = web_push

    @endpoint("GET", "/_palabre/v1/web-push/key", access="public", returns=PublicKey, tags=TAGS)
    async def key(self, request: Request) -> PublicKey:
        """The key that browsers subscribe to (RFC 8292). It does not change."""
        return PublicKey(await self._web_push.public_key())

    @endpoint("GET", PATH, access="account", returns=SubscriptionList, tags=TAGS)
    async def subscriptions(self, request: Request) -> SubscriptionList:
        """My subscriptions, without what it takes to send to them."""
        return SubscriptionList([_shown(one) for one in await self._web_push.of(request.user_id)])

    @endpoint("PUT", PATH, access="account", body=SubscriptionBody, returns=ShownSubscription, tags=TAGS)
    async def subscribe(self, request: Request, body: SubscriptionBody) -> ShownSubscription:
        """Take push messages in a browser. The same endpoint again replaces its keys; of more than ten the oldest goes.

        400 `M_INVALID_PARAM` for an endpoint that is not `https` at a public address, and for keys that are none.
        """
        return _shown(await self._web_push.subscribe(request.user_id, body.endpoint, body.keys, body.device))

    @endpoint("DELETE", PATH, access="account", body=GoneBody, tags=TAGS)
    async def unsubscribe(self, request: Request, body: GoneBody) -> dict[str, str]:
        """Take no more of them there, named by `endpoint` or by `id`. It is no error if there is none."""
        subscription_id = body.id if body.endpoint is None else fingerprint(body.endpoint)
        if subscription_id is None:
            raise errors.missing_param("Say endpoint or id.")
        await self._web_push.unsubscribe(request.user_id, subscription_id)
        return {}


def _shown(one: Subscription) -> ShownSubscription:
    return ShownSubscription(one.id, httpx.URL(one.endpoint).host, one.device_id, one.created)
