"""`/account/terms`: what is asked of a person now, and re-reading any version."""

from collections.abc import Mapping

from msgspec.structs import replace
from starlette.responses import Response

from ...accounts.people.service import People
from ...core import errors
from ...core.dates import day_in_words
from ...core.errors import ApiError
from ...http.request import Request
from ...policy.catalogue.service import Catalogues
from ...policy.decisions.models import NOTHING_DECIDED, DecisionKind
from ...policy.decisions.service import DecisionService, Given, Shown
from ...policy.documents.hashing import shown_hash
from ...policy.documents.models import Edition, Version
from ...policy.rollouts.models import Level
from ...policy.views import Views
from ..addresses import Elsewhere
from ..browser.service import Browsers
from ..forms import Form
from ..frame import PageRoutes, Pages, form, page
from . import days, view
from .asking import Asking, Question

TERMS = "/account/terms"
DONE = TERMS + "/done"
KINDS: dict[str, DecisionKind] = {"accept": "accept", "decline": "decline", "later": "later"}
STEPS = {
    Level.REMINDER: "terms.step.reminder",
    Level.LIMITED: "terms.step.limited",
    Level.LOCKED: "terms.step.locked",
    Level.DELETION_SCHEDULED: "terms.step.deletion_scheduled",
    Level.DELETED: "terms.step.deleted",
}
"""What a date that is still to come brings."""
NOW = {
    Level.LIMITED: "terms.now.limited",
    Level.LOCKED: "terms.now.locked",
    Level.DELETION_SCHEDULED: "terms.now.deletion_scheduled",
    Level.DELETED: "terms.now.deleted",
}
"""What a date that has passed has brought."""


