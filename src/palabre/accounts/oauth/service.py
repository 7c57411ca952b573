"""The rules of OAuth: registering clients, asking people, and giving out tokens once."""

import re
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError, InvalidRequestError, UnauthorizedClientError
from msgspec.structs import replace

from ...core import errors, ids, json
from ...core.clock import Clock
from ...core.errors import ApiError
from ...http.limits import RateLimits
from ...storage.database import Database, Transaction
from ..hashing import token_hash
from ..sessions.models import Tokens
from ..sessions.service import Sessions
from .models import DEVICE_CODE_GRANT, Answer, Authorization, Client, Code, DeviceRequest, full_scope, parse_scope
from .protocol import Exchange, Found, Question, error_body
from .store import OAuthStore

Pairs = list[tuple[str, str]]

CODE_MS = 5 * 60 * 1000
KEEP_SPENT_MS = 60 * 60 * 1000
"""How long a code that expired is still recognised when it comes again."""
SLOWER_S = 5
_CLIENT_ID = re.compile(r"[A-Z2-7]{26}")
_NOT_IN_USER_CODE = re.compile(r"[^BCDFGHJKLMNPQRSTVWXZ]")


class Refused(Exception):  # noqa: N818  (it is an answer, not a failure)
    """An authorization request that goes back to the client with an error, at `location`."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class OAuth:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: RateLimits,
        sessions: Sessions,
        base_url: str,
        store: OAuthStore | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._sessions = sessions
        self._base_url = base_url
        self._store = store or OAuthStore()

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """For `AccountHooks`: codes and requests of devices that wait for an answer."""
        await self._store.forget(tx, user_id)

    # clients

    async def register(self, body: bytes) -> Answer:
        """RFC 7591 section 3. Registering the same metadata again gives the same client."""
        from .registration import register  # its libraries take a sixth of the start, and most starts never need them

        try:
            registered = register(body, self._base_url)
        except OAuth2Error as error:
            return error_body(error)
        client_id, now = registered["client_id"], self._clock.ms()

        async def work(tx: Transaction) -> None:
            await self._store.put_client(tx, client_id, json.encode(registered), now)

        if await self._store.client(self._database, client_id) is None:
            await self._database.write(work)
        return 201, {**registered, "client_id_issued_at": now // 1000}

    async def client(self, client_id: str | None) -> Client | None:
        if client_id is None or not _CLIENT_ID.fullmatch(client_id):
            return None
        return await self._store.client(self._database, client_id)

    # the authorization code flow

    async def authorization(self, query: Pairs) -> Authorization:
        """The question behind an authorization request (Client-Server API, "Authorisation code flow").

        Raises `Refused` where the client is to be told what is wrong, and 400 `M_INVALID_PARAM` where nobody can be
        sent anywhere, because the client or its redirect address is not known.
        """
        asked = dict(query)
        client = await self.client(asked.get("client_id"))
        fragment = asked.get("response_mode") == "fragment"
        exchange = Exchange(self._base_url, Found(client=client))
        try:
            redirect_uri = exchange.consent(Question("GET", query))
            if asked.get("response_mode", "query") not in ("query", "fragment"):
                raise InvalidRequestError("response_mode must be query or fragment.", redirect_uri=redirect_uri)
        except OAuth2Error as error:
            if not error.redirect_uri:
                raise errors.invalid_param("The app sent a request that this server cannot answer.") from None
            raise Refused(_location(error.redirect_uri, asked.get("state"), dict(error.get_body()), fragment)) from None
        assert client is not None
        return Authorization(
            client=client,
            redirect_uri=redirect_uri,
            scope=parse_scope(asked.get("scope")),
            state=asked.get("state"),
            fragment=fragment,
            code_challenge=asked["code_challenge"],
            wants_account="create" in asked.get("prompt", "").split(),
        )

    async def approve(self, authorization: Authorization, user_id: str) -> str:
        """The person says yes. Returns where to send them, with a code that the client turns into tokens."""
        code, now = ids.secret("pc_"), self._clock.ms()
        stored = Code(
            client_id=authorization.client.client_id,
            user_id=user_id,
            redirect_uri=authorization.redirect_uri,
            scope=authorization.scope.text,
            code_challenge=authorization.code_challenge,
            expires=now + CODE_MS,
        )

        async def work(tx: Transaction) -> None:
            await self._store.delete_expired(tx, now - KEEP_SPENT_MS)
            await self._store.put_code(tx, token_hash(code), stored)

        await self._database.write(work)
        return _location(authorization.redirect_uri, authorization.state, {"code": code}, authorization.fragment)

    def deny(self, authorization: Authorization) -> str:
        """The person says no. Returns where to send them."""
        refusal = dict(AccessDeniedError().get_body())
        return _location(authorization.redirect_uri, authorization.state, refusal, authorization.fragment)

    # tokens

    async def token(self, form: Pairs, address: str) -> Answer:
        """The token endpoint: RFC 6749 sections 4.1.3 and 6, RFC 8628 section 3.4."""
        asked = dict(form)
        found = Found(client=await self.client(asked.get("client_id")))
        grant = asked.get("grant_type")
        if grant == "authorization_code":
            found.code = await self._store.code(self._database, token_hash(asked.get("code", "")))
        elif grant == DEVICE_CODE_GRANT:
            found.device = await self._poll(asked.get("device_code", ""))
        try:
            grant = Exchange(self._base_url, found).token_request(Question("POST", form))
            assert found.client is not None
            if grant == "authorization_code":
                return await self._redeem(asked["code"], found.client, address)
            if grant == DEVICE_CODE_GRANT:
                return await self._let_in(asked["device_code"], found.client, address)
            return await self._refresh(asked["refresh_token"], found.client)
        except OAuth2Error as error:
            return error_body(error)
        except ApiError as error:
            if error.status >= 429:
                raise
            return error_body(InvalidGrantError("This sign-in is no longer valid. Start again."))

    async def _redeem(self, code: str, client: Client, address: str) -> Answer:
        """Tokens for a code, once. One that comes again was stolen, so what was made of it ends (RFC 6749, 4.1.2)."""
        code_hash, now = token_hash(code), self._clock.ms()

        async def work(tx: Transaction) -> tuple[Tokens, str] | None:
            stored = await self._store.code(tx, code_hash)
            if stored is None or (not stored.spent and stored.expires <= now):
                return None
            scope = parse_scope(stored.scope)
            if stored.spent:
                await self._sessions.delete_device(tx, stored.user_id, scope.device_id)
                return None
            await self._store.spend_code(tx, code_hash)
            tokens = await self._sessions.create_in(
                tx, stored.user_id, scope.device_id, client.name, True, address, client.client_id
            )
            return tokens, scope.text

        made = await self._database.write(work)
        if made is None:
            raise InvalidGrantError("The code has expired or was used before.")
        return _tokens(*made)

    async def _refresh(self, refresh_token: str, client: Client) -> Answer:
        tokens = await self._sessions.refresh(refresh_token, client.client_id)
        return _tokens(tokens, full_scope(tokens.device_id))

    async def revoke(self, form: Pairs) -> Answer:
        """RFC 7009. Ends both tokens and signs the device out, whoever asks: a leaked token is better dead."""
        asked = dict(form)
        if not asked.get("token"):
            return error_body(InvalidRequestError("Missing 'token' in request."))
        await self._sessions.revoke(asked["token"])
        return 200, {}

    # the device flow

    async def device_authorization(self, form: Pairs) -> Answer:
        """RFC 8628 section 3.1: the codes for a device that has no browser."""
        asked = dict(form)
        found = Found(client=await self.client(asked.get("client_id")))
        try:
            answer = Exchange(self._base_url, found).device_authorization(Question("POST", form))
            assert found.client is not None
            if not found.client.check_grant_type(DEVICE_CODE_GRANT):
                raise UnauthorizedClientError("The client did not register for the device code grant.")
        except OAuth2Error as error:
            return error_body(error)
        now = self._clock.ms()
        device = DeviceRequest(
            user_code=_plain(answer["user_code"]),
            client_id=found.client.client_id,
            scope=parse_scope(asked.get("scope")).text,
            expires=now + answer["expires_in"] * 1000,
            pause=answer["interval"],
            polled=0,
            user_id=None,
            approved=None,
        )

        async def work(tx: Transaction) -> None:
            await self._store.delete_expired(tx, now - KEEP_SPENT_MS)
            await self._store.put_device(tx, token_hash(answer["device_code"]), device)

        await self._database.write(work)
        return 200, answer

    async def waiting_device(self, user_code: str, address: str) -> tuple[DeviceRequest, Client]:
        """The device that shows this code and waits. Raises 404, or 429 to whoever tries many codes."""
        self._limits.check("oauth.user_code", address)
        device = await self._store.device_by_user_code(self._database, _plain(user_code))
        client = await self.client(device.client_id) if device else None
        if device is None or client is None or device.approved is not None or device.expires <= self._clock.ms():
            raise errors.not_found("No device is waiting with this code.")
        return device, client

    async def answer_device(self, user_code: str, user_id: str, *, approved: bool) -> None:
        """The person lets the device in, or not. Raises 404 when it does not wait any more."""
        now = self._clock.ms()

        async def work(tx: Transaction) -> None:
            device = await self._store.device_by_user_code(tx, _plain(user_code))
            if device is None or device.approved is not None or device.expires <= now:
                raise errors.not_found("No device is waiting with this code.")
            await self._store.answer_device(tx, device.user_code, user_id, approved)

        await self._database.write(work)

    async def _poll(self, device_code: str) -> DeviceRequest | None:
        """The state of a waiting device; one that asks too early must wait longer from now on (RFC 8628, 3.5)."""
        device_hash, now = token_hash(device_code), self._clock.ms()

        async def work(tx: Transaction) -> DeviceRequest | None:
            device = await self._store.device(tx, device_hash)
            if device is None:
                return None
            hurried = now < device.polled + device.pause * 1000
            pause = device.pause + SLOWER_S if hurried else device.pause
            await self._store.polled(tx, device_hash, now, pause)
            return replace(device, expired=device.expires <= now, hurried=hurried)

        return await self._database.write(work)

    async def _let_in(self, device_code: str, client: Client, address: str) -> Answer:
        device_hash = token_hash(device_code)

        async def work(tx: Transaction) -> tuple[Tokens, str] | None:
            device = await self._store.device(tx, device_hash)
            if device is None or device.user_id is None or not await self._store.take_device(tx, device_hash):
                return None
            scope = parse_scope(device.scope)
            tokens = await self._sessions.create_in(
                tx, device.user_id, scope.device_id, client.name, True, address, client.client_id
            )
            return tokens, scope.text

        made = await self._database.write(work)
        if made is None:
            raise InvalidGrantError("The device code was used before.")
        return _tokens(*made)


def _tokens(tokens: Tokens, scope: str) -> Answer:
    """RFC 6749 section 5.1."""
    body: dict[str, Any] = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": (tokens.expires_in_ms or 0) // 1000,
        "refresh_token": tokens.refresh_token,
        "scope": scope,
    }
    return 200, body


def _location(redirect_uri: str, state: str | None, answer: dict[str, Any], fragment: bool) -> str:
    """The redirect address with an answer in its query or its fragment."""
    params = [*answer.items(), *([("state", state)] if state else [])]
    return str(add_params_to_uri(redirect_uri, params, fragment))


def _plain(user_code: str) -> str:
    """A code as people type it: without case, dash or space."""
    return _NOT_IN_USER_CODE.sub("", user_code.upper())[:16]
