"""`/profile/{userId}…` and `/user_directory/search`."""

import msgspec

from ...core import errors
from ...core.errors import ApiError
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..people.service import People
from .models import MAX_PROFILE, Found
from .service import Profiles, check_field

TAGS = ("User data",)


class SearchBody(msgspec.Struct):
    search_term: str
    limit: int = 10


class ProfileRoutes:
    def __init__(self, profiles: Profiles, people: People) -> None:
        self._profiles = profiles
        self._people = people

    @endpoint("GET", "/_matrix/client/v3/profile/{user_id}", access="public", tags=TAGS)
    async def profile(self, request: Request) -> JsonObject:
        return (await self._profiles.require(request.params["user_id"])).fields

    @endpoint("GET", "/_matrix/client/v3/profile/{user_id}/{field}", access="public", tags=TAGS)
    async def field(self, request: Request) -> JsonObject:
        field = request.params["field"]
        check_field(field)
        fields = (await self._profiles.require(request.params["user_id"])).fields
        if field not in fields:
            raise errors.not_found("This person has not set that field.")
        return {field: fields[field]}

    @endpoint(
        "PUT",
        "/_matrix/client/v3/profile/{user_id}/{field}",
        access="send",
        guest=True,
        body=JsonObject,
        max_body=2 * MAX_PROFILE,
        tags=TAGS,
    )
    async def set_field(self, request: Request, body: JsonObject) -> JsonObject:
        field = request.params["field"]
        await self._may_change(request, field)
        check_field(field)
        if field not in body:
            raise errors.missing_param(f"The body has no {field}.")
        await self._profiles.set(request.user_id, field, body[field])
        return {}

    @endpoint("DELETE", "/_matrix/client/v3/profile/{user_id}/{field}", access="send", guest=True, tags=TAGS)
    async def delete_field(self, request: Request) -> JsonObject:
        field = request.params["field"]
        await self._may_change(request, field)
        await self._profiles.delete(request.user_id, field)
        return {}

    async def _may_change(self, request: Request, field: str) -> None:
        """Your own profile; of a guest's the display name only ("Guest access")."""
        request.require_self(request.params["user_id"])
        account = await self._people.get(request.user_id)
        if account is not None and account.is_guest and field != "displayname":
            raise ApiError(403, "M_GUEST_ACCESS_FORBIDDEN", "Guests can only change their display name.")

    @endpoint(
        "POST",
        "/_matrix/client/v3/user_directory/search",
        access="read",
        body=SearchBody,
        tags=("User directory",),
    )
    async def search(self, request: Request, body: SearchBody) -> JsonObject:
        results, limited = await self._profiles.search(request.user_id, body.search_term, body.limit)
        return {"results": [_result(found) for found in results], "limited": limited}


def _result(found: Found) -> JsonObject:
    members = {
        "user_id": found.user_id,
        "display_name": found.display_name,
        "avatar_url": found.avatar_url,
    }
    return {name: value for name, value in members.items() if value is not None}
