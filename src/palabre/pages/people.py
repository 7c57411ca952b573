"""How pages show whom the browser is signed in as."""

import msgspec

from ..accounts.people.service import People
from ..accounts.profiles.service import Profiles
from .countries import readable


class Card(msgspec.Struct, frozen=True):
    user_id: str
    name: str
    numbers: list[str]
    has_pin: bool


class Cards:
    def __init__(self, people: People, profiles: Profiles) -> None:
        self._people = people
        self._profiles = profiles

    async def of(self, user_id: str) -> Card:
        account = await self._people.require_active(user_id)
        profile = await self._profiles.get(user_id)
        numbers = [readable(number.e164) for number in await self._people.numbers_of(user_id)]
        return Card(user_id, profile.displayname or user_id, numbers, account.has_pin)
