"""Deciding: what a person is shown, what they answer, and what follows from all their answers.

A decision is bound to the exact version, edition, language and hash of what was shown. Decisions are only ever added.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from ...accounts.people.models import Account
from ...accounts.people.service import People
from ...core import errors, ids
from ...core.clock import Clock
from ...core.errors import ApiError
from ...storage.database import CommitCache, Database, Entry, Transaction
from ..catalogue.models import Catalogue
from ..catalogue.service import Catalogues
from ..documents.hashing import shown_hash
from ..documents.models import Edition, Row, Version
from . import store
from .models import NOTHING_DECIDED, STREAM, Accepted, Answers, Channel, Decision, DecisionKind, after, fold

ASK_AGAIN_MS = 365 * 24 * 3600 * 1000
"""How long a refused purpose is not asked for again. Digital Markets Act article 5(2)."""
KEPT_AFTER_THE_END_MS = 3653 * 24 * 3600 * 1000
"""Ten years: limitation periods for contracts are shorter everywhere we looked."""
CACHED = 100_000
FALLBACK_LOCALE = "en"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a person answers, and to what."""

    policy: str
    version: str
    edition: str
    locale: str
    hash: str
    kind: DecisionKind
    choices: dict[str, bool] = {}
    """Optional row id -> on. Rows that are not named: see `DecisionService.decide`."""
    channel: Channel = "api"
    gpc: bool = False


class Shown(msgspec.Struct, frozen=True):
    """What a person is shown of a version, and the hash that their decision has to name."""

    version: Version
    edition: Edition
    locale: str
    hash: str


class Ledger(msgspec.Struct, frozen=True, gc=False):
    """Everything one person decided, as it is kept in memory. Without cycles, and by the hundred thousand: nothing for
    the garbage collector to look at.
    """

    count: int
    answers: dict[str, Answers]


_BLANK = Ledger(0, {})
_NONE_READ: Mapping[str, Ledger] = {}
_Shown = dict[tuple[str, str, str, str], str]
_Kept = dict[tuple[str, str, str, str, str], frozenset[str]]


