"""Published versions and what changed between them, for everybody; publishing, for the operator."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from ...core.clock import Clock
from ...core.errors import ApiError, not_found
from ...http.endpoint import Reply, endpoint
from ...http.request import Request
from ..catalogue.service import Catalogues
from . import wording
from .diff import Diff, compare, region_of
from .hashing import canonical
from .jsonld import to_jsonld
from .models import Document, Version
from .reading import DocumentError, folder_from
from .schema import json_schema
from .service import Policies

POLICIES = "/_palabre/v1/policies"
ADMIN = "/_palabre/admin/v1/policies"
MAX_POLICY = 4 * 1024 * 1024
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
LD_JSON = "application/ld+json"


class PublishBody(Struct):
    """A version as one JSON object: what is in its folder."""

    policy: dict[str, Any]
    """`policy.yaml`."""
    wording: dict[str, Any]
    """Edition id -> locale -> `{"summary", "text"}`."""
    actor: str
    rollout: dict[str, Any] | None = None
    """`rollout.yaml`: only checked together with the version; a roll-out is made by itself."""


def address_of(policy: str, version: str) -> str:
    """The path of a version: `/_palabre/v1/policies/privacy/2021`."""
    return f"{POLICIES}/{quote(policy, safe='')}/{quote(version, safe='')}"


class PolicyRoutes:
    """`base_url`: the public address of the server, without a slash at the end."""

    def __init__(self, policies: Policies, catalogues: Catalogues, clock: Clock, base_url: str) -> None:
        self._policies = policies
        self._catalogues = catalogues
        self._clock = clock
        self._base_url = base_url

    @endpoint("GET", POLICIES, access="public", tags=("Policies",))
    async def index(self, request: Request) -> dict[str, Any]:
        """Every policy with all of its versions, oldest first; `current` is the one that people are asked for."""
        catalogue = await self._catalogues.now()
        now = self._clock.ms()
        return {
            "policies": [
                {
                    "policy": policy,
                    "current": current.version if (current := catalogue.current(policy, now)) else None,
                    "versions": [self._outline(version) for version in catalogue.of_policy(policy)],
                }
                for policy in catalogue.policies
            ]
        }

    @endpoint("GET", POLICIES + "/{policy}/{version}", access="public", tags=("Policies",))
    async def version(self, request: Request) -> Any:
        """As JSON; for `Accept: application/ld+json` in terms of DPV, and for `text/html` the page."""
        version = await self._version(request)
        wanted = accepted(request.header("accept"))
        if wanted == "text/html":
            return _see_other(f"{address_of(version.policy, version.version)}/{_language(request)}", request)
        if wanted == LD_JSON:
            return self._jsonld(version, vary=True)
        body = self._outline(version) | {"document": version.document}
        return Reply(body, headers={"vary": "accept", "cache-control": "no-cache"})

    @endpoint("GET", POLICIES + "/{policy}/{version}/document.json", access="public", tags=("Policies",))
    async def document(self, request: Request) -> Reply:
        """The document as it is hashed: canonical JSON (RFC 8785), byte by byte. Its SHA-256 is the version's hash."""
        version = await self._version(request)
        headers = {"content-type": "application/json", "etag": f'"{version.hash}"', **FOR_EVER}
        return Reply(canonical(version.document), headers=headers)

    @endpoint("GET", POLICIES + "/{policy}/{version}/document.jsonld", access="public", tags=("Policies",))
    async def jsonld(self, request: Request) -> Reply:
        """In terms of the Data Privacy Vocabulary 2.3, with the context inside."""
        return self._jsonld(await self._version(request))

    @endpoint("GET", POLICIES + "/{policy}/diff/{a}/{b}", access="public", tags=("Policies",))
    async def diff(self, request: Request) -> Any:
        """What changes from `a` to `b` for `?country=` or `?edition=` (of `b`), with sentences in `?locale=`, else in
        all locales; for `Accept: text/html` the page.
        """
        policy = request.params["policy"]
        old = await self._policies.version(policy, request.params["a"])
        new = await self._policies.version(policy, request.params["b"])
        if accepted(request.header("accept")) == "text/html":
            return _see_other(f"{diff_address(policy, old.version, new.version)}/{_language(request)}", request)
        region = region_asked(new.document, request.query)
        found = compare(old.document, new.document, region)
        locale = request.query.get("locale")
        return Reply(
            {
                "policy": policy,
                "from": old.version,
                "to": new.version,
                "edition": new.document.edition_for(region).id,
                **describe(found, new.document, [locale] if locale else new.document.policy.locales),
            },
            headers={"vary": "accept"},
        )

    @endpoint("GET", "/_palabre/v1/policy-schema.json", access="public", tags=("Policies",))
    async def schema(self, request: Request) -> Reply:
        """The JSON Schema of `policy.yaml` (`#/$defs/Policy`) and `rollout.yaml` (`#/$defs/Plan`)."""
        return Reply(json_schema(), headers={"content-type": "application/schema+json"})

    # the operator's

    @endpoint("POST", ADMIN, access="operator", body=PublishBody, max_body=MAX_POLICY, tags=("Operators",))
    async def publish(self, request: Request, body: PublishBody) -> dict[str, Any]:
        """Publish a version for ever. Nobody is asked anything before a roll-out carries it.

        400 `PALABRE_POLICY_INVALID` with `problems`, 400 `PALABRE_POLICY_LINT` with `findings`, 409
        `PALABRE_VERSION_EXISTS`.
        """
        try:
            folder = folder_from(body.policy, body.wording, body.rollout)
        except DocumentError as error:
            problems = msgspec.to_builtins(error.problems)
            raise ApiError(400, "PALABRE_POLICY_INVALID", f"It is no policy: {error}", problems=problems) from None
        version = await self._policies.publish(folder.document, folder.plan, body.actor)
        return self._outline(version) | {"findings": await self._policies.findings(version)}

    @endpoint("GET", ADMIN, access="operator", tags=("Operators",))
    async def all(self, request: Request) -> dict[str, Any]:
        """The same list as the public one."""
        return await self.index(request)

    @endpoint("GET", ADMIN + "/{policy}/{version}/lint", access="operator", tags=("Operators",))
    async def lint(self, request: Request) -> dict[str, Any]:
        """What the linter said when the version was published."""
        return {"findings": await self._policies.findings(await self._version(request))}

    # helpers

    async def _version(self, request: Request) -> Version:
        return await self._policies.version(request.params["policy"], request.params["version"])

    def _outline(self, version: Version) -> dict[str, Any]:
        policy = version.document.policy
        return {
            "policy": version.policy,
            "version": version.version,
            "number": version.number,
            "hash": version.hash,
            "published": version.published,
            "kind": policy.kind,
            "effective": policy.effective,
            "names": policy.names,
            "locales": policy.locales,
            "editions": {edition.id: edition.countries for edition in policy.editions},
            "url": self._base_url + address_of(version.policy, version.version),
        }

    def _jsonld(self, version: Version, vary: bool = False) -> Reply:
        body = to_jsonld(version, self._base_url + address_of(version.policy, version.version))
        return Reply(body, headers={"content-type": LD_JSON, **({"vary": "accept"} if vary else {})})


