"""The terms that a new person accepts: listed for whoever asks, recorded in the transaction that makes the account."""

from collections.abc import Sequence
from typing import Any

from ..accounts import phone
from ..accounts.agreement import AcceptedTerms, Agree
from ..core.clock import Clock
from ..core.errors import ApiError
from ..core.json import JsonObject
from ..storage.database import Transaction
from .catalogue.models import Catalogue
from .catalogue.service import Catalogues
from .decisions.service import DecisionService, Given, Shown
from .documents.hashing import shown_hash
from .documents.models import Version


class UiaTerms:
    """`m.login.terms`: the policies that are in force now, in every language. Client-Server API, "Terms of service at
    registration".
    """

    def __init__(self, catalogues: Catalogues, clock: Clock, public_url: str) -> None:
        self._catalogues = catalogues
        self._clock = clock
        self._public_url = public_url

    async def __call__(self) -> dict[str, Any]:
        """Policy id -> `{"version": …, "en": {"name": …, "url": …}, …}`; empty where nothing is published."""
        catalogue = await self._catalogues.now()
        return {
            version.policy: {
                "version": version.version,
                **{
                    locale: {"name": name, "url": page_address(self._public_url, version, locale)}
                    for locale, name in version.document.policy.names.items()
                },
            }
            for version in in_force(catalogue, self._clock.ms())
        }


class SignUp:
    """`accounts.agreement.SignUpTerms`: what the terms of an edition are for somebody who has no account yet."""

    def __init__(self, catalogues: Catalogues, clock: Clock, decisions: DecisionService, public_url: str) -> None:
        self._catalogues = catalogues
        self._clock = clock
        self._decisions = decisions
        self._public_url = public_url

    async def shown(self, e164: str, locale: str) -> list[Shown]:
        """What a page shows somebody with this number, one for each policy."""
        catalogue = await self._catalogues.now()
        return [_shown(version, region_of(e164), locale) for version in in_force(catalogue, self._clock.ms())]

    async def asked(self, e164: str) -> list[JsonObject]:
        """The same as JSON, in every language."""
        return self._describe_all(await self._catalogues.now(), e164)

    def agreement(self, e164: str, accepted: Sequence[AcceptedTerms], *, gpc: bool) -> Agree:
        """Records that exactly these were accepted. Raises 403 `M_CONSENT_NOT_GIVEN` unless they are all that is asked,
        as it is now, and 400 for rows that cannot be chosen.
        """
        by_policy = {one.id: one for one in accepted}

        async def agree(tx: Transaction, user_id: str) -> None:
            catalogue = await self._catalogues.now(tx)
            for version in in_force(catalogue, self._clock.ms()):
                one = by_policy.get(version.policy)
                if one is None or not _names(one, version, region_of(e164)):
                    raise self._refusal(catalogue, e164)
                given = Given(
                    policy=version.policy,
                    version=version.version,
                    edition=one.edition,
                    locale=one.locale,
                    hash=one.hash,
                    kind="accept",
                    choices=one.choices,
                    channel="sign_up",
                    gpc=gpc,
                )
                await self._decisions.decide_in(tx, user_id, given)

        return agree

    def _describe_all(self, catalogue: Catalogue, e164: str) -> list[JsonObject]:
        return [self._describe(version, e164) for version in in_force(catalogue, self._clock.ms())]

    def _describe(self, version: Version, e164: str) -> JsonObject:
        policy = version.document.policy
        edition = version.document.edition_for(region_of(e164))
        return {
            "id": policy.id,
            "version": policy.version,
            "edition": edition.id,
            "locales": {
                locale: {
                    "name": policy.names.get(locale, policy.id),
                    "url": page_address(self._public_url, version, locale, edition.id),
                    "hash": shown_hash(version.document, edition.id, locale),
                    "summary": wording.summary,
                }
                for locale, wording in version.document.wording[edition.id].items()
            },
            "optional": [{"id": row.id, "text": row.text} for row in edition.optional],
        }

    def _refusal(self, catalogue: Catalogue, e164: str) -> ApiError:
        return ApiError(
            403,
            "M_CONSENT_NOT_GIVEN",
            "There is no account without accepting the terms. Show them, and name in `terms` what was accepted.",
            terms=self._describe_all(catalogue, e164),
        )


def in_force(catalogue: Catalogue, now: int) -> list[Version]:
    """The version of each policy that people are asked for now."""
    found = (catalogue.current(policy, now) for policy in catalogue.policies)
    return [version for version in found if version is not None]


def page_address(public_url: str, version: Version, locale: str, edition: str | None = None) -> str:
    """The public page of exactly this version."""
    address = f"{public_url}/_palabre/v1/policies/{version.policy}/{version.version}/{locale}"
    return f"{address}?edition={edition}" if edition else address


def region_of(e164: str) -> str:
    """Of a number that was verified: as `accounts.people` will have it."""
    return phone.parse(e164, fictional=True).region


def _shown(version: Version, region: str, wish: str) -> Shown:
    edition = version.document.edition_for(region)
    there = version.document.wording[edition.id]
    locale = next((locale for locale in (wish, "en") if locale in there), next(iter(there)))
    return Shown(version, edition, locale, shown_hash(version.document, edition.id, locale))


def _names(accepted: AcceptedTerms, version: Version, region: str) -> bool:
    edition = version.document.edition_for(region).id
    return (
        accepted.version == version.version
        and accepted.edition == edition
        and accepted.locale in version.document.wording[edition]
        and accepted.hash == shown_hash(version.document, edition, accepted.locale)
    )
