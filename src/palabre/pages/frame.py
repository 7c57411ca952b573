"""What every page has in common: templates, language, security headers, cookies, and pages for refusals."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode, urlsplit

import jinja2
import msgspec
from starlette.responses import RedirectResponse, Response

from ..core.errors import ApiError
from ..core.text import Texts
from ..http.endpoint import endpoint
from ..http.request import Request
from .addresses import Elsewhere, own_address
from .countries import Countries
from .forms import Form, read_form

_HERE = Path(__file__).parent
_SOURCE = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
MAX_FORM = 64 * 1024
LANGUAGE_COOKIE = "palabre_language"
LANGUAGE_NAMES = {"en": "English", "fr": "Français"}
YEAR = 365 * 24 * 3600


class Site(msgspec.Struct, frozen=True):
    """What the pages say about this server."""

    base_url: str
    """The public address, without a slash at the end: what people type as homeserver."""
    server_name: str
    default_region: str | None = None
    """ISO 3166-1 code of the country that the phone number form starts with."""
    codes: Literal["sms", "console", "test"] = "sms"
    """How one-time codes reach people: by SMS, on the server's terminal, or always the same in test mode."""

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https:")


class Assets:
    """The few static files, each at a path that changes with its content, so that it can be cached for ever."""

    TYPES: ClassVar = {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }

    def __init__(self, directory: Path) -> None:
        self._files = {file.name: file.read_bytes() for file in directory.iterdir() if file.suffix in self.TYPES}
        self._versions = {name: hashlib.sha256(data).hexdigest()[:12] for name, data in self._files.items()}

    def path(self, name: str) -> str:
        return f"/account/assets/{self._versions[name]}/{name}"

    def get(self, version: str, name: str) -> Response | None:
        """The file. An old version's address gives today's file, but only for a moment."""
        data = self._files.get(name)
        if data is None:
            return None
        current = self._versions[name] == version
        cache = f"public, max-age={YEAR}, immutable" if current else "no-cache"
        headers = {"cache-control": cache, "x-content-type-options": "nosniff"}
        return Response(data, headers=headers, media_type=self.TYPES[Path(name).suffix])


