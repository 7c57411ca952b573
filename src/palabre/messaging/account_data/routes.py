"""Account data and tags: client-server API, sections "Client Config" and "Room Tagging"."""

from typing import Any, Protocol

import msgspec

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ...policy.status import ACCOUNT_DATA_TYPE as POLICY_STATUS
from ...policy.status import PolicyStatus
from .models import GLOBAL, SERVER_MANAGED
from .service import AccountDataService

_GLOBAL = "/_matrix/client/v3/user/{user_id}/account_data/{type}"
_ROOM = "/_matrix/client/v3/user/{user_id}/rooms/{room_id}/account_data/{type}"
_GLOBAL_MSC3391 = "/_matrix/client/unstable/org.matrix.msc3391/user/{user_id}/account_data/{type}"
_ROOM_MSC3391 = "/_matrix/client/unstable/org.matrix.msc3391/user/{user_id}/rooms/{room_id}/account_data/{type}"
_TAGS = "/_matrix/client/v3/user/{user_id}/rooms/{room_id}/tags"
_CONFIG = ("User data",)
MAX_NAME = 255


class Rendered(Protocol):
    """Account data that the server makes: given by push for `m.push_rules`."""

    async def account_data(self, user_id: str) -> bytes: ...


class AccountDataRoutes:
    def __init__(self, account_data: AccountDataService, push_rules: Rendered, policy: PolicyStatus) -> None:
        self._account_data = account_data
        self._push_rules = push_rules
        self._policy = policy

    @endpoint("GET", _GLOBAL, _ROOM, access="read", tags=_CONFIG)
    async def get_account_data(self, request: Request) -> Any:
        user_id, room_id, type_ = _where(request)
        if type_ == "m.push_rules" and room_id == GLOBAL:
            return msgspec.Raw(await self._push_rules.account_data(user_id))
        if type_ == POLICY_STATUS and room_id == GLOBAL:
            return await self._policy.of(user_id)
        return msgspec.Raw(await self._account_data.get(user_id, room_id, type_))

    @endpoint("PUT", _GLOBAL, _ROOM, access="read", body=JsonObject, tags=_CONFIG)
    async def put_account_data(self, request: Request, body: JsonObject) -> dict[str, Any]:
        user_id, room_id, type_ = _where(request, writing=True)
        await self._account_data.put(user_id, room_id, type_, body)
        return {}

    @endpoint("DELETE", _GLOBAL_MSC3391, _ROOM_MSC3391, access="read", tags=_CONFIG)
    async def delete_account_data(self, request: Request) -> dict[str, Any]:
        user_id, room_id, type_ = _where(request, writing=True)
        await self._account_data.delete(user_id, room_id, type_)
        return {}

    @endpoint("GET", _TAGS, access="read", tags=_CONFIG)
    async def get_tags(self, request: Request) -> dict[str, Any]:
        request.require_self(request.params["user_id"])
        return {"tags": await self._account_data.tags(request.user_id, request.params["room_id"])}

    @endpoint("PUT", _TAGS + "/{tag}", access="read", body=JsonObject, tags=_CONFIG)
    async def put_tag(self, request: Request, body: JsonObject) -> dict[str, Any]:
        request.require_self(request.params["user_id"])
        order = body.get("order", 0)
        if isinstance(order, bool) or not isinstance(order, int | float):
            raise errors.bad_json("The order of a tag is a number.")
        await self._account_data.set_tag(request.user_id, request.params["room_id"], _tag(request), body)
        return {}

    @endpoint("DELETE", _TAGS + "/{tag}", access="read", tags=_CONFIG)
    async def delete_tag(self, request: Request) -> dict[str, Any]:
        request.require_self(request.params["user_id"])
        await self._account_data.set_tag(request.user_id, request.params["room_id"], _tag(request), None)
        return {}


def _where(request: Request, *, writing: bool = False) -> tuple[str, str, str]:
    """(user id, room id or `GLOBAL`, type). Raises 403 for somebody else's, 405 for writing what the server manages."""
    request.require_self(request.params["user_id"])
    room_id, type_ = request.params.get("room_id", GLOBAL), request.params["type"]
    if "room_id" in request.params and not room_id.startswith("!"):
        raise errors.invalid_param("This is not a room id.")
    if writing and type_ in SERVER_MANAGED:
        raise errors.ApiError(405, "M_BAD_JSON", f"The server itself keeps {type_}; it has endpoints of its own.")
    if writing and len(type_.encode()) > MAX_NAME:
        raise errors.invalid_param(f"A type is at most {MAX_NAME} bytes.")
    return request.user_id, room_id, type_


def _tag(request: Request) -> str:
    tag = request.params["tag"]
    if len(tag.encode()) > MAX_NAME:
        raise errors.invalid_param(f"A tag is at most {MAX_NAME} bytes.")
    return tag
