"""Signing the terminal in by phone number and code, and remembering it."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import httpx
import msgspec

from . import files
from .wording import Refusal

DEVICE_NAME = "palabre chat"
UNREACHABLE = "unreachable"
DECLINED = "declined"
YES, NO = {"y", "yes", "o", "oui"}, {"n", "no", "non"}
_BEGIN_AGAIN = {"M_SESSION_EXPIRED", "M_NO_VALID_SESSION", "M_THREEPID_AUTH_FAILED"}
"""The code is used up: only a new one helps."""


class Credentials(msgspec.Struct):
    homeserver: str
    user_id: str
    device_id: str
    access_token: str


def load(folder: Path) -> Credentials | None:
    """The account of this folder, if one is signed in."""
    path = folder / files.ACCOUNT
    return msgspec.json.decode(path.read_bytes(), type=Credentials) if path.exists() else None


def save(folder: Path, credentials: Credentials) -> None:
    files.write(folder / files.ACCOUNT, msgspec.json.encode(credentials))


class Ask(Protocol):
    def __call__(self, question: str, /, **values: str) -> Awaitable[str]:
        """Asks the person the question of a text key and returns what they typed, which may be nothing."""
        ...


Tell = Callable[[Refusal], None]


class SignIn:
    """The three calls of `/_palabre/v1/sign-in`, with a person answering. What is wrong is said, and asked again."""

    def __init__(self, homeserver: str, language: str, ask: Ask, tell: Tell) -> None:
        self._homeserver = homeserver
        self._language = language
        self._headers = {"Accept-Language": language}
        self._ask = ask
        self._tell = tell

    async def run(self) -> Credentials:
        """Raises `Refusal`: `unreachable` when nobody answers, `declined` for terms not accepted."""
        async with httpx.AsyncClient(
            base_url=self._homeserver, headers=self._headers, trust_env=False, timeout=30
        ) as http:
            await self._get(http)
            while True:
                try:
                    return await self._once(http)
                except Refusal as refusal:
                    if refusal.code not in _BEGIN_AGAIN:
                        raise
                    self._tell(refusal)

    async def _once(self, http: httpx.AsyncClient) -> Credentials:
        secret = secrets.token_urlsafe(24)
        phone, sent = await self._answered(
            "phone", lambda phone: self._post(http, "code", {"phone": phone, "client_secret": secret})
        )
        known = {"sid": sent["sid"], "client_secret": secret}

        async def check(code: str) -> dict[str, Any]:
            if code:
                return await self._post(http, "verify", {**known, "code": code})
            return {"again": await self._post(http, "code", {"phone": phone, "client_secret": secret})}

        _, match = await self._answered("code", check, may_be_empty=True)
        while "again" in match:
            known["sid"] = match["again"]["sid"]
            _, match = await self._answered("code", check, may_be_empty=True)
        session = await self._complete(http, known, match)
        return Credentials(self._homeserver, session["user_id"], session["device_id"], session["access_token"])

    async def _complete(self, http: httpx.AsyncClient, known: dict[str, Any], match: dict[str, Any]) -> dict[str, Any]:
        device = {**known, "initial_device_display_name": DEVICE_NAME}

        async def named(name: str) -> dict[str, Any]:
            terms = match["terms"]
            while True:
                new = {"display_name": name, "start_fresh": not match["is_new"], "terms": await self._agreed(terms)}
                try:
                    return await self._post(http, "complete", {**device, **new})
                except Refusal as refusal:
                    if refusal.code != "M_CONSENT_NOT_GIVEN":
                        raise
                    self._tell(refusal)
                    terms = refusal.values["terms"]

        async def unlocked(pin: str) -> dict[str, Any]:
            return await self._post(http, "complete", {**device, "pin": pin}) if pin else {}

        if match["is_new"]:
            return (await self._answered("name", named))[1]
        if not match["needs_pin"]:
            return await self._post(http, "complete", device)
        can_leave: bool = match["can_start_fresh"]
        question = "pin_or_fresh" if can_leave else "pin"
        session = (await self._answered(question, unlocked, may_be_empty=can_leave))[1]
        return session or (await self._answered("name", named))[1]

    async def _agreed(self, terms: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Show each of the terms and ask; what was accepted, for the server."""
        accepted: list[dict[str, Any]] = []
        for one in terms:
            locale = self._language if self._language in one["locales"] else next(iter(one["locales"]))
            words = one["locales"][locale]
            shown = {"name": words["name"], "version": one["version"], "url": words["url"]}
            if not await self._yes("terms", **shown, summary=words["summary"].strip()):
                raise Refusal(DECLINED, "The terms were declined, so there is no account.")
            choices = {
                row["id"]: await self._yes(
                    "terms_option", text=row["text"].get(locale) or next(iter(row["text"].values()))
                )
                for row in one["optional"]
            }
            named = {name: one[name] for name in ("id", "version", "edition")}
            accepted.append({**named, "locale": locale, "hash": words["hash"], "choices": choices})
        return accepted

    async def _yes(self, question: str, **values: str) -> bool:
        """Neither yes nor no is the answer until the person types it."""
        while True:
            answer = (await self._ask(question, **values)).lower()
            if answer in YES | NO:
                return answer in YES

    async def _answered(
        self, question: str, use: Callable[[str], Awaitable[dict[str, Any]]], *, may_be_empty: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """Ask until the server takes the answer; the answer, and what the server said to it."""
        while True:
            answer = await self._ask(question)
            if not answer and not may_be_empty:
                continue
            try:
                return answer, await use(answer)
            except Refusal as refusal:
                if refusal.code in _BEGIN_AGAIN or refusal.code in (UNREACHABLE, DECLINED):
                    raise
                self._tell(refusal)

    async def _get(self, http: httpx.AsyncClient) -> None:
        """Find out that nobody is there before the person has typed anything."""
        try:
            (await http.get("/_matrix/client/versions")).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL):
            raise self._unreachable() from None

    async def _post(self, http: httpx.AsyncClient, name: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await http.post(f"/_palabre/v1/sign-in/{name}", json=body)
        except httpx.TransportError:
            raise self._unreachable() from None
        return read(answer)

    def _unreachable(self) -> Refusal:
        return Refusal(UNREACHABLE, f"No server answers at {self._homeserver}.", server=self._homeserver)


def read(answer: httpx.Response) -> dict[str, Any]:
    """The body of a success. Raises `Refusal` otherwise."""
    is_json = answer.headers.get("content-type", "").partition(";")[0].endswith("json")
    found: dict[str, Any] = answer.json() if is_json else {}
    if answer.is_success:
        return found
    text = found.pop("title", None) or found.pop("error", None) or f"HTTP {answer.status_code}"
    code = found.pop("code", None) or found.pop("errcode", None) or str(answer.status_code)
    raise Refusal(code, text, **{key: value for key, value in found.items() if key not in ("status", "type")})
