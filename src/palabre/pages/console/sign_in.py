"""The door of the console."""

from starlette.responses import Response

from ...core.errors import ApiError
from ...http.request import Request
from ..addresses import local_path, own_address, sign_in_address
from ..forms import Form
from ..frame import form, page
from .frame import CONSOLE, SIGN_IN, ConsoleRoutes


class SignInRoutes(ConsoleRoutes):
    @page(SIGN_IN)
    async def ask(self, request: Request) -> Response:
        if await self.desk.operators.session(request) is not None:
            return self.pages.redirect(_target(request))
        return await self._page(request, Form())

    @form(SIGN_IN)
    async def sign_in(self, request: Request, sent: Form) -> Response:
        try:
            _, cookie = await self.desk.operators.sign_in(request, sent["token"], sent["actor"])
        except ApiError as error:
            return await self._page(request, sent, error)
        response = self.pages.redirect(_target(request))
        self.desk.operators.set_cookie(response, cookie)
        return response

    @form("/console/sign-out")
    async def sign_out(self, request: Request, sent: Form) -> Response:
        response = self.pages.redirect(SIGN_IN)
        await self.desk.operators.sign_out(request, response)
        return response

    async def _page(self, request: Request, sent: Form, error: ApiError | None = None) -> Response:
        account = await self.desk.operators.account(request)
        return self.desk.show(
            request,
            None,
            "sign_in.html",
            error,
            account=account.user_id if account else "",
            actor=sent["actor"],
            action=own_address(request),
            other=sign_in_address(SIGN_IN),
        )


def _target(request: Request) -> str:
    """Where in the console the operator wanted to go."""
    wanted = local_path(request.query.get("continue", ""))
    return wanted if wanted is not None and wanted.split("?")[0].split("/")[1] == "console" else CONSOLE
