"""Changing a password, and setting one anew with a phone number ("Password management")."""

from ...http.request import Session
from ...storage.database import Database, Transaction
from ..codes.models import VerifiedNumber
from ..sessions.service import Sessions
from ..sign_in import SignIn
from .service import People


class PasswordChange:
    def __init__(self, database: Database, people: People, sessions: Sessions, sign_in: SignIn) -> None:
        self._database = database
        self._people = people
        self._sessions = sessions
        self._sign_in = sign_in

    async def change(self, session: Session, password_hash: str, *, sign_out_others: bool) -> None:
        async def work(tx: Transaction) -> None:
            await self._people.set_password(tx, session.user_id, password_hash)
            if sign_out_others:
                await self._sessions.sign_out_everywhere(tx, session.user_id, but=session.device_id)

        await self._database.write(work)

    async def reset(self, verified: VerifiedNumber, password_hash: str, *, sign_out: bool) -> None:
        """Set the password of the account whose number was verified.

        A number alone opens an account only by the rules of `sign_in`: not past a PIN, and not an account that its
        holder left long ago. Raises 403 `M_FORBIDDEN`.
        """
        user_id = await self._sign_in.open_account(verified)

        async def work(tx: Transaction) -> None:
            await self._people.set_password(tx, user_id, password_hash)
            if sign_out:
                await self._sessions.sign_out_everywhere(tx, user_id)

        await self._database.write(work)
