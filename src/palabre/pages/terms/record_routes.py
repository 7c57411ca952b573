"""`/account/terms/history`, `…/choices` and `…/done`: what a person decided, the proof of it, and taking it back."""

from typing import Any

from starlette.responses import Response

from ...core.errors import ApiError
from ...http.request import Request
from ...policy.catalogue.service import Catalogues
from ...policy.decisions.models import Accepted, Decision
from ...policy.decisions.receipts import Receipts
from ...policy.decisions.record import Records, record_bytes
from ...policy.decisions.service import DecisionService, Given
from ...policy.rollouts.models import Level
from ..addresses import Elsewhere
from ..browser.service import Browsers
from ..forms import Form
from ..frame import PageRoutes, Pages, form, page
from . import days, view
from .asking import Asking
from .routes import DONE, STEPS, TERMS, has_gpc

HISTORY = TERMS + "/history"
CHOICES = TERMS + "/choices"
KIND_TEXTS = {
    "accept": "terms.kind.accept",
    "decline": "terms.kind.decline",
    "later": "terms.kind.later",
    "withdraw": "terms.kind.withdraw",
    "choose": "terms.kind.choose",
}
DONE_TEXTS = {
    "accept": ("terms.done.accept", "terms.done.accept_text"),
    "decline": ("terms.done.decline", "terms.done.decline_text"),
    "later": ("terms.done.later", "terms.done.later_text"),
    "withdraw": ("terms.done.withdraw", "terms.done.withdraw_text"),
    "choose": ("terms.done.choose", "terms.done.choose_text"),
    "seen": ("terms.done.seen", "terms.done.seen_text"),
}
WITHDRAWING = {
    Level.LIMITED: "terms.withdraw.limited",
    Level.LOCKED: "terms.withdraw.locked",
    Level.DELETION_SCHEDULED: "terms.withdraw.deletion_scheduled",
    Level.DELETED: "terms.withdraw.deletion_scheduled",
}
"""What taking an acceptance back brings at once, where it brings something."""