class Pages:
    """Renders templates in the language of whoever asks."""

    def __init__(self, texts: Texts, site: Site) -> None:
        self.texts = texts
        self.site = site
        self.assets = Assets(_HERE / "static")
        self.countries = Countries()
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def language(self, request: Request) -> str:
        """What the address says, else what was chosen on a page, else what the link or the browser asks for."""
        return self.texts.choose(
            request.params.get("language"),
            request.starlette.cookies.get(LANGUAGE_COOKIE),
            request.query.get("ui_locales"),
            request.header("accept-language"),
        )

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        targets: Iterable[str] = (),
        script: bool = False,
        **context: Any,
    ) -> Response:
        """A rendered page. `targets`: addresses outside this server to which a form of the page may lead."""
        language = self.language(request)

        def t(key: str, **values: Any) -> str:
            return self.texts.get(language, key, **values)

        def count(key: str, n: int, **values: Any) -> str:
            return self.texts.count(language, key, n, **values)

        html = self._templates.get_template(template).render(
            t=t,
            count=count,
            lang=language,
            site=self.site,
            asset=self.assets.path,
            languages=self._language_links(request, language),
            script=script,
            **context,
        )
        return Response(html, status, headers=_headers(targets, script), media_type="text/html")

    def redirect(self, location: str, status: int = 303) -> Response:
        """303 makes the browser fetch `location` with GET, after a form too."""
        headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
        return RedirectResponse(location, status, headers=headers)

    def refusal(self, request: Request, error: ApiError) -> Response:
        """A page that says in plain words why the answer is no."""
        return self.page(request, "refusal.html", status=error.status, message=self.explain(request, error))

    def explain(self, request: Request, error: ApiError) -> str:
        """An error as a sentence in the language of whoever asks: the text `errors.<errcode>`, if there is one."""
        language = self.language(request)
        if "retry_after_ms" in error.extra:
            seconds = -(-int(error.extra["retry_after_ms"]) // 1000)
            if seconds > 90:
                return self.texts.count(language, "errors.wait_minutes", -(-seconds // 60))
            return self.texts.count(language, "errors.wait_seconds", seconds)
        key = f"errors.{error.errcode}"
        return self.texts.get(language, key if self.texts.has(key) else "errors.other")

    def set_cookie(self, response: Response, name: str, value: str, max_age: int) -> None:
        """A cookie that scripts cannot read and other sites cannot send along with a form."""
        response.set_cookie(
            name, value, max_age=max_age, path="/", secure=self.site.secure, httponly=True, samesite="lax"
        )

    def _language_links(self, request: Request, current: str) -> list[tuple[str, str, str | None]]:
        """(code, name, address that switches to it or None for the current one)."""
        back = own_address(request)
        named = request.params.get("language")
        if named is not None:
            path, mark, query = back.partition("?")
            path = path.removesuffix(named)
            return [
                (code, LANGUAGE_NAMES[code], None if code == current else path + code + mark + query)
                for code in self.texts.languages
            ]
        return [
            (code, LANGUAGE_NAMES[code], None if code == current else _switch(code, back))
            for code in self.texts.languages
        ]


def _switch(code: str, back: str) -> str:
    return "/account/language?" + urlencode({"to": code, "back": back})


def _headers(targets: Iterable[str], script: bool) -> dict[str, str]:
    """Nothing but our own style sheet may load, and forms lead only where the page says.

    Chromium applies `form-action` also to where the answer to a form redirects, hence `targets`.
    """
    policy = [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        *(["script-src 'self'"] if script else []),
        " ".join(["form-action 'self'", *filter(None, map(form_source, targets))]),
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    return {
        "content-security-policy": "; ".join(policy),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cache-control": "no-store",
    }


def form_source(uri: str) -> str | None:
    """The Content-Security-Policy source that matches `uri`: an origin, or the bare scheme of an app's own."""
    parts = urlsplit(uri)
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    if _SOURCE.fullmatch(origin):
        return origin
    return f"{parts.scheme}:" if _SCHEME.fullmatch(parts.scheme) else None


class PageRoutes:
    """Base of the classes whose methods are pages."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages


def page(*paths: str, **options: Any) -> Callable[[Callable[[Any, Request], Awaitable[Response]]], Any]:
    """Declare the method as the page at `paths`; a refusal is a page too."""

    def mark(handler: Callable[[Any, Request], Awaitable[Response]]) -> Any:
        @endpoint("GET", *paths, access="public", tags=("Pages",), **options)
        @wraps(handler)
        async def answer(self: PageRoutes, request: Request) -> Response:
            try:
                return await handler(self, request)
            except Elsewhere as elsewhere:
                return self.pages.redirect(elsewhere.location)
            except ApiError as error:
                return self.pages.refusal(request, error)

        return answer

    return mark


def form(*paths: str, **options: Any) -> Callable[[Callable[[Any, Request, Form], Awaitable[Response]]], Any]:
    """Declare the method as what takes the form sent to `paths`. Forms of other sites are refused."""

    def mark(handler: Callable[[Any, Request, Form], Awaitable[Response]]) -> Any:
        @endpoint("POST", *paths, access="public", body=bytes, max_body=MAX_FORM, tags=("Pages",), **options)
        @wraps(handler)
        async def answer(self: PageRoutes, request: Request, body: bytes) -> Response:
            try:
                return await handler(self, request, read_form(request, body, self.pages.site.base_url))
            except Elsewhere as elsewhere:
                return self.pages.redirect(elsewhere.location)
            except ApiError as error:
                return self.pages.refusal(request, error)

        return answer

    return mark