class DecisionService:
    def __init__(
        self, database: Database, clock: Clock, people: People, catalogues: Catalogues, *, cached: int = CACHED
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._catalogues = catalogues
        self._cache: CommitCache[str, Ledger] = CommitCache(cached)
        self._hashes: _Shown = {}
        self._kept: _Kept = {}
        self._editions: dict[tuple[str, str, str | None], Edition] = {}
        database.listen(self._heard, self._cache.clear)

    def _heard(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for _, stream, key in entries:
                if stream == STREAM:
                    self._cache.forget(key)

    # reading

    async def of(self, user_id: str, tx: Transaction | None = None) -> dict[str, Answers]:
        """Policy id -> answers; from memory where possible. In a transaction, pass it."""
        return (await self._ledger(user_id, tx)).answers

    def at_hand(self, user_id: str) -> dict[str, Answers] | None:
        """The same without waiting, if it is in memory."""
        ledger = self._cache.get(user_id)
        return None if ledger is None else ledger.answers

    async def history(self, user_id: str) -> list[Decision]:
        """All decisions of a person, oldest first."""
        return await store.of_person(self._database, user_id)

    async def get(self, user_id: str, decision_id: str) -> Decision:
        """Raises 404 for what is not a decision of this person."""
        for decision in await self.history(user_id):
            if decision.decision_id == decision_id:
                return decision
        raise errors.not_found("You made no such decision.")

    async def shown(self, user_id: str, policy: str, version: str, locale: str | None) -> Shown:
        """What the person is shown: the edition of their region, in `locale` or the nearest there is. 404 for a version
        that is not published.
        """
        account = await self._people.require_active(user_id)
        found = _published(await self._catalogues.now(), policy, version)
        edition = found.document.edition_for(account.region)
        spoken = _spoken(found, edition, locale or account.locale)
        return Shown(found, edition, spoken, self._hash(found, edition.id, spoken))

    async def asks(self, user_id: str, version: Version) -> list[Row]:
        """The optional rows of the person's edition that may be put to them as a question now. A purpose refused less
        than 365 days ago may not; its row stays visible, and off.
        """
        account = await self._people.require_active(user_id)
        answers = (await self.of(user_id)).get(version.policy, NOTHING_DECIDED)
        catalogue = await self._catalogues.now()
        since = self._clock.ms() - ASK_AGAIN_MS
        refused = {row_id for row_id, at in answers.refused.items() if at > since}
        purposes = _purposes(catalogue, answers, refused)
        edition = version.document.edition_for(account.region)
        return [row for row in edition.optional if row.id not in refused and row.purpose not in purposes]

    # deciding

    async def decide(self, user_id: str, given: Given) -> Decision:
        """Record a decision and return it. The same again returns the one that is recorded.

        `accept` turns optional rows on that `choices` names; what it does not name is off, but for a row that the
        person had chosen and that is still the same. `choose` changes the rows it names. With `gpc`, all are off.

        Raises 409 `PALABRE_STALE_DOCUMENT` when what was shown is not (or no more) what this person is asked, 404 for a
        version that is not published, 409 `PALABRE_NOT_ACCEPTED` for withdrawing or changing what was not accepted, 409
        `PALABRE_ALREADY_ACCEPTED` for declining or putting off what was, and 400 for rows that cannot be chosen.
        """

        async def work(tx: Transaction) -> Decision:
            return await self.decide_in(tx, user_id, given)

        return await self._database.write(work)

    async def decide_in(
        self,
        tx: Transaction,
        user_id: str,
        given: Given,
        account: Account | None = None,
        ledgers: Mapping[str, Ledger] = _NONE_READ,
    ) -> Decision:
        """`decide` as a part of a larger transaction. `account` and `ledgers` (from `ready`) where the caller has read
        them in `tx`.
        """
        if account is None or not account.is_active:
            account = await self._people.require_active(user_id, tx)
        catalogue = await self._catalogues.now(tx)
        version = _published(catalogue, given.policy, given.version)
        ledger = self._cache.get(user_id, tx) or ledgers.get(user_id) or await self._ledger(user_id, tx)
        answers = ledger.answers.get(given.policy, NOTHING_DECIDED)
        edition = self._edition(version, account.region)
        if given.edition != edition.id or given.hash != self._known_hash(version, edition, given.locale):
            raise stale()
        if given.kind in ("accept", "decline", "later") and given.channel != "sign_up":
            _check_offered(catalogue, version, answers, self._clock.ms())
        choices = self._choices(catalogue, answers, version, edition, given)
        latest = answers.latest.get(version.version)
        if latest is not None and _same(latest, given, choices):
            return latest
        _check_order(answers, given)
        decision = Decision(
            ids.uuid(),
            user_id,
            ledger.count + 1,
            version.policy,
            version.version,
            version.number,
            edition.id,
            account.region,
            given.locale,
            given.hash,
            given.kind,
            choices,
            self._clock.ms(),
            given.channel,
            given.gpc,
        )
        store.insert(tx, decision)
        folded = {**ledger.answers, version.policy: after(answers, decision)}
        self._cache.put(user_id, Ledger(decision.number, folded), tx)
        tx.advance(STREAM, user_id)
        return decision

    async def ready(self, tx: Transaction, user_ids: Collection[str]) -> dict[str, Ledger]:
        """What those of these people decided who are not in memory, read with one statement: for `decide_in` for each
        of them in the same `tx`.
        """
        missing = [user_id for user_id in user_ids if self._cache.get(user_id, tx) is None]
        found = await store.of_people(tx, missing) if missing else {}
        return {user_id: _ledger_of(found[user_id]) if user_id in found else _BLANK for user_id in missing}

    # hooks of accounts

    async def on_terms_accepted(self, tx: Transaction, user_id: str, policies: Mapping[str, Any]) -> None:
        """A new person agreed to these terms (policy id -> `{"version": …, …}`) while signing up.

        Nothing optional was chosen. What no policy is published for is not recorded.
        """
        account = await self._people.require_active(user_id, tx)
        catalogue = await self._catalogues.now(tx)
        for policy, terms in policies.items():
            version = catalogue.versions.get((policy, terms["version"]))
            if version is None:
                continue
            edition = version.document.edition_for(account.region)
            locale = _spoken(version, edition, account.locale)
            given = Given(
                policy=policy,
                version=version.version,
                edition=edition.id,
                locale=locale,
                hash=self._hash(version, edition.id, locale),
                kind="accept",
                channel="sign_up",
            )
            await self.decide_in(tx, user_id, given, account)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Decisions stay when their person leaves, even with `erase`; only memory forgets them.

        Whoever processes data has to be able to show that it was agreed to (GDPR articles 5(2) and 7(1)), also after
        the account is gone, and article 17(3)(e) exempts such proof from erasure. What remains is pseudonymous: a user
        id that leads to no phone number or name any more, a country, a language, and what was decided when. Ten years
        later it goes too (`forget_old`).
        """
        self._cache.drop(user_id, tx)

    async def forget_old(self) -> None:
        """For `Housekeeping`: what people whose account is gone decided is kept for ten years and no longer."""
        before = self._clock.ms() - KEPT_AFTER_THE_END_MS

        async def work(tx: Transaction) -> None:
            await store.forget_gone(tx, policy, version, before)

        for policy, version in (await self._catalogues.now()).versions:
            if await store.any_before(self._database, policy, version, before):
                await self._database.write(work)

    # the parts

    async def _ledger(self, user_id: str, tx: Transaction | None) -> Ledger:
        async def read() -> Ledger:
            return _ledger_of(await store.of_person(tx or self._database, user_id))

        found = self._cache.get(user_id, tx) or await self._cache.load(user_id, read, tx)
        assert found is not None
        return found

    def _edition(self, version: Version, region: str | None) -> Edition:
        key = (version.policy, version.version, region)
        found = self._editions.get(key)
        if found is None:
            found = self._editions[key] = version.document.edition_for(region)
        return found

    def _hash(self, version: Version, edition_id: str, locale: str) -> str:
        """Published versions never change, so each hash is computed once."""
        key = (version.policy, version.version, edition_id, locale)
        found = self._hashes.get(key)
        if found is None:
            found = self._hashes[key] = shown_hash(version.document, edition_id, locale)
        return found

    def _known_hash(self, version: Version, edition: Edition, locale: str) -> str | None:
        """None for a language that the version does not have."""
        known = self._hashes.get((version.policy, version.version, edition.id, locale))
        if known is None and locale in version.document.wording[edition.id]:
            return self._hash(version, edition.id, locale)
        return known

    def _choices(
        self, catalogue: Catalogue, answers: Answers, version: Version, edition: Edition, given: Given
    ) -> dict[str, bool]:
        """Of every optional row of the edition whether it is on from now on; {} for what is not about rows."""
        if given.kind not in ("accept", "choose"):
            if given.choices:
                raise errors.invalid_param(f"A decision of the kind {given.kind} has no choices.")
            return {}
        for row_id in given.choices:
            _check_optional(edition, row_id)
        if given.kind == "choose" and not given.choices and not given.gpc:
            raise errors.missing_param("Say in choices which rows to turn on or off.")
        before, kept = self._before(catalogue, answers, version, edition, given)
        return {
            row.id: not given.gpc and given.choices.get(row.id, row.id in kept and before.get(row.id, False))
            for row in edition.optional
        }

    def _before(
        self, catalogue: Catalogue, answers: Answers, version: Version, edition: Edition, given: Given
    ) -> tuple[dict[str, bool], Collection[str]]:
        """The choices in force, and the rows for which they hold on unless the person says otherwise."""
        if given.kind == "choose":
            accepted = _accepted(answers, version.version)
            return (accepted.choices, accepted.choices) if accepted else ({}, ())
        accepted = answers.accepted
        if accepted is None or True not in accepted.choices.values():
            return {}, ()
        key = (version.policy, accepted.version, accepted.edition, version.version, edition.id)
        kept = self._kept.get(key)
        if kept is None:
            former = catalogue.versions[version.policy, accepted.version]
            kept = self._kept[key] = _unchanged(former, former.document.edition(accepted.edition), version, edition)
        return accepted.choices, kept


def stale() -> ApiError:
    return ApiError(
        409,
        "PALABRE_STALE_DOCUMENT",
        "These terms changed since you opened them, so nothing was recorded. Reload them and decide again.",
    )


def _ledger_of(decisions: list[Decision]) -> Ledger:
    return Ledger(decisions[-1].number, fold(decisions)) if decisions else _BLANK


def _published(catalogue: Catalogue, policy: str, version: str) -> Version:
    found = catalogue.versions.get((policy, version))
    if found is None:
        raise errors.not_found("There is no such version of this policy.")
    return found


def _spoken(version: Version, edition: Edition, wish: str | None) -> str:
    """The language that a person reads the edition in."""
    there = version.document.wording[edition.id]
    wishes = (wish or "", (wish or "").partition("-")[0].lower(), FALLBACK_LOCALE)
    return next((locale for locale in wishes if locale in there), next(iter(there)))


def _check_offered(catalogue: Catalogue, version: Version, answers: Answers, now: int) -> None:
    """A version can be accepted, declined or put off once a roll-out has announced it; where no roll-out brought any
    version of the policy, the newest; and by who had to do with it before. Never after it was rolled back.
    """
    group = next((group for group in catalogue.standing if group[0].terms.policy == version.policy), ())
    for rollout in group:
        if rollout.terms.version == version.version and rollout.announce <= rollout.clock(now):
            return
    known = version.version in answers.latest
    newest = not group and catalogue.of_policy(version.policy)[-1].number == version.number
    if not (known or newest) or version.number in catalogue.rolled_back(version.policy):
        raise stale()


def _check_order(answers: Answers, given: Given) -> None:
    if given.kind == "accept":
        return
    accepted = _accepted(answers, given.version) is not None
    if given.kind in ("withdraw", "choose") and not accepted:
        raise ApiError(409, "PALABRE_NOT_ACCEPTED", "You have not accepted this version.")
    if given.kind in ("decline", "later") and accepted:
        raise ApiError(
            409, "PALABRE_ALREADY_ACCEPTED", "You have accepted this version. To undo that, withdraw your acceptance."
        )


def _accepted(answers: Answers, version: str) -> Accepted | None:
    return next((accepted for accepted in answers.acceptances if accepted.version == version), None)


def _check_optional(edition: Edition, row_id: str) -> None:
    row = edition.row(row_id)
    if row is None:
        raise errors.invalid_param(f"These terms have no row {row_id!r}.")
    if row.necessity == "required":
        raise errors.invalid_param(f"The row {row_id!r} is a part of the terms and cannot be chosen.")


def _same(latest: Decision, given: Given, choices: dict[str, bool]) -> bool:
    return (
        latest.kind == given.kind
        and latest.hash == given.hash
        and latest.edition == given.edition
        and latest.gpc == given.gpc
        and latest.choices == choices
    )


def _unchanged(former: Version, before: Edition, version: Version, edition: Edition) -> frozenset[str]:
    """The optional rows that are in both, the same in everything but their wording, for the same recipients."""
    old, new = former.document.policy.recipients, version.document.policy.recipients

    def same(was: Row | None, row: Row) -> bool:
        return (
            was is not None
            and msgspec.structs.replace(was, text={}) == msgspec.structs.replace(row, text={})
            and all(old[name] == new[name] for name in row.recipients)
        )

    return frozenset(row.id for row in edition.optional if same(before.row(row.id), row))


def _purposes(catalogue: Catalogue, answers: Answers, row_ids: Collection[str]) -> set[str]:
    """What these rows were for, in the versions that the person decided about."""
    found: set[str] = set()
    for decision in answers.latest.values():
        document = catalogue.versions[decision.policy, decision.version].document
        for row in document.edition(decision.edition).optional:
            if row.id in row_ids:
                found.add(row.purpose)
    return found
