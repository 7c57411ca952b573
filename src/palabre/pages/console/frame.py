"""What every page of the console has in common: nobody sees it but an operator, and how dates and numbers read."""

from collections.abc import Awaitable, Callable
from datetime import date
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from ...core.clock import Clock
from ...core.countries import country_name
from ...core.errors import ApiError
from ...http.request import Request
from ...policy.documents.models import Version
from ...policy.rollouts.census import NO_COUNTRY
from .. import charts
from ..addresses import Elsewhere, own_address
from ..forms import Form
from ..frame import PageRoutes, Pages, form, page
from .figures import Speaker
from .models import Operator
from .sessions import Operators

CONSOLE = "/console"
SIGN_IN = "/console/sign-in"


class Desk:
    """What the console's routes share."""

    def __init__(self, pages: Pages, operators: Operators, clock: Clock) -> None:
        self.pages = pages
        self.operators = operators
        self.clock = clock

    async def require(self, request: Request) -> Operator:
        """Who is signed in, after a detour to the sign-in where nobody is."""
        operator = await self.operators.session(request)
        if operator is None:
            back = own_address(request) if request.scope["method"] in ("GET", "HEAD") else CONSOLE
            raise Elsewhere(SIGN_IN + "?" + urlencode({"continue": back}))
        return operator

    def say(self, request: Request, key: str, **values: Any) -> str:
        return self.pages.texts.get(self.pages.language(request), key, **values)

    def words(self, request: Request) -> charts.Words:
        return charts.words(self.pages.language(request))

    def country(self, request: Request, code: str) -> str:
        """The name of a country in the language of whoever asks."""
        if code == NO_COUNTRY:
            return self.say(request, "console.no_region")
        return country_name(code, self.pages.language(request))

    def local(self, request: Request, texts: dict[str, str]) -> str:
        """A policy's own words, in the language of whoever asks if it has it."""
        return texts.get(self.pages.language(request)) or texts.get("en") or next(iter(texts.values()))

    def speaker(self, request: Request, version: Version) -> Speaker:
        """For the charts of a roll-out of this version."""
        names = {edition.id: self.local(request, edition.names) for edition in version.document.policy.editions}
        return Speaker(
            lambda key: self.say(request, key),
            self.words(request),
            lambda code: self.country(request, code),
            lambda edition: names.get(edition, edition),
        )

    def explain(self, request: Request, error: ApiError) -> tuple[str, str]:
        """(an error in words, what the service said of it in English or "")."""
        key = f"console_named.error.{error.errcode}"
        if self.pages.texts.has(key):
            return self.say(request, key), error.error
        return self.pages.explain(request, error), error.error if error.status != 429 else ""

    def show(
        self,
        request: Request,
        operator: Operator | None,
        template: str,
        error: ApiError | None = None,
        **context: Any,
    ) -> Response:
        """A page of the console, with what went wrong above it."""
        words = self.words(request)
        message, detail = self.explain(request, error) if error is not None else ("", "")
        return self.pages.page(
            request,
            f"console/{template}",
            status=error.status if error is not None else 200,
            operator=operator,
            number=words.number,
            moment=words.moment,
            day=lambda text: words.full(date.fromisoformat(text)),
            error=message,
            detail=detail if detail != message else "",
            code=error.errcode if error is not None else "",
            now=self.clock.ms(),
            **context,
        )


class ConsoleRoutes(PageRoutes):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.pages)
        self.desk = desk


def console_page(*paths: str) -> Callable[[Callable[[Any, Request, Operator], Awaitable[Response]]], Any]:
    """A page that only an operator sees; the method is given who that is."""

    def mark(handler: Callable[[Any, Request, Operator], Awaitable[Response]]) -> Any:
        @page(*paths)
        @wraps(handler)
        async def answer(self: ConsoleRoutes, request: Request) -> Response:
            operator = await self.desk.require(request)
            try:
                return await handler(self, request, operator)
            except ApiError as error:
                return self.desk.show(request, operator, "refusal.html", error)

        return answer

    return mark


def console_form(*paths: str) -> Callable[[Callable[[Any, Request, Operator, Form], Awaitable[Response]]], Any]:
    """What takes a form that only an operator may send."""

    def mark(handler: Callable[[Any, Request, Operator, Form], Awaitable[Response]]) -> Any:
        @form(*paths)
        @wraps(handler)
        async def answer(self: ConsoleRoutes, request: Request, sent: Form) -> Response:
            operator = await self.desk.require(request)
            try:
                return await handler(self, request, operator, sent)
            except ApiError as error:
                return self.desk.show(request, operator, "refusal.html", error)

        return answer

    return mark
