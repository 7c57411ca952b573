"""Client registration: RFC 7591 by Authlib, with Matrix's rules (Client-Server API, "Client registration")."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

import msgspec
from authlib.oauth2.rfc7591 import ClientMetadataClaims, InvalidClientMetadataError, InvalidRedirectURIError
from joserfc.errors import JoseError

from ...core import json
from ...core.errors import ApiError
from .models import GRANT_TYPES
from .redirects import is_below, is_redirect, is_web_page

MAX_REDIRECTS = 20


class Metadata(msgspec.Struct, omit_defaults=True):
    """The client metadata that mean something here, with their types; everything else is ignored."""

    client_uri: str | None = None
    redirect_uris: list[str] | None = None
    grant_types: list[str] | None = None
    response_types: list[str] | None = None
    application_type: str | None = None
    client_name: str | None = None
    logo_uri: str | None = None
    tos_uri: str | None = None
    policy_uri: str | None = None
    software_id: str | None = None
    software_version: str | None = None
    contacts: list[str] | None = None


class MatrixClaims(ClientMetadataClaims):
    """Authlib's rules for client metadata with Matrix's on top."""

    REGISTERED_CLAIMS = [*ClientMetadataClaims.REGISTERED_CLAIMS, "application_type"]  # noqa: RUF012  (as Authlib has it)

    def __init__(self, metadata: dict[str, Any], own: str) -> None:
        super().__init__(metadata, {}, {}, {})
        self.own = own

    def validate_client_uri(self) -> None:
        uri = self.get("client_uri")
        if uri is None or not is_web_page(uri, self.own):
            raise InvalidClientMetadataError("client_uri must be an https address without user or password.")

    def validate_client_name(self) -> None:
        name = self.get("client_name")
        if name is not None and not 0 < len(name) <= 100:
            raise InvalidClientMetadataError("client_name must have 1 to 100 characters.")

    def validate_redirect_uris(self) -> None:
        self.validate_client_uri()
        uris = self.setdefault("redirect_uris", [])
        kind = self.setdefault("application_type", "web")
        if kind not in ("web", "native"):
            raise InvalidClientMetadataError("application_type must be web or native.")
        if len(uris) > MAX_REDIRECTS:
            raise InvalidRedirectURIError("There are too many redirect_uris.")
        if not all(is_redirect(uri, kind, self["client_uri"], self.own) for uri in uris):
            raise InvalidRedirectURIError(
                "redirect_uris must be https addresses on the host of client_uri or below it. A native application may "
                "also use a scheme that begins with that host reversed, or a loopback address without a port."
            )

    def validate_grant_types(self) -> None:
        """What we do not know is ignored, as the specification asks."""
        wanted = self.get("grant_types", ["authorization_code"])
        self["grant_types"] = [grant for grant in GRANT_TYPES if grant in wanted]
        if not set(self["grant_types"]) - {"refresh_token"}:
            raise InvalidClientMetadataError("grant_types must name authorization_code or the device code grant.")
        if "authorization_code" in self["grant_types"] and not self["redirect_uris"]:
            raise InvalidRedirectURIError("The authorization code grant needs redirect_uris.")

    def validate_response_types(self) -> None:
        self["response_types"] = ["code"] if "code" in self.get("response_types", ["code"]) else []

    def validate_token_endpoint_auth_method(self) -> None:
        """All clients are public: what identifies them is their redirect address, and PKCE protects the code."""
        self["token_endpoint_auth_method"] = "none"  # noqa: S105  (the method's name)

    def _validate_uri(self, key: str, uri: str | None = None) -> None:
        uri = uri or self.get(key)
        if uri and not (is_web_page(uri, self.own) and is_below(uri, self["client_uri"])):
            raise InvalidClientMetadataError(f"{key} must be an https address on the host of client_uri or below it.")


def register(body: bytes, base_url: str) -> dict[str, Any]:
    """The registered metadata of the client that `body` describes, with its `client_id`.

    The id is a hash of the metadata: the same app on a million phones is one registration. Raises `OAuth2Error`.
    """
    try:
        json.check(body)
        given = msgspec.to_builtins(json.decode(body, Metadata))
    except ApiError:
        raise InvalidClientMetadataError("The body must be a JSON object of client metadata.") from None
    parts = urlsplit(base_url)
    claims = MatrixClaims(given, f"{parts.scheme}://{parts.netloc}")
    try:
        claims.validate()
    except JoseError as error:
        raise InvalidClientMetadataError(str(error.description)) from None
    registered: dict[str, Any] = claims.get_registered_claims()
    digest = hashlib.sha256(json.canonical(registered)).digest()
    return {"client_id": base64.b32encode(digest).decode()[:26], **registered}
