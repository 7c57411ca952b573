"""From the ways a client can name an account to its user id (Client-Server API, "Identifier types")."""

from typing import Any

import msgspec

from ..core import errors
from ..core.errors import ApiError
from .people.service import People


class Identifier(msgspec.Struct, frozen=True):
    """The `identifier` of a login. Only the members of its type are looked at."""

    type: str
    user: str | None = None
    country: str | None = None
    phone: str | None = None
    number: str | None = None
    """What older clients call `phone`."""
    medium: str | None = None
    address: str | None = None


class Identifiers:
    def __init__(self, people: People) -> None:
        self._people = people

    async def resolve(self, identifier: Identifier) -> str | None:
        """The user id, None where there is no such account. Raises 400 for an identifier that says too little."""
        if identifier.type == "m.id.user":
            if identifier.user is None:
                raise errors.missing_param("The identifier has no user.")
            return await self._existing(identifier.user)
        if identifier.type == "m.id.phone":
            return await self._by_phone(identifier.phone or identifier.number, identifier.country)
        if identifier.type == "m.id.thirdparty":
            if identifier.medium is None or identifier.address is None:
                raise errors.missing_param("The identifier has no medium or no address.")
            if identifier.medium != "msisdn":
                return None
            return await self._owner(self._people.parse_msisdn(identifier.address).e164)
        raise errors.invalid_param("Identifiers are of type m.id.user, m.id.phone or m.id.thirdparty.")

    async def from_members(self, members: dict[str, Any]) -> str | None:
        """The same for the body of a login or the `auth` of a stage, with the deprecated top-level members too."""
        if members.get("identifier") is not None:
            try:
                identifier = msgspec.convert(members["identifier"], Identifier)
            except msgspec.ValidationError as error:
                raise errors.bad_json(f"The identifier is not one: {error}.") from None
            return await self.resolve(identifier)
        user, medium, address = (members.get(name) for name in ("user", "medium", "address"))
        if isinstance(user, str):
            return await self.resolve(Identifier("m.id.user", user=user))
        if isinstance(medium, str) and isinstance(address, str):
            return await self.resolve(Identifier("m.id.thirdparty", medium=medium, address=address))
        raise errors.missing_param("The identifier is missing.")

    async def _by_phone(self, phone: str | None, country: str | None) -> str | None:
        if phone is None:
            raise errors.missing_param("The identifier has no phone.")
        return await self._owner(self._people.parse_number(phone, country).e164)

    async def _existing(self, name: str) -> str | None:
        if "\x00" in name:
            raise errors.invalid_param("A user name contains no NUL character.")
        user_id = self._people.local_user_id(name)
        return user_id if await self._people.get(user_id) is not None else None

    async def _owner(self, e164: str) -> str | None:
        number = await self._people.number(e164)
        return number.user_id if number is not None else None


def wrong_credentials() -> ApiError:
    """One answer for a wrong password and for no such account."""
    return errors.forbidden("The user name or password is wrong.")
