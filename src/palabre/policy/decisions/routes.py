"""`/_palabre/v1/account/policy/decisions`: deciding, and the proof of it."""

from typing import Literal

import msgspec

from ...core.json import JsonObject
from ...http.endpoint import Reply, endpoint
from ...http.request import Request
from ..documents.models import Wording
from .models import Decision, DecisionKind
from .receipts import Receipts
from .record import Records, record_bytes
from .service import DecisionService, Given

TAGS = ("Policy",)
ROOT = "/_palabre/v1/account/policy"
JWKS_MAX_AGE = 300


class DecisionBody(msgspec.Struct):
    """What is decided, and about exactly which text: the values come from what was shown."""

    policy: str
    version: str
    edition: str
    locale: str
    hash: str
    kind: DecisionKind
    choices: dict[str, bool] = {}
    """Optional row id -> on. Only for `accept` and `choose`."""


class DecisionList(msgspec.Struct):
    decisions: list[Decision]
    """Oldest first."""


class ShownRow(msgspec.Struct):
    id: str
    text: dict[str, str]
    necessity: Literal["required", "optional"]
    ask: bool
    """Whether it may be put as a question; a purpose refused within a year may not."""


class ShownTerms(msgspec.Struct):
    policy: str
    version: str
    edition: str
    locale: str
    hash: str
    """Goes into the decision."""
    wording: Wording
    rows: list[ShownRow]


class DecisionRoutes:
    def __init__(self, decisions: DecisionService, records: Records, receipts: Receipts) -> None:
        self._decisions = decisions
        self._records = records
        self._receipts = receipts

    @endpoint("GET", ROOT + "/shown/{policy}/{version}", access="account", returns=ShownTerms, tags=TAGS)
    async def shown(self, request: Request) -> ShownTerms:
        """What I am to be shown of a version before I decide: my edition, in `locale` or else in my language."""
        params = request.params
        shown = await self._decisions.shown(
            request.user_id, params["policy"], params["version"], request.query.get("locale")
        )
        asked = {row.id for row in await self._decisions.asks(request.user_id, shown.version)}
        return ShownTerms(
            shown.version.policy,
            shown.version.version,
            shown.edition.id,
            shown.locale,
            shown.hash,
            shown.version.document.wording[shown.edition.id][shown.locale],
            [ShownRow(row.id, row.text, row.necessity, row.id in asked) for row in shown.edition.processing],
        )

    @endpoint("POST", ROOT + "/decisions", access="account", body=DecisionBody, returns=Decision, tags=TAGS)
    async def decide(self, request: Request, body: DecisionBody) -> Decision:
        """Accept, decline, put off, withdraw, or choose. The same again returns the decision that is recorded.

        With `Sec-GPC: 1` everything optional is off. 409 `PALABRE_STALE_DOCUMENT` when `edition` and `hash` are not
        those of what I would be shown now; nothing is recorded then.
        """
        given = Given(
            policy=body.policy,
            version=body.version,
            edition=body.edition,
            locale=body.locale,
            hash=body.hash,
            kind=body.kind,
            choices=body.choices,
            channel="api",
            gpc=gpc(request),
        )
        return await self._decisions.decide(request.user_id, given)

    @endpoint("GET", ROOT + "/decisions", access="account", returns=DecisionList, tags=TAGS)
    async def history(self, request: Request) -> DecisionList:
        """All my decisions."""
        return DecisionList(await self._decisions.history(request.user_id))

    @endpoint("GET", ROOT + "/decisions/{decision_id}", access="account", returns=Decision, tags=TAGS)
    async def decision(self, request: Request) -> Decision:
        return await self._decisions.get(request.user_id, request.params["decision_id"])

    @endpoint("GET", ROOT + "/decisions/{decision_id}/record", access="account", tags=TAGS)
    async def record(self, request: Request) -> Reply:
        """The consent record: ISO/IEC TS 27560:2023 in the DPV-27560 profile, JSON-LD."""
        return Reply(record_bytes(await self._record(request)), headers={"content-type": "application/ld+json"})

    @endpoint("GET", ROOT + "/decisions/{decision_id}/receipt", access="account", tags=TAGS)
    async def receipt(self, request: Request) -> Reply:
        """The signed receipt: a compact JWS, to be checked with the keys at `/.well-known/palabre/jwks.json`."""
        receipt = await self._receipts.sign(await self._record(request))
        return Reply(receipt.encode(), headers={"content-type": "application/jose"})

    @endpoint("GET", "/.well-known/palabre/jwks.json", access="public", tags=TAGS)
    async def jwks(self, request: Request) -> Reply:
        """The public keys of receipts, those that are retired too."""
        headers = {"content-type": "application/jwk-set+json", "cache-control": f"public, max-age={JWKS_MAX_AGE}"}
        return Reply(await self._receipts.jwks(), headers=headers)

    @endpoint("POST", "/_palabre/admin/v1/receipt-keys/rotate", access="operator", tags=("Operators",))
    async def rotate(self, request: Request) -> JsonObject:
        """Sign with a new key from now on. The former one stays in the JWKS: old receipts go on being verified."""
        return {"kid": await self._receipts.rotate()}

    async def _record(self, request: Request) -> JsonObject:
        return await self._records.of(request.user_id, request.params["decision_id"])


def gpc(request: Request) -> bool:
    """Global Privacy Control, "The Sec-GPC header field for HTTP requests"."""
    return request.header("sec-gpc") == "1"
