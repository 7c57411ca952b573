"""The two ways in of `/login`: a password, or a token that a page or another device gave."""

from ...core import errors, ids
from ...core.clock import Clock
from ...http.limits import RateLimits
from ...storage.database import Database, Transaction
from ..hashing import token_hash
from ..identifiers import wrong_credentials
from ..people.service import People
from .store import LoginTokenStore

LOGIN_TOKEN_MS = 120_000


class LoginTokens:
    """Tokens for `m.login.token`: used once, within two minutes."""

    def __init__(self, database: Database, clock: Clock, store: LoginTokenStore | None = None) -> None:
        self._database = database
        self._clock = clock
        self._store = store or LoginTokenStore()

    async def create(self, user_id: str) -> str:
        """A token that signs one device in as `user_id` within `LOGIN_TOKEN_MS`."""
        token, now = ids.secret("pl_"), self._clock.ms()

        async def work(tx: Transaction) -> None:
            await self._store.delete_expired(tx, now)
            await self._store.insert(tx, token_hash(token), user_id, now + LOGIN_TOKEN_MS)

        await self._database.write(work)
        return token

    async def redeem(self, token: str) -> str:
        """Whose token it is; it cannot be used again. Raises 403 `M_FORBIDDEN`."""
        now = self._clock.ms()

        async def work(tx: Transaction) -> str | None:
            return await self._store.take(tx, token_hash(token), now)

        user_id = await self._database.write(work)
        if user_id is None:
            raise errors.forbidden("This login token is not valid, or was used.")
        return user_id

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """For `AccountHooks`."""
        await self._store.forget(tx, user_id)


class PasswordLogin:
    def __init__(self, people: People, limits: RateLimits) -> None:
        self._people = people
        self._limits = limits

    async def check(self, user_id: str | None, password: str) -> str:
        """Raises 403 `M_FORBIDDEN`, the same for a wrong password and for no such account; 429 for too many tries."""
        self._limits.check("accounts.login", user_id or "nobody")
        if not await self._people.check_password(user_id, password) or user_id is None:
            raise wrong_credentials()
        return user_id
