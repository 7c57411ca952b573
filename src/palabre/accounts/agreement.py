"""What somebody accepts before they get an account, as far as accounts need to know: the policy domain has the rest."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from ..core.json import JsonObject
from ..storage.database import Transaction

Agree = Callable[[Transaction, str], Awaitable[None]]
"""`(tx, user_id)`: record, as part of making the account, that its person accepted the terms."""


class AcceptedTerms(msgspec.Struct, frozen=True):
    """Names exactly what a person was shown and accepted."""

    id: str
    version: str
    edition: str
    locale: str
    hash: str
    choices: dict[str, bool] = {}
    """Of optional rows whether they are on; those that are not named are off."""


class SignUpTerms(Protocol):
    async def asked(self, e164: str) -> list[JsonObject]:
        """The terms for somebody with this phone number: `id`, `version`, `edition`, `locales` (each with `name`,
        `url`, `hash` and `summary`) and `optional` rows (`id` and `text` by locale). Empty where nothing is published.
        """
        ...

    def agreement(self, e164: str, accepted: Sequence[AcceptedTerms], *, gpc: bool) -> Agree:
        """Records the acceptance; with `gpc` all that is optional is off.

        It raises 403 `M_CONSENT_NOT_GIVEN`, with the terms as `terms`, unless `accepted` names all that are asked.
        """
        ...


class NoTerms:
    """Where nothing is published."""

    async def asked(self, e164: str) -> list[JsonObject]:
        return []

    def agreement(self, e164: str, accepted: Sequence[AcceptedTerms], *, gpc: bool) -> Agree:
        async def agree(tx: Transaction, user_id: str) -> None:
            pass

        return agree
