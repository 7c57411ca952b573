"""Getting a code to a phone: on the terminal while trying things out, or through any SMS API over HTTP."""

import hashlib
import hmac
import json
from collections import deque
from typing import Protocol
from urllib.parse import quote

import httpx
import msgspec
import structlog
from rich.console import Console
from rich.panel import Panel

from ..options import HttpSms

log = structlog.get_logger()


class Message(msgspec.Struct, frozen=True):
    to: str
    code: str
    text: str
    locale: str
    sent: int
    """Milliseconds since 1970."""


class ProviderError(Exception):
    """The message did not leave."""


class Provider(Protocol):
    async def send(self, message: Message) -> None:
        """Raises `ProviderError`."""
        ...

    async def send_text(self, to: str, text: str, locale: str, sent: int) -> None:
        """A message without a code. Raises `ProviderError`."""
        ...


class ConsoleProvider:
    """Shows each code on the terminal and remembers the last ones for `/dev/codes`. For trying things out only."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self.recent: deque[Message] = deque(maxlen=50)

    async def send(self, message: Message) -> None:
        self.recent.appendleft(message)
        self._console.print(Panel.fit(f"[bold]{message.code}[/bold]  for {message.to}", title="one-time code"))

    async def send_text(self, to: str, text: str, locale: str, sent: int) -> None:
        self._console.print(Panel.fit(f"{text}  for {to}", title="text message"))


class QuietProvider:
    """Sends nothing: in test mode every code is known beforehand."""

    async def send(self, message: Message) -> None:
        return

    async def send_text(self, to: str, text: str, locale: str, sent: int) -> None:
        return


class HttpProvider:
    """One templated request to an SMS API for each message (see `HttpSms`). Any answer but 2xx is a failure."""

    def __init__(self, options: HttpSms, client: httpx.AsyncClient | None = None) -> None:
        self._options = options
        self._client = client or httpx.AsyncClient(timeout=options.timeout_s)

    async def send(self, message: Message) -> None:
        options = self._options
        body = fill(options.body, message, self._escape()).encode()
        headers = dict(options.headers)
        if options.signature_secret is not None:
            digest = hmac.new(options.signature_secret.encode(), body, hashlib.sha256).hexdigest()
            headers[options.signature_header] = f"sha256={digest}"
        url = fill(options.url, message, _for_url)
        try:
            answer = await self._client.request(options.method, url, content=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("sms provider unreachable", error=type(error).__name__)
            raise ProviderError("unreachable") from error
        if not answer.is_success:
            log.warning("sms provider refused", status=answer.status_code)
            raise ProviderError(f"status {answer.status_code}")

    async def send_text(self, to: str, text: str, locale: str, sent: int) -> None:
        """By the same request; `{code}` is empty in it."""
        await self.send(Message(to, "", text, locale, sent))

    async def close(self) -> None:
        await self._client.aclose()

    def _escape(self) -> "Escape":
        types = [value for name, value in self._options.headers.items() if name.lower() == "content-type"]
        kind = types[0].partition(";")[0].strip().lower() if types else ""
        if kind == "application/x-www-form-urlencoded":
            return _for_url
        return _for_json if kind.endswith("json") else _as_it_is


class Escape(Protocol):
    def __call__(self, text: str, /) -> str: ...


def fill(template: str, message: Message, escape: Escape) -> str:
    """`template` with its four places filled. A single pass: what is filled in is never looked at again."""
    values = {"to": message.to, "code": message.code, "text": message.text, "locale": message.locale}
    filled, rest = [], template
    while rest:
        before, brace, after = rest.partition("{")
        filled.append(before)
        name, close, behind = after.partition("}")
        if brace and close and name in values:
            filled.append(escape(values[name]))
            rest = behind
        else:
            filled.append(brace)
            rest = after
    return "".join(filled)


def _for_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _for_url(text: str) -> str:
    return quote(text, safe="")


def _as_it_is(text: str) -> str:
    return text
