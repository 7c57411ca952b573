"""Rules about the numbers of an account: asking for a code, adding, removing."""

from typing import Literal

from ...core import errors
from ...core.errors import ApiError
from ...storage.database import Database, Transaction
from ..codes.models import CodeRequest
from ..codes.service import CodeService
from ..people.models import PhoneNumber
from ..people.service import People, number_in_use
from ..sign_in import SignIn

Purpose = Literal["register", "add", "reset"]


class Contacts:
    def __init__(self, database: Database, people: People, sign_in: SignIn, codes: CodeService) -> None:
        self._database = database
        self._people = people
        self._sign_in = sign_in
        self._codes = codes

    async def request_code(
        self,
        purpose: Purpose,
        *,
        phone: str,
        country: str,
        client_secret: str,
        send_attempt: int,
        address: str,
        locale: str,
    ) -> CodeRequest:
        """Send a code for one of Matrix's flows.

        Raises 400 `M_THREEPID_IN_USE` where the number opens an account already (register, add), `M_THREEPID_NOT_FOUND`
        where it opens none (reset).
        """
        number = self._people.parse_number(phone, country)
        taken = await self._sign_in.is_taken(number.e164)
        if purpose == "reset" and not taken:
            raise ApiError(400, "M_THREEPID_NOT_FOUND", "No account has this phone number.")
        if purpose != "reset" and taken:
            raise number_in_use()
        return await self._sign_in.request_code(number.e164, None, address, locale, client_secret, send_attempt)

    async def numbers(self, user_id: str) -> list[PhoneNumber]:
        return await self._people.numbers_of(user_id)

    async def add(self, user_id: str, sid: str, client_secret: str) -> None:
        """Raises 400 `M_THREEPID_AUTH_FAILED`, `M_THREEPID_IN_USE`."""
        await self._sign_in.attach(user_id, await self._codes.verified(sid, client_secret))

    async def remove(self, user_id: str, address: str) -> None:
        """Raises 404 `M_THREEPID_NOT_FOUND`; 403 for the only way into the account."""
        account = await self._people.require_active(user_id)
        e164 = "+" + address.removeprefix("+")

        async def work(tx: Transaction) -> None:
            number = await self._people.number(e164, tx)
            if number is None or number.user_id != user_id:
                raise ApiError(404, "M_THREEPID_NOT_FOUND", "This is not a phone number of your account.")
            if not account.has_password and len(await self._people.numbers_of(user_id, tx)) == 1:
                raise errors.forbidden("This is the only way into your account. Add another number first.")
            await self._people.detach(tx, number)

        await self._database.write(work)
