"""Confirming on a page what an app asks for: `m.oauth`, and the fallback pages of interactive authentication.

Client-Server API, "OAuth authentication", "Fallback", and "SSO during User-Interactive Authentication".
"""

from typing import Any

from msgspec.structs import replace
from starlette.responses import Response

from ..accounts.sign_in import SignIn
from ..accounts.uia.models import MSISDN, OAUTH, SSO, TERMS, UiaSession
from ..accounts.uia.service import Uia
from ..accounts.uia.stages import Terms
from ..core import errors
from ..core.errors import ApiError
from ..http.request import Request
from ..storage.database import Database, Transaction
from .addresses import Elsewhere, own_address, sign_in_address
from .browser.service import Browsers
from .countries import readable
from .forms import Form
from .frame import PageRoutes, Pages, form, page
from .people import Cards

CONFIRM = "/account/confirm"
FALLBACK = "/_matrix/client/v3/auth/{stage}/fallback/web"
BY_SIGNING_IN = (SSO, MSISDN, OAUTH)
"""Stages that somebody with an account completes by signing in here, with their number, and agreeing."""


class ConfirmRoutes(PageRoutes):
    """`terms` are the policies that a new person agrees to, as `m.login.terms` describes them."""

    def __init__(
        self,
        pages: Pages,
        browsers: Browsers,
        cards: Cards,
        database: Database,
        uia: Uia,
        sign_in: SignIn,
        terms: Terms,
    ) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._cards = cards
        self._database = database
        self._uia = uia
        self._sign_in = sign_in
        self._terms = terms

    @page(CONFIRM, "/account/identity")
    async def confirm(self, request: Request) -> Response:
        """Where `m.oauth` sends people. Without a session, says how to begin."""
        if "session" not in request.query:
            return self.pages.page(request, "identity.html")
        return await self._ask(request, OAUTH)

    @form(CONFIRM, "/account/identity")
    async def confirmed(self, request: Request, sent: Form) -> Response:
        return await self._agree(request, OAUTH, sent)

    @page(FALLBACK)
    async def fallback(self, request: Request) -> Response:
        return await self._ask(request, request.params["stage"])

    @form(FALLBACK)
    async def fallback_done(self, request: Request, sent: Form) -> Response:
        return await self._agree(request, request.params["stage"], sent)

    async def _ask(self, request: Request, stage: str) -> Response:
        pending = await self._uia.pending(request.query.get("session", ""))
        if stage in pending.completed:
            return self._done(request, stage)
        if pending.user_id is not None and stage in BY_SIGNING_IN:
            return await self._confirm_page(request, pending)
        if pending.user_id is None and stage == TERMS:
            return await self._terms_page(request)
        if pending.user_id is None and stage == MSISDN:
            return self._number_page(request, Form())
        raise errors.not_found("There is no page for this step.")

    async def _agree(self, request: Request, stage: str, sent: Form) -> Response:
        pending = await self._uia.pending(request.query.get("session", ""))
        if pending.user_id is not None and stage in BY_SIGNING_IN:
            session = await self._browsers.require(request, fresh=True)
            if session.user_id != sent["user"]:
                raise Elsewhere(own_address(request))
            if sent["answer"] != "allow":
                return self.pages.page(request, "done.html", what="not_confirmed")
            await self._uia.complete(pending.session, stage, session.user_id)
            return self._done(request, stage)
        if pending.user_id is None and stage == TERMS:
            return await self._accept_terms(request, pending, sent)
        if pending.user_id is None and stage == MSISDN:
            return await self._verify_number(request, pending, sent)
        raise errors.not_found("There is no page for this step.")

    async def _confirm_page(self, request: Request, pending: UiaSession) -> Response:
        session = await self._browsers.require(request, fresh=True)
        purpose = _purpose(pending.operation)
        return self.pages.page(
            request,
            "confirm.html",
            purpose=purpose if self.pages.texts.has(f"confirm.{purpose}") else "other",
            card=await self._cards.of(session.user_id),
            mine=session.user_id == pending.user_id,
            action=own_address(request),
            other=sign_in_address(own_address(request), again=True),
        )

    # steps of a registration

    async def _terms_page(self, request: Request, error: str = "") -> Response:
        language = self.pages.language(request)
        documents = [policy.get(language) or policy["en"] for policy in (await self._terms()).values()]
        return self.pages.page(
            request, "auth/terms.html", documents=documents, action=own_address(request), error=error
        )

    async def _accept_terms(self, request: Request, pending: UiaSession, sent: Form) -> Response:
        if sent["agree"] != "yes":
            language = self.pages.language(request)
            return await self._terms_page(request, self.pages.texts.get(language, "terms.missing"))
        await self._complete(pending, TERMS, await self._terms())
        return self._done(request, TERMS)

    def _number_page(self, request: Request, sent: Form, error: ApiError | None = None) -> Response:
        """One page for the number and, once `sid` is known, for the code."""
        message = ""
        if error is not None:
            language = self.pages.language(request)
            key = {"M_INVALID_PARAM": "sign_in.bad_number", "M_TOKEN_INCORRECT": "errors.M_TOKEN_INCORRECT"}.get(
                error.errcode
            )
            message = self.pages.texts.get(language, key) if key else self.pages.explain(request, error)
        return self.pages.page(
            request,
            "auth/number.html",
            status=200 if error is None else min(error.status, 499),
            action=own_address(request),
            countries=self.pages.countries.options(self.pages.language(request)),
            country=sent["country"] or self.pages.site.default_region or "",
            phone=sent["phone"],
            sid=sent["sid"],
            number=sent["number"],
            error=message,
        )

    async def _verify_number(self, request: Request, pending: UiaSession, sent: Form) -> Response:
        try:
            if not sent["sid"]:
                code = await self._sign_in.request_code(
                    sent["phone"], sent["country"] or None, request.address, self.pages.language(request)
                )
                return self._number_page(request, Form(sid=code.sid, number=readable(code.e164)))
            verified = await self._sign_in.check_code(sent["sid"], sent["code"], request.address)
        except ApiError as error:
            return self._number_page(request, sent, error)
        await self._complete(pending, MSISDN, {"sid": verified.sid, "e164": verified.e164})
        return self._done(request, MSISDN)

    async def _complete(self, pending: UiaSession, stage: str, found: Any) -> None:
        advanced = replace(pending, completed=[*pending.completed, stage])

        async def work(tx: Transaction) -> None:
            await self._uia.remember(tx, advanced, stage, found)

        await self._database.write(work)

    def _done(self, request: Request, stage: str) -> Response:
        """The page that tells the app, where it opened the page itself; else the person goes back to it."""
        return self.pages.page(request, "done.html", what="confirmed", script=stage != OAUTH)


def _purpose(operation: str) -> str:
    """The name at the end of an operation; that of `delete_devices` is followed by the devices."""
    words = operation.split(" ")
    return "delete_devices" if words[1].endswith("/delete_devices") else words[-1]
