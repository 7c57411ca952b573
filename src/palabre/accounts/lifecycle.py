"""The end of an account, which concerns everything an account has."""

from ..storage.database import Database, Transaction
from .codes.service import CodeService
from .hooks import AccountHooks
from .people.service import People
from .profiles.service import Profiles
from .sessions.service import Sessions


class Lifecycle:
    def __init__(
        self,
        database: Database,
        people: People,
        sessions: Sessions,
        profiles: Profiles,
        codes: CodeService,
        hooks: AccountHooks,
    ) -> None:
        self._database = database
        self._people = people
        self._sessions = sessions
        self._profiles = profiles
        self._codes = codes
        self._hooks = hooks

    async def deactivate(self, user_id: str, *, erase: bool) -> None:
        """Close an account for good; the user id is never given out again, the phone number is free.

        With `erase` the profile goes too, and other domains erase what they hold. Deactivating twice does nothing, but
        an account deactivated without `erase` can be erased later. Raises 404.
        """

        await self._database.write(lambda tx: self.deactivate_in(tx, user_id, erase=erase))

    async def deactivate_in(self, tx: Transaction, user_id: str, *, erase: bool) -> None:
        """`deactivate` as a part of a larger transaction."""
        account = await self._people.get(user_id, tx)
        if account is None:
            await self._people.require_active(user_id, tx)
            return
        if not account.is_active and (account.status == "erased" or not erase):
            return
        await self._sessions.sign_out_everywhere(tx, user_id)
        for hook in self._hooks.on_deactivated:
            await hook(tx, user_id, erase)
        if erase:
            await self._profiles.clear(tx, user_id)
        for number in await self._people.numbers_of(user_id, tx):
            await self._codes.forget(tx, number.e164)
        await self._people.end(tx, user_id, erase=erase)