def diff_address(policy: str, a: str, b: str) -> str:
    return f"{POLICIES}/{quote(policy, safe='')}/diff/{quote(a, safe='')}/{quote(b, safe='')}"


def describe(diff: Diff, document: Document, locales: list[str]) -> dict[str, Any]:
    """A diff for programs and people: its changes, and the same in sentences by locale."""
    return {
        "widens": diff.widens,
        "changes": diff.changes,
        "sentences": {locale: wording.sentences(diff, locale, document) for locale in locales},
    }


def region_asked(document: Document, query: Mapping[str, str]) -> str | None:
    """The country that `?country=` names, or one of the edition that `?edition=` names. Raises 404."""
    if query.get("country"):
        return query["country"].upper()
    if not query.get("edition"):
        return None
    try:
        return region_of(document, query["edition"])
    except KeyError:
        raise not_found(f"There is no edition {query['edition']}.") from None


def accepted(header: str | None) -> str:
    """`text/html`, `application/ld+json`, or else `application/json`: what is wanted most (RFC 9110 section 12.5.1)."""
    best, found = 0.0, "application/json"
    for part in (header or "").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if name in ("text/html", LD_JSON, "application/json") and weight > best:
            best, found = weight, name
    return found


def _language(request: Request) -> str:
    return wording.texts().choose(request.query.get("locale"), request.header("accept-language"))


def _see_other(location: str, request: Request) -> Reply:
    query = request.scope["query_string"].decode("latin-1")
    headers = {"location": location + ("?" + query if query else ""), "vary": "accept, accept-language"}
    return Reply(None, status=303, headers=headers)
