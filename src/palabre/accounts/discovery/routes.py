"""`/_palabre/v1/contacts/lookup`: which of the numbers in my address book are here.

Nobody learns a number this way, only that a number they have belongs to somebody here. The limit is counted per number
asked for, so that going through all numbers of a country takes centuries. What was asked is not kept.
"""

import msgspec

from ...core import errors
from ...core.errors import ApiError
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.limits import RateLimits
from ...http.request import Request
from ..people.service import People

MAX_NUMBERS = 100


class LookupBody(msgspec.Struct):
    phones: list[str]
    region: str | None = None
    """Country of numbers without `+` (ISO 3166-1 alpha-2)."""


class DiscoveryRoutes:
    def __init__(self, people: People, limits: RateLimits, default_region: str) -> None:
        self._people = people
        self._limits = limits
        self._default_region = default_region

    @endpoint("POST", "/_palabre/v1/contacts/lookup", access="read", body=LookupBody)
    async def lookup(self, request: Request, body: LookupBody) -> JsonObject:
        """Answers `people`: each number as it was given, to the user id; numbers that are not here are missing."""
        if len(body.phones) > MAX_NUMBERS:
            raise errors.too_large(f"At most {MAX_NUMBERS} numbers at once.")
        found: JsonObject = {}
        for phone in body.phones:
            self._limits.check("contacts.lookup", request.user_id)
            try:
                number = self._people.parse_number(phone, body.region or self._default_region)
            except ApiError:
                continue
            owner = await self._people.number(number.e164)
            if owner is not None:
                found[phone] = owner.user_id
        return {"people": found}