class RecordRoutes(PageRoutes):
    def __init__(
        self,
        pages: Pages,
        browsers: Browsers,
        catalogues: Catalogues,
        decisions: DecisionService,
        asking: Asking,
        records: Records,
        receipts: Receipts,
    ) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._catalogues = catalogues
        self._decisions = decisions
        self._asking = asking
        self._records = records
        self._receipts = receipts

    # after a decision

    @page(DONE)
    async def done(self, request: Request) -> Response:
        """What was decided, what it means, and the receipt."""
        session = await self._browsers.require(request)
        language = self.pages.language(request)
        decision = await self._decisions.get(session.user_id, request.query.get("decision", ""))
        entry = await self._entry(language, decision)
        questions = await self._asking.questions(session.user_id, language)
        own = next((one for one in questions if one.shown.version.policy == decision.policy), None)
        seen = decision.kind == "later" and entry["editorial"]
        title, text = DONE_TEXTS["seen" if seen else decision.kind]
        return self.pages.page(
            request,
            "terms/done.html",
            entry=entry,
            title=self.pages.texts.get(language, title),
            text=self.pages.texts.get(language, text, name=entry["name"], version=decision.version),
            steps=[
                (date.at, self._moment(language, STEPS[date.level], date.at)) for date in (own.coming if own else [])
            ],
            waiting=len(questions) - (1 if own else 0),
        )

    # the choices

    @page(CHOICES)
    async def choices(self, request: Request) -> Response:
        """Every optional row of what the person accepted, on or off."""
        session = await self._browsers.require(request)
        return await self._choices_page(request, session.user_id)

    @form(CHOICES)
    async def choose(self, request: Request, sent: Form) -> Response:
        session = await self._browsers.require(request)
        if sent["user"] != session.user_id:
            raise Elsewhere(CHOICES)
        offered = [name.removeprefix("offered.") for name in sent if name.startswith("offered.")]
        given = Given(
            policy=sent["policy"],
            version=sent["version"],
            edition=sent["edition"],
            locale=sent["locale"],
            hash=sent["hash"],
            kind="choose",
            choices={row_id: f"choice.{row_id}" in sent for row_id in offered},
            channel="page",
            gpc=has_gpc(request),
        )
        try:
            await self._decisions.decide(session.user_id, given)
        except ApiError as error:
            if error.errcode not in ("PALABRE_STALE_DOCUMENT", "PALABRE_NOT_ACCEPTED", "M_NOT_FOUND"):
                raise
            return await self._choices_page(request, session.user_id, stale=True)
        return self.pages.redirect(f"{CHOICES}?saved={given.policy}")

    async def _choices_page(self, request: Request, user_id: str, *, stale: bool = False) -> Response:
        language = self.pages.language(request)
        forms: list[dict[str, Any]] = []
        for policy, answers in (await self._decisions.of(user_id)).items():
            if answers.accepted is None:
                continue
            shown = await self._decisions.shown(user_id, policy, answers.accepted.version, language)
            if not shown.edition.optional:
                continue
            forms.append(
                {
                    "shown": shown,
                    "paper": view.paper(language, shown),
                    "lines": view.lines(shown.edition.optional, shown),
                    "on": answers.accepted.choices,
                    "saved": request.query.get("saved") == policy,
                }
            )
        return self.pages.page(
            request,
            "terms/choices.html",
            status=409 if stale else 200,
            user_id=user_id,
            forms=forms,
            gpc=has_gpc(request),
            stale=stale,
        )

    # the history

    @page(HISTORY)
    async def history(self, request: Request) -> Response:
        """All decisions, newest first, each with its record and receipt."""
        session = await self._browsers.require(request)
        return await self._history_page(request, session.user_id)

    @form(HISTORY)
    async def withdraw(self, request: Request, sent: Form) -> Response:
        """Take back an acceptance: one click, like giving it."""
        session = await self._browsers.require(request)
        if sent["user"] != session.user_id:
            raise Elsewhere(HISTORY)
        accepted = await self._decisions.get(session.user_id, sent["decision"])
        if not await self._stands(session.user_id, accepted):
            return await self._history_page(request, session.user_id, stale=True)
        locale = self.pages.language(request)
        shown = await self._decisions.shown(session.user_id, accepted.policy, accepted.version, locale)
        given = Given(
            policy=accepted.policy,
            version=accepted.version,
            edition=shown.edition.id,
            locale=shown.locale,
            hash=shown.hash,
            kind="withdraw",
            channel="page",
            gpc=has_gpc(request),
        )
        decision = await self._decisions.decide(session.user_id, given)
        return self.pages.redirect(f"{DONE}?decision={decision.decision_id}")

    async def _stands(self, user_id: str, decision: Decision) -> bool:
        """Whether this acceptance is in force; or was taken back just now, and the same form is sent twice."""
        answers = (await self._decisions.of(user_id))[decision.policy]
        if answers.latest[decision.version].kind == "withdraw":
            return True
        return any(accepted.decision_id == decision.decision_id for accepted in answers.acceptances)

    async def _history_page(self, request: Request, user_id: str, *, stale: bool = False) -> Response:
        language = self.pages.language(request)
        history = await self._decisions.history(user_id)
        standing = {
            accepted.decision_id: accepted
            for answers in (await self._decisions.of(user_id)).values()
            for accepted in answers.acceptances[-1:]
        }
        entries = []
        for decision in reversed(history):
            entry = await self._entry(language, decision)
            accepted = standing.get(decision.decision_id)
            if accepted is not None:
                entry["withdraw"] = await self._withdrawing(user_id, language, history, accepted)
            entries.append(entry)
        return self.pages.page(
            request,
            "terms/history.html",
            status=409 if stale else 200,
            user_id=user_id,
            entries=entries,
            stale=stale,
        )

    async def _withdrawing(self, user_id: str, language: str, history: list[Decision], accepted: Accepted) -> str:
        level = await self._asking.after_withdrawing(user_id, history, accepted)
        if level in WITHDRAWING:
            return self.pages.texts.get(language, WITHDRAWING[level])
        key = "terms.withdraw.nothing" if level is Level.NONE else "terms.withdraw.notice"
        return self.pages.texts.get(language, key)

    async def _entry(self, language: str, decision: Decision) -> dict[str, Any]:
        version = (await self._catalogues.now()).versions[decision.policy, decision.version]
        edition = version.document.edition(decision.edition)
        locale = language if language in version.document.wording[edition.id] else decision.locale
        texts = self.pages.texts
        editorial = version.document.policy.kind == "editorial"
        seen = editorial and decision.kind == "later"
        return {
            "id": decision.decision_id,
            "kind": texts.get(language, "terms.kind.seen" if seen else KIND_TEXTS[decision.kind]),
            "name": view.in_locale(version.document.policy.names, locale),
            "locale": locale,
            "version": decision.version,
            "editorial": editorial,
            "address": f"{TERMS}/{decision.policy}/{decision.version}?edition={decision.edition}",
            "edition": view.in_locale(edition.names, locale),
            "at": days.moment(texts, language, decision.at - decision.at % 60_000),
            "gpc": decision.gpc and bool(edition.optional),
            "choices": [
                (view.in_locale(row.text, locale), decision.choices[row.id])
                for row in edition.optional
                if row.id in decision.choices
            ],
            "withdraw": "",
            "record": f"{HISTORY}/{decision.decision_id}/record",
            "receipt": f"{HISTORY}/{decision.decision_id}/receipt",
        }

    # the proof

    @page(HISTORY + "/{decision_id}/record")
    async def record(self, request: Request) -> Response:
        """The consent record, JSON-LD."""
        session = await self._browsers.require(request)
        content = await self._records.of(session.user_id, request.params["decision_id"])
        return _download(record_bytes(content), "application/ld+json", f"{request.params['decision_id']}.jsonld")

    @page(HISTORY + "/{decision_id}/receipt")
    async def receipt(self, request: Request) -> Response:
        """The record as signed by this server: a JWS that anybody can check."""
        session = await self._browsers.require(request)
        content = await self._records.of(session.user_id, request.params["decision_id"])
        signed = await self._receipts.sign(content)
        return _download(signed.encode(), "application/jose", f"{request.params['decision_id']}.jws")

    def _moment(self, language: str, key: str, at: int) -> str:
        return self.pages.texts.get(language, key, date=days.moment(self.pages.texts, language, at))


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(content, headers=headers, media_type=media_type)
