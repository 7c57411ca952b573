"""The hosted sign-in: number, code, then the PIN of an account, or the name of a new one, and the terms where some are
published. Every road that opens a browser leads through here.

`accounts.sign_in` has the rules. Each step is a page with a form, after which the browser is sent on, so that
"back" and "reload" do what people expect.
"""

import math
from typing import Any

from msgspec.structs import replace
from starlette.responses import Response

from ..accounts.agreement import AcceptedTerms
from ..accounts.codes.models import VerifiedNumber
from ..accounts.sign_in import SignIn
from ..core.clock import Clock
from ..core.errors import ApiError
from ..http.request import Request
from ..policy.sign_up import SignUp
from .addresses import HOME, local_path, sign_in_address
from .addresses import SIGN_IN as PATH
from .browser.models import Progress
from .browser.service import Browsers
from .countries import readable
from .forms import Form
from .frame import PageRoutes, Pages, form, page
from .terms import view
from .terms.routes import has_gpc

MAX_NAME = 100


class SignInRoutes(PageRoutes):
    def __init__(self, pages: Pages, browsers: Browsers, sign_in: SignIn, clock: Clock, terms: SignUp) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._sign_in = sign_in
        self._clock = clock
        self._terms = terms

    # the number

    @page(PATH)
    async def number(self, request: Request) -> Response:
        """Asks for the phone number; passes on whoever is signed in already."""
        continue_to = local_path(request.query.get("continue", "")) or HOME
        if "again" not in request.query and await self._browsers.session(request) is not None:
            return self.pages.redirect(continue_to)
        return self._number_page(request, Form({"continue": continue_to}))

    @form(PATH)
    async def send_code(self, request: Request, sent: Form) -> Response:
        region = sent["country"] or None
        try:
            code = await self._sign_in.request_code(
                sent["phone"], region, request.address, self.pages.language(request)
            )
        except ApiError as error:
            return self._number_page(request, sent, error)
        progress = Progress(
            sid=code.sid,
            e164=code.e164,
            resend_at=self._clock.ms() + code.resend_after_ms,
            continue_to=local_path(sent["continue"]) or HOME,
        )
        response = self.pages.redirect(PATH + "/code")
        await self._browsers.begin(response, progress)
        return response

    def _number_page(self, request: Request, sent: Form, error: ApiError | None = None) -> Response:
        return self._step(
            request,
            "number.html",
            error,
            {"M_INVALID_PARAM": "sign_in.bad_number"},
            countries=self.pages.countries.options(self.pages.language(request)),
            country=sent["country"] or self.pages.site.default_region or "",
            phone=sent["phone"],
            continue_to=local_path(sent["continue"]) or HOME,
        )

    # the code

    @page(PATH + "/code")
    async def code(self, request: Request) -> Response:
        progress = await self._browsers.progress(request)
        if progress is None:
            return self.pages.redirect(PATH)
        if progress.verified:
            return self.pages.redirect(_next(progress))
        return self._code_page(request, progress)

    @form(PATH + "/code")
    async def check_code(self, request: Request, sent: Form) -> Response:
        progress = await self._browsers.progress(request)
        if progress is None:
            return self.pages.redirect(PATH)
        if "resend" in sent:
            return await self._resend(request, progress)
        digits = "".join(character for character in sent["code"] if character.isdigit())
        try:
            verified = await self._sign_in.check_code(progress.sid, digits, request.address)
            match = await self._sign_in.account_for(verified)
            if match.user_id is not None and not match.needs_pin:
                return await self._enter(request, progress, await self._sign_in.open_account(verified))
        except ApiError as error:
            return self._code_page(request, progress, error, sent["code"])
        progress = replace(progress, verified=True, user_id=match.user_id, can_start_fresh=match.can_start_fresh)
        await self._browsers.advance(request, progress)
        return self.pages.redirect(_next(progress))

    async def _resend(self, request: Request, progress: Progress) -> Response:
        try:
            code = await self._sign_in.request_code(progress.e164, None, request.address, self.pages.language(request))
        except ApiError as error:
            return self._code_page(request, progress, error)
        resend_at = self._clock.ms() + code.resend_after_ms
        await self._browsers.advance(request, replace(progress, sid=code.sid, resend_at=resend_at))
        return self.pages.redirect(PATH + "/code?sent=again")

    def _code_page(
        self, request: Request, progress: Progress, error: ApiError | None = None, code: str = ""
    ) -> Response:
        wait = math.ceil(max(0, progress.resend_at - self._clock.ms()) / 1000)
        return self._step(
            request,
            "code.html",
            error,
            {"M_SESSION_EXPIRED": "sign_in.code_expired", "M_NO_VALID_SESSION": "sign_in.code_expired"},
            number=readable(progress.e164),
            wait=wait,
            code=code,
            sent_again="sent" in request.query,
            attempts_left=error.extra.get("attempts_left") if error else None,
            change=sign_in_address(progress.continue_to, again=True),
        )

    # the PIN of an account that has one

    @page(PATH + "/pin")
    async def pin(self, request: Request) -> Response:
        progress = await self._browsers.progress(request)
        if progress is None or not progress.verified or progress.user_id is None:
            return self.pages.redirect(PATH)
        return self._pin_page(request, progress)

    @form(PATH + "/pin")
    async def check_pin(self, request: Request, sent: Form) -> Response:
        progress = await self._browsers.progress(request)
        if progress is None or not progress.verified or progress.user_id is None:
            return self.pages.redirect(PATH)
        if "fresh" in sent and progress.can_start_fresh:
            await self._browsers.advance(request, replace(progress, fresh=True))
            return self.pages.redirect(PATH + "/name")
        try:
            user_id = await self._sign_in.open_account(_verified(progress), sent["pin"])
        except ApiError as error:
            return self._pin_page(request, progress, error)
        return await self._enter(request, progress, user_id)

    def _pin_page(self, request: Request, progress: Progress, error: ApiError | None = None) -> Response:
        return self._step(
            request,
            "pin.html",
            error,
            {"M_FORBIDDEN": "sign_in.bad_pin", "M_THREEPID_AUTH_FAILED": "sign_in.too_late"},
            number=readable(progress.e164),
            can_start_fresh=progress.can_start_fresh,
            change=sign_in_address(progress.continue_to, again=True),
        )

    # the name of a new account

    @page(PATH + "/name")
    async def name(self, request: Request) -> Response:
        progress = await self._browsers.progress(request)
        if progress is None or not _may_create(progress):
            return self.pages.redirect(PATH)
        return self._name_page(request, progress)

    @form(PATH + "/name")
    async def create(self, request: Request, sent: Form) -> Response:
        progress = await self._browsers.progress(request)
        if progress is None or not _may_create(progress):
            return self.pages.redirect(PATH)
        if not 0 < len(sent["name"]) <= MAX_NAME:
            return self._name_page(request, progress, ApiError(400, "BAD_NAME", "A name is needed."), sent["name"])
        progress = replace(progress, name=sent["name"])
        if await self._terms.asked(progress.e164):
            await self._browsers.advance(request, progress)
            return self.pages.redirect(PATH + "/terms")
        try:
            user_id = await self._sign_in.create_account(
                _verified(progress), progress.name, self.pages.language(request), start_fresh=progress.fresh
            )
        except ApiError as error:
            return self._name_page(request, progress, error, sent["name"])
        return await self._enter(request, progress, user_id)

    def _name_page(
        self, request: Request, progress: Progress, error: ApiError | None = None, name: str = ""
    ) -> Response:
        return self._step(
            request,
            "name.html",
            error,
            {
                "BAD_NAME": "sign_in.bad_name",
                "M_THREEPID_AUTH_FAILED": "sign_in.too_late",
                "M_THREEPID_IN_USE": "sign_in.too_late",
            },
            number=readable(progress.e164),
            fresh=progress.fresh,
            name=name or progress.name,
        )

    # the terms of a new account

    @page(PATH + "/terms")
    async def terms(self, request: Request) -> Response:
        """Shown before there is an account: no account is made without accepting them."""
        progress = await self._browsers.progress(request)
        if progress is None or not _may_create(progress) or not progress.name:
            return self.pages.redirect(PATH)
        return await self._terms_page(request, progress)

    @form(PATH + "/terms")
    async def accept_terms(self, request: Request, sent: Form) -> Response:
        """The account and the acceptance come about together, or neither does."""
        progress = await self._browsers.progress(request)
        if progress is None or not _may_create(progress) or not progress.name:
            return self.pages.redirect(PATH)
        if sent["answer"] != "accept":
            response = self.pages.page(request, "sign_in/left.html")
            await self._browsers.abandon(request, response)
            return response
        try:
            user_id = await self._sign_in.create_account(
                _verified(progress),
                progress.name,
                self.pages.language(request),
                start_fresh=progress.fresh,
                agree=self._terms.agreement(progress.e164, _accepted(sent), gpc=has_gpc(request)),
            )
        except ApiError as error:
            return await self._terms_page(request, progress, error)
        return await self._enter(request, progress, user_id)

    async def _terms_page(self, request: Request, progress: Progress, error: ApiError | None = None) -> Response:
        language = self.pages.language(request)
        documents = [
            {
                "shown": shown,
                "paper": view.paper(language, shown),
                "summary": view.summary(shown),
                "text": view.whole_text(shown),
                "lines": view.lines(shown.edition.processing, shown),
                "optional": view.lines(shown.edition.optional, shown),
            }
            for shown in await self._terms.shown(progress.e164, language)
        ]
        return self._step(
            request,
            "terms.html",
            error,
            {
                "M_CONSENT_NOT_GIVEN": "terms.sign_up.stale",
                "PALABRE_STALE_DOCUMENT": "terms.sign_up.stale",
                "M_THREEPID_AUTH_FAILED": "sign_in.too_late",
                "M_THREEPID_IN_USE": "sign_in.too_late",
            },
            number=readable(progress.e164),
            documents=documents,
            gpc=has_gpc(request),
        )

    async def _enter(self, request: Request, progress: Progress, user_id: str) -> Response:
        response = self.pages.redirect(progress.continue_to)
        await self._browsers.sign_in(request, response, user_id)
        return response

    def _step(
        self, request: Request, template: str, error: ApiError | None, texts: dict[str, str], **context: Any
    ) -> Response:
        """A step's page, with what went wrong in plain words."""
        message = ""
        if error is not None:
            key = texts.get(error.errcode)
            language = self.pages.language(request)
            message = self.pages.texts.get(language, key) if key else self.pages.explain(request, error)
        # 5xx pages are replaced by some proxies; the person should see ours.
        status = 200 if error is None else min(error.status, 499)
        return self.pages.page(request, f"sign_in/{template}", status=status, error=message, **context)


def _verified(progress: Progress) -> VerifiedNumber:
    return VerifiedNumber(progress.sid, progress.e164)


def _accepted(sent: Form) -> list[AcceptedTerms]:
    """What the page named, with every optional row that it offered on or off."""
    return [
        AcceptedTerms(
            policy,
            sent[f"{policy}/version"],
            sent[f"{policy}/edition"],
            sent[f"{policy}/locale"],
            sent[f"{policy}/hash"],
            {
                row_id: f"{policy}/choice.{row_id}" in sent
                for name in sent
                if (row_id := name.removeprefix(f"{policy}/offered.")) != name
            },
        )
        for policy in sent["policies"].split()
    ]


def _may_create(progress: Progress) -> bool:
    return progress.verified and (progress.user_id is None or progress.fresh)


def _next(progress: Progress) -> str:
    return PATH + ("/name" if _may_create(progress) else "/pin")
