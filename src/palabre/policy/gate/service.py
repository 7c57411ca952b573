"""Whether a request may pass: where the person stands, remembered until that changes by itself or by a decision."""

from ...accounts.people.service import People
from ...core import errors
from ...core.clock import Clock
from ...core.errors import ApiError
from ...core.text import Texts
from ...http.endpoint import Access, Endpoint
from ...http.request import Request, Session
from ...storage.database import CommitCache, Database, Entry, Transaction
from ..access import OPEN
from ..catalogue.service import STREAM as PUBLISHED
from ..catalogue.service import Catalogues
from ..decisions.models import STREAM as DECIDED
from ..decisions.service import DecisionService
from ..rollouts.models import Standing, Subject
from ..rollouts.standing import standing

CACHED_PEOPLE = 200_000


class Gate:
    """`guard` is for `HttpServer.guards`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        catalogues: Catalogues,
        decisions: DecisionService,
        texts: Texts,
        consent_uri: str,
    ) -> None:
        self._clock = clock
        self._people = people
        self._catalogues = catalogues
        self._decisions = decisions
        self._texts = texts
        self.consent_uri = consent_uri
        self._cache: CommitCache[str, Standing] = CommitCache(CACHED_PEOPLE)
        database.listen(self._heard, self._cache.clear)

    def _heard(self, entries: list[Entry], own: bool) -> None:
        for _, stream, key in entries:
            if stream in (DECIDED, "session"):
                self._cache.forget(key)
            elif stream == PUBLISHED:
                self._cache.clear()

    def at_hand(self, user_id: str) -> Standing | None:
        """Where the person stands now, if that is in memory."""
        found = self._cache.get(user_id)
        return found if found is not None and found.holds(self._clock.ms()) else None

    async def standing(self, user_id: str) -> Standing:
        """Where the person stands now."""
        found = self.at_hand(user_id)
        if found is None:
            self._cache.forget(user_id)
            found = await self._cache.load(user_id, lambda: self.compute(user_id))
            assert found is not None
        return found

    async def compute(self, user_id: str, tx: Transaction | None = None) -> Standing:
        """The same from scratch; in a transaction, as of that transaction."""
        subject = await self.subject(user_id, tx)
        decisions = await self._decisions.of(user_id, tx)
        catalogue = await self._catalogues.now(tx)
        return standing(subject, decisions, catalogue.standing, self._clock.ms())

    async def subject(self, user_id: str, tx: Transaction | None = None) -> Subject:
        """Raises 404 for an unknown account."""
        account = await self._people.get(user_id, tx)
        if account is None:
            raise errors.not_found("There is no such account.")
        return Subject(user_id, account.region, account.region_since)

    async def guard(self, endpoint: Endpoint, request: Request, session: Session) -> None:
        """Refuses with 403 `M_CONSENT_NOT_GIVEN` what the person's level does not leave open.

        Client-Server API, "Other error codes".
        """
        standing = self._cache.get(session.user_id)
        # What `at_hand` says, without the calls: this runs before every request.
        if standing is None or not standing.computed <= self._clock.ms() < standing.valid_until:
            standing = await self.standing(session.user_id)
        if endpoint.access not in OPEN[standing.level]:
            raise await self.refusal(session.user_id, endpoint.access)

    async def require(self, user_id: str, access: Access) -> None:
        """The same for what is not an endpoint of that access, or not for everybody. Raises as `guard` does."""
        if access not in OPEN[(await self.standing(user_id)).level]:
            raise await self.refusal(user_id, access)

    async def refusal(self, user_id: str, access: Access) -> ApiError:
        """What the person is told; the address is in the sentence too, as some clients show nothing else."""
        account = await self._people.get(user_id)
        locale = (account.locale if account else None) or "en"
        key = f"refused.{access}" if self._texts.has(f"refused.{access}") else "refused.other"
        sentence = self._texts.get(locale, key, address=self.consent_uri)
        return ApiError(403, "M_CONSENT_NOT_GIVEN", sentence, consent_uri=self.consent_uri)
