"""Every published policy version as a page, and what changed between any two: public, for ever at the same address."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.responses import Response

from ..core.clock import Clock
from ..core.countries import country_name
from ..core.dates import day_in_words
from ..core.errors import not_found
from ..http.request import Request
from ..policy.catalogue.service import Catalogues
from ..policy.documents import wording
from ..policy.documents.diff import compare
from ..policy.documents.models import REST_OF_THE_WORLD, Document, Edition, Version
from ..policy.documents.rendering import to_html
from ..policy.documents.routes import POLICIES, address_of, diff_address, region_asked
from ..policy.documents.service import Policies
from ..policy.lint import Finding
from .frame import PageRoutes, Pages, page


class PolicyPages(PageRoutes):
    def __init__(self, pages: Pages, policies: Policies, catalogues: Catalogues, clock: Clock) -> None:
        super().__init__(pages)
        self._policies = policies
        self._catalogues = catalogues
        self._clock = clock

    @page(POLICIES + "/{policy}/{version}/{language}")
    async def version(self, request: Request) -> Response:
        """A version for the people of one edition (`?edition=` or `?country=`; else the rest of the world's)."""
        version = await self._policies.version(request.params["policy"], request.params["version"])
        document = version.document
        edition = document.edition_for(region_asked(document, request.query))
        locale = self._locale(request, document, edition)
        words = document.wording[edition.id][locale]
        findings = await self._policies.findings(version)
        return self.pages.page(
            request,
            "policies/version.html",
            version=version,
            policy=document.policy,
            edition=edition,
            locale=locale,
            effective=int(datetime.fromisoformat(document.policy.effective).replace(tzinfo=UTC).timestamp() * 1000),
            **self._common(request, document, edition),
            summary=Markup(to_html(words.summary, top=3)),  # noqa: S704 (made safe by `to_html`)
            text=Markup(to_html(words.text, top=3)),  # noqa: S704 (as above)
            known=_known(findings, edition),
            address=address_of(version.policy, version.version),
            others=await self._others(request, version, edition),
        )

    @page(POLICIES + "/{policy}/diff/{a}/{b}/{language}")
    async def diff(self, request: Request) -> Response:
        """What changes from `a` to `b` for the people of one edition of `b`."""
        old = await self._policies.version(request.params["policy"], request.params["a"])
        new = await self._policies.version(request.params["policy"], request.params["b"])
        region = region_asked(new.document, request.query)
        edition = new.document.edition_for(region)
        self._locale(request, new.document, edition)
        language = self.pages.language(request)
        found = compare(old.document, new.document, region)
        return self.pages.page(
            request,
            "policies/diff.html",
            old=old,
            new=new,
            edition=edition,
            **self._common(request, new.document, edition),
            changes=Markup(wording.to_html(found, language, new.document)),  # noqa: S704 (escaped there)
            widens=found.widens,
            addresses=[self._page(one, request, edition) for one in (old, new)],
            reverse=f"{diff_address(old.policy, new.version, old.version)}/{language}",
        )

    def _locale(self, request: Request, document: Document, edition: Edition) -> str:
        """The locale of the text: the one of the address, or another where the document has none in it."""
        asked, offered = request.params["language"], document.wording[edition.id]
        if asked not in offered and asked not in self.pages.texts.languages:
            raise not_found("There is no such language.")
        return asked if asked in offered else next(iter(offered))

    def _common(self, request: Request, document: Document, edition: Edition) -> dict[str, Any]:
        """What both pages show: names in the reader's language, and the way to the other editions."""
        language = self.pages.language(request)
        return {
            "name": _in(document.policy.names, language),
            "edition_name": _in(edition.names, language),
            "editions": [
                (_in(one.names, language), f"?edition={one.id}", one.id == edition.id)
                for one in document.policy.editions
            ],
            "countries": wording.listing(
                sorted(country_name(code, language) for code in edition.countries if code != REST_OF_THE_WORLD),
                language,
            ),
            "elsewhere": REST_OF_THE_WORLD in edition.countries,
            "day": lambda ms: day_in_words(ms, language),
            "said": lambda texts: _in(texts, language),
            "term": lambda one: wording.term_label(one, language),
            "retention": lambda row: wording.retention_label(row.retention, language),
            "transfer": lambda row: wording.transfer_label(row, language),
            "recipients": lambda row: wording.recipients_label(row.recipients, language, document),
            "country": lambda code: country_name(code, language),
        }

    async def _others(self, request: Request, version: Version, edition: Edition) -> list[dict[str, Any]]:
        """The policy's other versions, newest first, with where each and the difference to it is."""
        catalogue = await self._catalogues.now()
        current = catalogue.current(version.policy, self._clock.ms())
        others: list[dict[str, Any]] = []
        for one in reversed(catalogue.of_policy(version.policy)):
            older, newer = sorted((one, version), key=lambda of: of.number)
            others.append(
                {
                    "version": one,
                    "here": one.number == version.number,
                    "current": current is not None and one.number == current.number,
                    "address": self._page(one, request, edition),
                    "diff": f"{diff_address(one.policy, older.version, newer.version)}/{self.pages.language(request)}",
                }
            )
        return others

    def _page(self, version: Version, request: Request, edition: Edition) -> str:
        """The page of a version, of the same edition where it has one."""
        known = any(one.id == edition.id for one in version.document.policy.editions)
        address = f"{address_of(version.policy, version.version)}/{self.pages.language(request)}"
        return f"{address}?edition={edition.id}" if known else address


class Known(NamedTuple):
    """A duty that the operator knew to be in question, and what was found about it."""

    code: str
    duty: str
    reason: str
    messages: list[str]


def _known(findings: list[Finding], edition: Edition) -> list[Known]:
    """The acknowledged findings that concern the edition, each duty and reason once."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in findings:
        if one.acknowledged is not None and one.edition in (None, edition.id):
            messages = groups.setdefault((one.code, one.duty, one.acknowledged), [])
            if one.message not in messages:
                messages.append(one.message)
    return [Known(*key, messages) for key, messages in groups.items()]


def _in(texts: dict[str, str], language: str) -> str:
    """In the reader's language, else in the first one that there is."""
    return texts.get(language) or next(iter(texts.values()))
