"""Dynamic client registration (RFC 7591) with Matrix's rules."""

from typing import Any

import pytest

from ..api import Homeserver
from .app import METADATA, refused, register


async def test_the_answer_says_what_was_registered(client: Homeserver) -> None:
    metadata = {
        **METADATA,
        "client_name#fr": "Exemple",
        "grant_types": [*METADATA["grant_types"], "urn:ietf:params:oauth:grant-type:token-exchange"],
        "response_types": ["code", "id_token"],
        "token_endpoint_auth_method": "client_secret_basic",
        "something_else": {"a": 1},
    }
    answer = await register(client, metadata)
    assert answer.status_code == 201
    body = answer.json()
    assert body["client_id"]
    assert {name: body[name] for name in METADATA} == METADATA
    assert "client_secret" not in body


async def test_the_same_app_is_registered_once(client: Homeserver) -> None:
    first, again = await register(client, METADATA), await register(client, METADATA)
    other = await register(client, {**METADATA, "client_name": "Another app"})
    assert first.json()["client_id"] == again.json()["client_id"] != other.json()["client_id"]


@pytest.mark.parametrize(
    ("kind", "uri"),
    [
        ("web", "https://example.com/callback"),
        ("web", "https://app.example.com:5173/?query=value"),
        ("native", "https://app.example.com/callback"),
        ("native", "com.example.app:/callback"),
        ("native", "com.example:/"),
        ("native", "com.example:callback"),
        ("native", "http://localhost/callback"),
        ("native", "http://127.0.0.1/callback"),
        ("native", "http://[::1]/callback"),
    ],
)
async def test_good_redirect_addresses(client: Homeserver, kind: str, uri: str) -> None:
    answer = await register(client, {**METADATA, "application_type": kind, "redirect_uris": [uri]})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("kind", "uri"),
    [
        ("web", "https://example.com/callback#fragment"),
        ("web", "https://example.com/callback#"),
        ("web", "http://example.com/callback"),
        ("web", "http://localhost/"),
        ("web", "https://user:password@example.com/"),
        ("web", "https://other.com/"),
        ("web", "https://notexample.com/"),
        ("web", "https://example.com.evil.org/"),
        ("web", "https://evil.org\\@example.com/"),
        ("web", "com.example.app:/callback"),
        ("native", "example:/callback"),
        ("native", "com.example.app://callback"),
        ("native", "com.examples:/callback"),
        ("native", "https://localhost/callback"),
        ("native", "http://localhost:1234/callback"),
        ("native", "http://127.0.0.2/callback"),
        ("native", "javascript:alert(1)"),
        ("native", "https://example.com:port/"),
        ("web", "/callback"),
        ("web", ""),
        ("web", "https://exa mple.com/"),
    ],
)
async def test_bad_redirect_addresses(client: Homeserver, kind: str, uri: str) -> None:
    answer = await register(client, {**METADATA, "application_type": kind, "redirect_uris": [uri]})
    assert refused(answer, "invalid_redirect_uri")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_uri": None},
        {"client_uri": "http://example.com/"},
        {"client_uri": "https://me@example.com/"},
        {"client_uri": "https:///path"},
        {"client_uri": 5},
        {"tos_uri": "https://elsewhere.org/"},
        {"policy_uri": "http://example.com/"},
        {"logo_uri": "data:image/png;base64,"},
        {"client_name": ""},
        {"client_name": "x" * 101},
        {"redirect_uris": "https://example.com/"},
        {"redirect_uris": [5]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["refresh_token"]},
        {"application_type": "toaster"},
    ],
)
async def test_bad_metadata(client: Homeserver, changes: dict[str, Any]) -> None:
    assert refused(await register(client, {**METADATA, **changes}), "invalid_client_metadata")


@pytest.mark.parametrize("changes", [{"redirect_uris": []}, {"redirect_uris": ["https://example.com/"] * 21}])
async def test_the_number_of_redirect_addresses(client: Homeserver, changes: dict[str, Any]) -> None:
    assert refused(await register(client, {**METADATA, **changes}), "invalid_redirect_uri")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null", b'{"a":' * 200 + b"1" + b"}" * 200])
async def test_bodies_that_are_no_metadata(client: Homeserver, body: bytes) -> None:
    answer = await client.http.post("/_palabre/oauth/register", content=body)
    assert refused(answer, "invalid_client_metadata")


async def test_a_device_without_a_browser_needs_no_redirect_address(client: Homeserver) -> None:
    metadata = {
        "client_uri": "https://example.com/",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        "response_types": [],
    }
    assert (await register(client, metadata)).status_code == 201
