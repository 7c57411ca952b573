"""The device authorization grant (RFC 8628)."""

from datetime import timedelta
from typing import Any

import pytest

from ..api import Homeserver
from ..pages.browser import Browser
from ..pages.conftest import MoveClock
from .app import API, DEVICE, DEVICE_GRANT, METADATA, App, new_app, refused, register


async def begin(app: App) -> dict[str, Any]:
    form = {"client_id": app.client_id, "scope": f"{API} {DEVICE}{app.device_id}"}
    answer = await app.http.post("/_palabre/oauth/device", data=form)
    assert answer.status_code == 200, answer.text
    waiting: dict[str, Any] = answer.json()
    return waiting


async def poll(app: App, waiting: dict[str, Any]) -> Any:
    return await app.token(grant_type=DEVICE_GRANT, device_code=waiting["device_code"])


def path(waiting: dict[str, Any]) -> str:
    address: str = waiting["verification_uri_complete"]
    return "/account/device" + address.partition("/account/device")[2]


async def test_a_device_is_let_in_from_a_browser_elsewhere(oauth_app: App) -> None:
    waiting = await begin(oauth_app)
    assert refused(await poll(oauth_app, waiting), "authorization_pending")
    await oauth_app.browser.open(path(waiting))
    await oauth_app.browser.sign_up()
    assert waiting["user_code"] in oauth_app.browser.page.text
    page = await oauth_app.browser.submit(answer="allow")
    assert "device is signed in" in page.text
    answer = await poll(oauth_app, waiting)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert (await oauth_app.whoami(tokens["access_token"])).json()["device_id"] == oauth_app.device_id
    assert (await oauth_app.refresh(tokens["refresh_token"])).status_code == 200
    assert (await poll(oauth_app, waiting)).status_code == 400


async def test_the_code_can_be_typed_without_care(oauth_app: App) -> None:
    waiting = await begin(oauth_app)
    await oauth_app.browser.open("/account/device")
    await oauth_app.browser.sign_up()
    page = await oauth_app.browser.submit(user_code="BCDF-GHJK")
    assert page.status == 404
    assert "No device is waiting" in page.text
    page = await oauth_app.browser.submit(user_code=waiting["user_code"].lower().replace("-", " "))
    assert "Example app" in page.title


async def test_a_person_may_say_no(oauth_app: App) -> None:
    waiting = await begin(oauth_app)
    await oauth_app.browser.open(path(waiting))
    await oauth_app.browser.sign_up()
    page = await oauth_app.browser.submit(answer="deny")
    assert "not let in" in page.text
    assert refused(await poll(oauth_app, waiting), "access_denied")


async def test_an_answer_is_final(oauth_app: App, client: Homeserver) -> None:
    waiting = await begin(oauth_app)
    await oauth_app.browser.open(path(waiting))
    await oauth_app.browser.sign_up()
    form = oauth_app.browser.page.forms[0]
    await oauth_app.browser.post("/account/device", {**form, "answer": "deny"})
    page = await oauth_app.browser.post("/account/device", {**form, "answer": "allow"})
    assert page.status == 404
    assert refused(await poll(oauth_app, waiting), "access_denied")
    other = Browser(client.http)
    await other.open(path(waiting))
    await other.sign_up()
    assert "No device is waiting" in other.page.text


async def test_asking_too_often_is_answered_with_patience(oauth_app: App, move_clock: MoveClock) -> None:
    waiting = await begin(oauth_app)
    assert waiting["interval"] == 5
    assert refused(await poll(oauth_app, waiting), "authorization_pending")
    assert refused(await poll(oauth_app, waiting), "slow_down")
    await move_clock(timedelta(seconds=8))
    assert refused(await poll(oauth_app, waiting), "slow_down")
    await move_clock(timedelta(seconds=60))
    assert refused(await poll(oauth_app, waiting), "authorization_pending")


async def test_codes_expire(oauth_app: App, move_clock: MoveClock) -> None:
    waiting = await begin(oauth_app)
    await move_clock(timedelta(seconds=waiting["expires_in"] + 1))
    assert refused(await poll(oauth_app, waiting), "expired_token")
    await oauth_app.browser.open(path(waiting))
    await oauth_app.browser.sign_up()
    assert "No device is waiting" in oauth_app.browser.page.text


async def test_a_device_code_serves_only_its_client(oauth_app: App, client: Homeserver) -> None:
    waiting = await begin(oauth_app)
    other = await new_app(client, client_name="Other app")
    assert refused(await poll(other, waiting), "unauthorized_client")
    assert refused(await oauth_app.token(grant_type=DEVICE_GRANT, device_code="nonsense"), "invalid_request")
    assert refused(await oauth_app.token(grant_type=DEVICE_GRANT), "invalid_request")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "A" * 26}, "invalid_client"),
        ({"scope": API}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
async def test_bad_requests(oauth_app: App, changes: dict[str, str], error: str) -> None:
    form = {"client_id": oauth_app.client_id, "scope": f"{API} {DEVICE}ABC", **changes}
    assert refused(await oauth_app.http.post("/_palabre/oauth/device", data=form), error)


async def test_a_client_that_did_not_register_for_it(client: Homeserver) -> None:
    metadata = {**METADATA, "grant_types": ["authorization_code", "refresh_token"]}
    client_id = (await register(client, metadata)).json()["client_id"]
    form = {"client_id": client_id, "scope": f"{API} {DEVICE}ABC"}
    answer = await client.http.post("/_palabre/oauth/device", data=form)
    assert refused(answer, "unauthorized_client")
