"""What clients read first."""

import pytest

from ..api import Homeserver


@pytest.mark.parametrize(
    "path",
    [
        "/_matrix/client/v1/auth_metadata",
        "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
        "/.well-known/oauth-authorization-server",
    ],
)
async def test_metadata_names_every_endpoint(client: Homeserver, path: str) -> None:
    answer = await client.http.get(path)
    metadata = answer.json()
    assert answer.headers["access-control-allow-origin"] == "*"
    assert metadata["response_types_supported"] == ["code"]
    assert set(metadata["response_modes_supported"]) == {"query", "fragment"}
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert "org.matrix.cross_signing_reset" in metadata["account_management_actions_supported"]
    base = metadata["issuer"].rstrip("/")
    for name in ("token", "registration", "revocation", "device_authorization"):
        endpoint = metadata[f"{name}_endpoint"]
        assert endpoint.startswith(base)
        assert (await client.http.post(endpoint.removeprefix(base), content=b"\xff")).status_code == 400
    endpoint = metadata["authorization_endpoint"].removeprefix(base)
    assert (await client.http.get(endpoint)).status_code == 400


async def test_well_known_names_the_homeserver(client: Homeserver) -> None:
    answer = await client.http.get("/.well-known/matrix/client")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["m.homeserver"]["base_url"].startswith("http")