class TermsRoutes(PageRoutes):
    def __init__(
        self,
        pages: Pages,
        browsers: Browsers,
        people: People,
        catalogues: Catalogues,
        decisions: DecisionService,
        asking: Asking,
        views: Views,
    ) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._people = people
        self._catalogues = catalogues
        self._decisions = decisions
        self._asking = asking
        self._views = views

    # what is asked

    @page(TERMS)
    async def overview(self, request: Request) -> Response:
        """What waits for a decision, the most pressing first; where nothing does, what holds."""
        session = await self._browsers.require(request)
        return await self._overview(request, session.user_id)

    @form(TERMS)
    async def decide(self, request: Request, sent: Form) -> Response:
        """Accept, decline or put off what the page showed; a page that is out of date records nothing."""
        session = await self._browsers.require(request)
        if sent["user"] != session.user_id:
            raise Elsewhere(TERMS)
        kind = KINDS.get(sent["answer"])
        if kind is None:
            raise errors.invalid_param("This is no answer.")
        choices = await self._choices(sent) if kind == "accept" else {}
        given = Given(
            policy=sent["policy"],
            version=sent["version"],
            edition=sent["edition"],
            locale=sent["locale"],
            hash=sent["hash"],
            kind=kind,
            choices=choices,
            channel="page",
            gpc=has_gpc(request),
        )
        if not await self._is_asked(session.user_id, given):
            return await self._overview(request, session.user_id, stale=True)
        try:
            decision = await self._decisions.decide(session.user_id, given)
        except ApiError as error:
            if error.errcode not in ("PALABRE_STALE_DOCUMENT", "PALABRE_ALREADY_ACCEPTED", "M_NOT_FOUND"):
                raise
            return await self._overview(request, session.user_id, stale=True)
        return self.pages.redirect(f"{DONE}?decision={decision.decision_id}")

    async def _is_asked(self, user_id: str, given: Given) -> bool:
        """Whether that version is still the question; or was, and this is the same answer sent twice."""
        for question in await self._asking.questions(user_id, given.locale):
            if question.shown.version.policy == given.policy:
                return question.shown.version.version == given.version
        latest = (await self._decisions.of(user_id)).get(given.policy, NOTHING_DECIDED).latest.get(given.version)
        return latest is not None and latest.kind == given.kind

    async def _choices(self, sent: Form) -> dict[str, bool]:
        """Of every optional row that the page offered whether it was ticked; a box that is not ticked is not sent."""
        return {
            name.removeprefix("offered."): f"choice.{name.removeprefix('offered.')}" in sent
            for name in sent
            if name.startswith("offered.")
        }

    async def _overview(self, request: Request, user_id: str, *, stale: bool = False) -> Response:
        language = self.pages.language(request)
        questions = await self._asking.questions(user_id, language)
        status = 409 if stale else 200
        if not questions:
            return await self._current(request, user_id, stale, status)
        question = questions[0]
        account = await self._people.require_active(user_id)
        await self._views.seen(user_id, question.shown.version, account.region)
        return self.pages.page(
            request,
            "terms/asked.html",
            status=status,
            user_id=user_id,
            question=question,
            paper=self._paper(request, question.shown),
            summary=view.summary(question.shown),
            now=self._now(question, language),
            steps=[(date.at, self._text(language, STEPS[date.level], date.at)) for date in question.coming],
            deadline=None if question.deadline is None else days.moment(self.pages.texts, language, question.deadline),
            accepted_on=self._day(language, question.accepted.at if question.accepted else None),
            answered_on=self._day(language, question.answered.at if question.answered else None),
            all=view.lines(question.shown.edition.processing, question.shown),
            lines=view.lines(question.rows, question.shown),
            gpc=has_gpc(request),
            more=len(questions) - 1,
            stale=stale,
            contact=question.shown.version.document.policy,
        )

    def _now(self, question: Question, language: str) -> str:
        """What the person cannot do already."""
        key = NOW.get(question.level)
        return self._text(language, key, question.since) if key else ""

    async def _current(self, request: Request, user_id: str, stale: bool, status: int) -> Response:
        language = self.pages.language(request)
        catalogue, answers = await self._catalogues.now(), await self._decisions.of(user_id)
        papers = []
        for policy in catalogue.policies:
            accepted = answers.get(policy, NOTHING_DECIDED).accepted
            version = (catalogue.versions.get((policy, accepted.version)) if accepted else None) or catalogue.current(
                policy, self._asking.now()
            )
            if version is not None:
                shown = await self._decisions.shown(user_id, policy, version.version, language)
                papers.append(
                    {
                        "paper": self._paper(request, shown),
                        "summary": view.summary(shown),
                        "accepted_on": self._day(language, accepted.at if accepted else None),
                        "optional": bool(accepted and shown.edition.optional),
                    }
                )
        return self.pages.page(request, "terms/current.html", status=status, papers=papers, stale=stale)

    # re-reading

    @page(TERMS + "/{policy}/{version}")
    async def document(self, request: Request) -> Response:
        """The whole text and the table of any version; the person's own edition unless `edition` names another."""
        session = await self._browsers.require(request)
        language = self.pages.language(request)
        own = await self._decisions.shown(
            session.user_id, request.params["policy"], request.params["version"], language
        )
        shown = own
        if (wish := request.query.get("edition")) and wish != own.edition.id:
            shown = _in_edition(own, wish)
        account = await self._people.require_active(session.user_id)
        await self._views.seen(session.user_id, own.version, account.region)
        answers = (await self._decisions.of(session.user_id)).get(own.version.policy, NOTHING_DECIDED)
        accepted = next((one for one in answers.acceptances if one.version == own.version.version), None)
        catalogue = await self._catalogues.now()
        return self.pages.page(
            request,
            "terms/document.html",
            paper=self._paper(request, shown),
            own=own.edition.id,
            editions=self._editions(own.version, shown.locale),
            versions=[
                (one.version, one.version == own.version.version) for one in catalogue.of_policy(own.version.policy)
            ],
            summary=view.summary(shown),
            text=view.whole_text(shown),
            lines=view.lines(shown.edition.processing, shown),
            accepted_on=self._day(language, accepted.at if accepted else None),
            contact=own.version.document.policy,
        )

    def _editions(self, version: Version, locale: str) -> list[tuple[str, str]]:
        return [(edition.id, view.in_locale(edition.names, locale)) for edition in version.document.policy.editions]

    # words

    def _paper(self, request: Request, shown: Shown) -> view.Paper:
        return view.paper(self.pages.language(request), shown)

    def _text(self, language: str, key: str, at: int) -> str:
        return self.pages.texts.get(language, key, date=days.moment(self.pages.texts, language, at))

    def _day(self, language: str, at: int | None) -> str:
        return "" if at is None else day_in_words(at, language)


def has_gpc(request: Request) -> bool:
    """Global Privacy Control: the browser says no to sharing on the person's behalf."""
    return request.header("sec-gpc") == "1"


def _in_edition(shown: Shown, edition_id: str) -> Shown:
    """The same version as people of other countries have it. Raises 404 for an edition that it does not have."""
    document = shown.version.document
    editions: Mapping[str, Edition] = {edition.id: edition for edition in document.policy.editions}
    if edition_id not in editions:
        raise errors.not_found("There is no such edition.")
    wording = document.wording[edition_id]
    locale = shown.locale if shown.locale in wording else next(iter(wording))
    return replace(shown, edition=editions[edition_id], locale=locale, hash=shown_hash(document, edition_id, locale))
