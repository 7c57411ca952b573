"""`/account/3pid…`, the `requestToken` endpoints, and where their codes are submitted."""

import re
from typing import Annotated, Literal
from urllib.parse import parse_qsl

import msgspec

from ...core import errors, json
from ...core.errors import ApiError
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..locales import preferred_locale
from ..sign_in import SignIn
from ..uia.service import Uia
from .service import Contacts, Purpose

TAGS = ("Account management",)
CLIENT_SECRET = re.compile(r"[0-9a-zA-Z.=_-]{1,255}")
SUBMIT_PATH = "/_matrix/client/v3/account/3pid/msisdn/submitToken"


class RequestTokenBody(msgspec.Struct):
    client_secret: str
    country: str
    phone_number: str
    send_attempt: Annotated[int, msgspec.Meta(ge=0, le=json.MAX_INT)]


class SubmitBody(msgspec.Struct):
    sid: str
    client_secret: str
    token: str


class Credentials(msgspec.Struct):
    sid: str
    client_secret: str


class AddBody(msgspec.Struct):
    sid: str | None = None
    client_secret: str | None = None
    three_pid_creds: Credentials | None = None
    auth: JsonObject | None = None


class AddressBody(msgspec.Struct):
    medium: Literal["email", "msisdn"]
    address: str


class ContactRoutes:
    def __init__(self, contacts: Contacts, sign_in: SignIn, uia: Uia, public_url: str) -> None:
        self._contacts = contacts
        self._sign_in = sign_in
        self._uia = uia
        self._submit_url = public_url + SUBMIT_PATH

    # codes

    @endpoint(
        "POST",
        "/_matrix/client/v3/register/msisdn/requestToken",
        access="public",
        body=RequestTokenBody,
        tags=TAGS,
    )
    async def token_to_register(self, request: Request, body: RequestTokenBody) -> JsonObject:
        return await self._request_token(request, body, "register")

    @endpoint(
        "POST",
        "/_matrix/client/v3/account/3pid/msisdn/requestToken",
        access="public",
        body=RequestTokenBody,
        tags=TAGS,
    )
    async def token_to_add(self, request: Request, body: RequestTokenBody) -> JsonObject:
        return await self._request_token(request, body, "add")

    @endpoint(
        "POST",
        "/_matrix/client/v3/account/password/msisdn/requestToken",
        access="public",
        body=RequestTokenBody,
        tags=TAGS,
    )
    async def token_to_reset(self, request: Request, body: RequestTokenBody) -> JsonObject:
        return await self._request_token(request, body, "reset")

    async def _request_token(self, request: Request, body: RequestTokenBody, purpose: Purpose) -> JsonObject:
        sent = await self._contacts.request_code(
            purpose,
            phone=body.phone_number,
            country=body.country,
            client_secret=_checked_secret(body.client_secret),
            send_attempt=body.send_attempt,
            address=request.address,
            locale=preferred_locale(request),
        )
        return {"sid": sent.sid, "submit_url": self._submit_url}

    @endpoint(
        "POST",
        "/_matrix/client/v3/register/email/requestToken",
        "/_matrix/client/v3/account/3pid/email/requestToken",
        "/_matrix/client/v3/account/password/email/requestToken",
        access="public",
        body=JsonObject,
        tags=TAGS,
    )
    async def no_email(self, request: Request, body: JsonObject) -> JsonObject:
        raise ApiError(
            400,
            "M_THREEPID_MEDIUM_NOT_SUPPORTED",
            "This server knows people by phone number, not by email address.",
        )

    @endpoint("POST", SUBMIT_PATH, access="public", body=bytes, tags=TAGS)
    async def submit_token(self, request: Request, body: bytes) -> JsonObject:
        """The `submit_url` (Identity Service API, "submitToken"): JSON, or a form from older clients."""
        if (request.header("content-type") or "").startswith("application/x-www-form-urlencoded"):
            body = json.encode(dict(parse_qsl(body.decode("utf-8", "replace"))))
        json.check(body)
        given: SubmitBody = json.decode(body, SubmitBody)
        await self._sign_in.check_code(given.sid, given.token, request.address, _checked_secret(given.client_secret))
        return {"success": True}

    # numbers of an account

    @endpoint("GET", "/_matrix/client/v3/account/3pid", access="account", tags=TAGS)
    async def numbers(self, request: Request) -> JsonObject:
        return {
            "threepids": [
                {
                    "medium": "msisdn",
                    "address": number.e164[1:],
                    "validated_at": number.verified,
                    "added_at": number.added,
                }
                for number in await self._contacts.numbers(request.user_id)
            ]
        }

    @endpoint(
        "POST",
        "/_matrix/client/v3/account/3pid/add",
        "/_matrix/client/v3/account/3pid",
        access="account",
        body=AddBody,
        tags=TAGS,
    )
    async def add(self, request: Request, body: AddBody) -> JsonObject:
        """Both paths ask for authentication; the older one has its credentials in `three_pid_creds`."""
        sid, secret = body.sid, body.client_secret
        if body.three_pid_creds is not None:
            sid, secret = body.three_pid_creds.sid, body.three_pid_creds.client_secret
        if sid is None or secret is None:
            raise errors.missing_param("sid and client_secret are missing.")
        await self._uia.require(request, body.auth, request.user_id, "add_number")
        await self._contacts.add(request.user_id, sid, secret)
        return {}

    @endpoint("POST", "/_matrix/client/v3/account/3pid/delete", access="account", body=AddressBody, tags=TAGS)
    async def delete(self, request: Request, body: AddressBody) -> JsonObject:
        await self._contacts.remove(request.user_id, body.address)
        return {"id_server_unbind_result": "no-support"}

    @endpoint("POST", "/_matrix/client/v3/account/3pid/bind", access="account", body=JsonObject, tags=TAGS)
    async def bind(self, request: Request, body: JsonObject) -> JsonObject:
        raise ApiError(400, "M_SERVER_NOT_TRUSTED", "This server shares phone numbers with no identity server.")

    @endpoint("POST", "/_matrix/client/v3/account/3pid/unbind", access="account", body=AddressBody, tags=TAGS)
    async def unbind(self, request: Request, body: AddressBody) -> JsonObject:
        return {"id_server_unbind_result": "no-support"}


def _checked_secret(client_secret: str) -> str:
    if not CLIENT_SECRET.fullmatch(client_secret):
        raise errors.invalid_param("client_secret consists of 1 to 255 of the characters 0-9 a-z A-Z . = _ -")
    return client_secret
