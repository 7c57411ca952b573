"""`/dev/codes`: the codes that were shown on the terminal, for whoever tries the server out on its own machine."""

from html import escape
from ipaddress import ip_address

from starlette.responses import HTMLResponse, Response

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..locales import preferred_locale
from .providers import ConsoleProvider

TEXTS = {
    "en": ("One-time codes", "Newest first. Reload the page for more.", "No code has been asked for yet."),
    "fr": (
        "Codes à usage unique",
        "Les plus récents d’abord. Rechargez la page pour en voir d’autres.",
        "Aucun code n’a encore été demandé.",
    ),
}


class DevCodeRoutes:
    """Added to the server only with the console provider; answers only on the machine itself."""

    def __init__(self, provider: ConsoleProvider) -> None:
        self._provider = provider

    @endpoint("GET", "/dev/codes", access="public")
    async def page(self, request: Request) -> Response:
        _require_local(request)
        locale = preferred_locale(request)
        title, hint, empty = TEXTS[locale]
        rows = "".join(
            f"<tr><td>{escape(message.to)}</td><td><strong>{escape(message.code)}</strong></td></tr>"
            for message in self._provider.recent
        )
        body = f"<p>{hint}</p><table>{rows}</table>" if rows else f"<p>{empty}</p>"
        html = (
            f'<!doctype html><html lang="{locale}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{title}</title><h1>{title}</h1>{body}</html>'
        )
        headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"}
        return HTMLResponse(html, headers=headers)

    @endpoint("GET", "/dev/codes.json", access="public")
    async def codes(self, request: Request) -> JsonObject:
        _require_local(request)
        return {
            "codes": [
                {"to": message.to, "code": message.code, "sent": message.sent} for message in self._provider.recent
            ]
        }


def _require_local(request: Request) -> None:
    """The client itself is on this machine: a proxy on it, which says so in a header, does not count."""
    try:
        is_local = ip_address(request.address).is_loopback
    except ValueError:
        is_local = False
    if not is_local or request.header("x-forwarded-for") or request.header("forwarded"):
        raise errors.not_found("There is nothing here.")
