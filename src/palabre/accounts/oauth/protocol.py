"""Authlib's side of one request.

Authlib is synchronous and our storage is not. So what a request needs is read before (`Found`), Authlib judges, and the
service writes afterwards, checking again inside the transaction what must hold there.
"""

from typing import Any

import msgspec
from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant

from .models import Client, Code, DeviceRequest, Refresh, parse_scope

PUBLIC = ["none"]


class Found(msgspec.Struct):
    """What the database knows about the things that a request names."""

    client: Client | None = None
    code: Code | None = None
    device: DeviceRequest | None = None


class Payload(BasicOAuth2Payload):
    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(dict(pairs))
        self._datalist = {name: [value for key, value in pairs if key == name] for name in self._data}


class Question(OAuth2Request):
    """A request in Authlib's terms.

    Whether the connection is encrypted is for the operator's proxy, so Authlib is given an address it is content with.
    """

    def __init__(self, method: str, pairs: list[tuple[str, str]]) -> None:
        super().__init__(method, "https://localhost/")
        self.payload = Payload(pairs)

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data  # type: ignore[no-any-return]  # Authlib has no types


class MatrixCodeChallenge(CodeChallenge):
    """PKCE is required, with S256."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  (as Authlib has it)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        super().validate_code_challenge(grant, redirect_uri)
        if grant.request.payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method S256 is required.")


class CodeGrant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.found.code
        return found if found is not None and found.client_id == client.client_id else None


class RefreshGrant(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def authenticate_refresh_token(self, refresh_token: str) -> Refresh:
        """Any: it is judged where it is rotated."""
        return Refresh(self.request.payload.scope or "")


class DeviceGrant(DeviceCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def query_device_credential(self, device_code: str) -> DeviceRequest | None:
        return self.server.found.device  # type: ignore[no-any-return]  # Authlib has no types

    def query_user_grant(self, user_code: str) -> tuple[str | None, bool] | None:
        device: DeviceRequest = self.server.found.device
        return None if device.approved is None else (device.user_id, device.approved)

    def should_slow_down(self, credential: DeviceRequest) -> bool:
        return credential.hurried


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    CLIENT_AUTH_METHODS = PUBLIC

    def get_verification_uri(self) -> str:
        return f"{self.server.base_url}/account/device"

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        """Written by the service, which gets `data` as the answer."""


class Exchange(AuthorizationServer):
    """Authlib's authorization server for one request and what was found for it."""

    def __init__(self, base_url: str, found: Found) -> None:
        super().__init__()
        self.base_url = base_url
        self.found = found
        self.register_grant(CodeGrant, [MatrixCodeChallenge(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(DeviceGrant)

    def query_client(self, client_id: str) -> Client | None:
        return self.found.client

    def validate_requested_scope(self, scope: str | None) -> None:
        parse_scope(scope)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Question) -> Question:
        return request

    # the three judgements

    def consent(self, question: Question) -> str:
        """Judge an authorization request. Returns the redirect address; raises `OAuth2Error`."""
        try:
            return str(self.get_consent_grant(question).redirect_uri)
        except ValueError:
            raise InvalidRequestError("The request has characters that it cannot have.") from None

    def token_request(self, question: Question) -> str:
        """Judge a token request. Returns its grant type; raises `OAuth2Error`."""
        try:
            grant = self.get_token_grant(question)
            grant.validate_token_request()
        except ValueError:
            raise InvalidRequestError("The request has characters that it cannot have.") from None
        return str(grant.GRANT_TYPE)

    def device_authorization(self, question: Question) -> dict[str, Any]:
        """Judge a device authorization request. Returns its answer; raises `OAuth2Error`."""
        return dict(DeviceEndpoint(self).create_endpoint_response(question)[1])


def error_body(error: OAuth2Error) -> tuple[int, dict[str, Any]]:
    """RFC 6749 section 5.2."""
    return error.status_code, dict(error.get_body())


def malformed() -> tuple[int, dict[str, Any]]:
    """The answer to a body that is no form, or has a parameter twice (RFC 6749 section 3.2)."""
    return error_body(InvalidRequestError("The body must be a form in which no parameter occurs twice."))
