"""`/_palabre/admin/v1/accounts/…`, and in test mode `/_palabre/admin/v1/clock`."""

from datetime import UTC, datetime

import msgspec

from ...core import errors
from ...core.clock import Clock
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..lifecycle import Lifecycle
from ..people.service import People
from ..profiles.service import Profiles
from ..sessions.service import Sessions


class DeactivateBody(msgspec.Struct):
    erase: bool = False


class OperatorBody(msgspec.Struct):
    is_operator: bool


class ClockBody(msgspec.Struct):
    now: datetime | None


class AdminRoutes:
    def __init__(self, people: People, sessions: Sessions, profiles: Profiles, lifecycle: Lifecycle) -> None:
        self._people = people
        self._sessions = sessions
        self._profiles = profiles
        self._lifecycle = lifecycle

    @endpoint("GET", "/_palabre/admin/v1/accounts/{user_id}", access="operator", tags=("Operators",))
    async def account(self, request: Request) -> JsonObject:
        """What the server holds about an account, without secrets. Times are milliseconds since 1970."""
        user_id = request.params["user_id"]
        account = await self._people.get(user_id)
        if account is None:
            raise errors.not_found("There is no such account.")
        profile = await self._profiles.get(user_id)
        return {
            **msgspec.to_builtins(account),
            "display_name": profile.displayname,
            "phone_numbers": [number.e164 for number in await self._people.numbers_of(user_id)],
            "devices": [device.device_id for device in await self._sessions.devices(user_id)],
            "last_seen": await self._people.last_seen(user_id),
        }

    @endpoint(
        "POST",
        "/_palabre/admin/v1/accounts/{user_id}/deactivate",
        access="operator",
        body=DeactivateBody,
        optional_body=True,
        tags=("Operators",),
    )
    async def deactivate(self, request: Request, body: DeactivateBody) -> JsonObject:
        await self._lifecycle.deactivate(request.params["user_id"], erase=body.erase)
        return {}

    @endpoint(
        "PUT",
        "/_palabre/admin/v1/accounts/{user_id}/operator",
        access="operator",
        body=OperatorBody,
        tags=("Operators",),
    )
    async def set_operator(self, request: Request, body: OperatorBody) -> JsonObject:
        """Let the person use the console under their own name, or no longer."""
        await self._people.set_operator(request.params["user_id"], body.is_operator)
        return {}


class ClockRoutes:
    """Served in test mode only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @endpoint("PUT", "/_palabre/admin/v1/clock", access="operator", body=ClockBody, tags=("Operators",))
    async def set_clock(self, request: Request, body: ClockBody) -> JsonObject:
        """Move the clock, from where it runs on; `null` returns to real time. A moment without a zone is UTC."""
        moment = body.now
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        self._clock.set(moment)
        return {"now": self._clock.now().isoformat()}
