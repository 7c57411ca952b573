"""The authorization code flow (Client-Server API, "Authorisation code flow") and its refusals."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from ..api import Homeserver
from ..pages.browser import Browser
from ..pages.conftest import MoveClock
from .app import API, DEVICE, REDIRECT, App, new_app, refused


async def test_an_app_signs_in_with_the_device_id_it_chose(oauth_app: App) -> None:
    tokens = await oauth_app.sign_in()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] > 0
    assert tokens["scope"] == f"{API} {DEVICE}{oauth_app.device_id}"
    whoami = (await oauth_app.whoami(tokens["access_token"])).json()
    assert whoami["device_id"] == oauth_app.device_id
    page = await oauth_app.browser.open("/account/devices")
    assert "Example app" in page.text


async def test_the_consent_page_says_who_asks_and_who_answers(oauth_app: App) -> None:
    await oauth_app.browser.open(oauth_app.authorization())
    await oauth_app.browser.sign_up("Awa Diallo")
    page = oauth_app.browser.page
    assert "Example app" in page.title
    assert "example.com" in page.text
    assert "Awa Diallo" in page.text
    assert "form-action 'self' https://app.example.com;" in page.headers["content-security-policy"]


async def test_the_answer_comes_with_the_state_in_the_query(oauth_app: App) -> None:
    await oauth_app.code()
    assert (oauth_app.browser.left_to or "").startswith(REDIRECT + "?")
    assert oauth_app.answer()["state"] == oauth_app.state


async def test_the_answer_comes_in_the_fragment_when_asked(oauth_app: App) -> None:
    code = await oauth_app.code(response_mode="fragment")
    assert (oauth_app.browser.left_to or "").startswith(REDIRECT + "#")
    assert (await oauth_app.redeem(code)).status_code == 200


@pytest.mark.parametrize("mode", ["query", "fragment"])
async def test_a_person_may_say_no(oauth_app: App, mode: str) -> None:
    await oauth_app.browser.open(oauth_app.authorization(response_mode=mode))
    await oauth_app.browser.sign_up()
    await oauth_app.browser.submit(answer="deny")
    assert oauth_app.answer()["error"] == "access_denied"
    assert oauth_app.answer()["state"] == oauth_app.state


async def test_an_app_can_ask_for_a_new_account(oauth_app: App, move_clock: MoveClock) -> None:
    await oauth_app.browser.open("/account")
    await oauth_app.browser.sign_up("First")
    await move_clock(timedelta(hours=1))
    page = await oauth_app.browser.open(oauth_app.authorization(prompt="create"))
    assert page.path.startswith("/account/sign-in?")
    await oauth_app.browser.sign_up("Second")
    assert "Second" in oauth_app.browser.page.text
    await oauth_app.browser.submit(answer="allow")
    assert oauth_app.answer()["code"]


async def test_the_unstable_scopes_that_clients_still_send(oauth_app: App) -> None:
    scope = (
        "openid urn:matrix:org.matrix.msc2967.client:api:* "
        f"urn:matrix:org.matrix.msc2967.client:device:{oauth_app.device_id}"
    )
    answer = (await oauth_app.redeem(await oauth_app.code(scope=scope))).json()
    assert answer["scope"] == scope.removeprefix("openid ")
    assert (await oauth_app.whoami(answer["access_token"])).json()["device_id"] == oauth_app.device_id


async def test_loopback_redirects_may_use_any_port(client: Homeserver) -> None:
    app = await new_app(client, application_type="native", redirect_uris=["http://127.0.0.1/cb"])
    app.redirect_uri = "http://127.0.0.1:53122/cb"
    assert (await app.redeem(await app.code())).status_code == 200


async def test_an_app_with_a_scheme_of_its_own(client: Homeserver) -> None:
    app = await new_app(client, application_type="native", redirect_uris=["com.example.app:/callback"])
    await app.browser.open(app.authorization())
    await app.browser.sign_up()
    assert "form-action 'self' com.example.app:;" in app.browser.page.headers["content-security-policy"]
    await app.browser.submit(answer="allow")
    assert (app.browser.left_to or "").startswith("com.example.app:/callback?code=")


# requests that are answered on a page, because nobody can be sent anywhere


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "A" * 26},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": REDIRECT + "/more"},
        {"redirect_uri": REDIRECT + "?a=b"},
        {"redirect_uri": "http://app.example.com/callback"},
        {"redirect_uri": '\u00e9"\\'},
        {"redirect_uri": None},
    ],
)
async def test_an_unknown_app_or_redirect_is_not_followed(oauth_app: App, changes: dict[str, str | None]) -> None:
    page = await oauth_app.browser.open(oauth_app.authorization(**changes))
    assert oauth_app.browser.left_to is None
    assert page.status == 400
    assert "did not work" in page.text


# requests that are answered to the app


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": API}, "invalid_scope"),
        ({"scope": f"{API} {DEVICE}ONE {DEVICE}TWO"}, "invalid_scope"),
        ({"scope": f"{DEVICE}ABCDEFGHIJ"}, "invalid_scope"),
        ({"scope": f"{API} {DEVICE}"}, "invalid_scope"),
        ({"scope": f"{API} {DEVICE}" + "x" * 256}, "invalid_scope"),
        ({"scope": f"{API} {DEVICE}\u00e9\u00e9"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
    ],
)
async def test_what_is_wrong_is_told_to_the_app(oauth_app: App, changes: dict[str, str | None], error: str) -> None:
    await oauth_app.browser.open(oauth_app.authorization(**changes))
    assert oauth_app.answer()["error"] == error
    assert oauth_app.answer()["state"] == oauth_app.state


async def test_a_parameter_given_twice_is_refused(oauth_app: App) -> None:
    page = await oauth_app.browser.open(oauth_app.authorization() + "&state=another")
    assert page.status == 400
    assert oauth_app.browser.left_to is None


async def test_consent_from_another_site_is_refused(oauth_app: App) -> None:
    await oauth_app.browser.open(oauth_app.authorization())
    await oauth_app.browser.sign_up()
    form = {**oauth_app.browser.page.forms[0], "answer": "allow"}
    for origin in ("https://app.example.com", "null", None):
        page = await oauth_app.browser.post(oauth_app.authorization(), form, origin)
        assert page.status == 403
        assert oauth_app.browser.left_to is None


async def test_consent_counts_only_for_the_person_who_saw_the_page(oauth_app: App, client: Homeserver) -> None:
    await oauth_app.browser.open(oauth_app.authorization())
    await oauth_app.browser.sign_up("First")
    form = {**oauth_app.browser.page.forms[0], "answer": "allow"}
    await oauth_app.browser.open("/account/sign-in?again=1")
    await oauth_app.browser.sign_up("Second")
    page = await oauth_app.browser.post(oauth_app.authorization(), form)
    assert oauth_app.browser.left_to is None
    assert "Second" in page.text
    nobody = Browser(client.http)
    page = await nobody.post(oauth_app.authorization(), form)
    assert page.path.startswith("/account/sign-in")


# the token endpoint


async def test_a_code_needs_its_verifier(oauth_app: App) -> None:
    code = await oauth_app.code()
    assert refused(await oauth_app.redeem(code, code_verifier="x" * 43), "invalid_grant")
    assert refused(await oauth_app.redeem(code, code_verifier="short"), "invalid_request")
    assert refused(await oauth_app.redeem(code, code_verifier=""), "invalid_request")
    assert (await oauth_app.redeem(code)).status_code == 200


async def test_a_code_needs_its_redirect_address_and_its_client(oauth_app: App, client: Homeserver) -> None:
    code = await oauth_app.code()
    assert refused(await oauth_app.redeem(code, redirect_uri="https://app.example.com/other"), "invalid_grant")
    other = await new_app(client, client_name="Other app")
    assert refused(await oauth_app.redeem(code, client_id=other.client_id), "invalid_grant")
    assert refused(await oauth_app.redeem(code, client_id="A" * 26), "invalid_client")
    assert refused(await oauth_app.redeem("unknown"), "invalid_grant")
    assert (await oauth_app.redeem(code)).status_code == 200


async def test_a_code_used_twice_ends_what_it_gave(oauth_app: App) -> None:
    code = await oauth_app.code()
    tokens = (await oauth_app.redeem(code)).json()
    assert (await oauth_app.whoami(tokens["access_token"])).status_code == 200
    assert refused(await oauth_app.redeem(code), "invalid_grant")
    assert (await oauth_app.whoami(tokens["access_token"])).status_code == 401
    assert refused(await oauth_app.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_a_code_redeemed_at_once_from_two_sides_works_once_at_most(oauth_app: App) -> None:
    code = await oauth_app.code()
    answers = await asyncio.gather(*(oauth_app.redeem(code) for _ in range(5)))
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert (await oauth_app.whoami(good[0]["access_token"])).status_code == 401


async def test_a_code_expires(oauth_app: App, move_clock: MoveClock) -> None:
    code = await oauth_app.code()
    await move_clock(timedelta(minutes=6))
    assert refused(await oauth_app.redeem(code), "invalid_grant")


async def test_grants_that_do_not_exist(oauth_app: App) -> None:
    assert refused(await oauth_app.token(grant_type="password"), "unsupported_grant_type")
    assert refused(await oauth_app.token(), "unsupported_grant_type")
    assert refused(await oauth_app.token(grant_type='\u00e9"\\'), "unsupported_grant_type")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{}", b"a=1&a=2", b"&".join(b"a%d=1" % n for n in range(40))])
async def test_token_bodies_that_are_no_form(oauth_app: App, body: bytes) -> None:
    answer = await oauth_app.http.post("/_palabre/oauth/token", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_request", "unsupported_grant_type")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_deactivated_account_gets_no_tokens(oauth_app: App) -> None:
    code = await oauth_app.code()
    await oauth_app.browser.open("/account/delete")
    await oauth_app.browser.submit(sure="yes")
    assert refused(await oauth_app.redeem(code), "invalid_grant")


# refreshing and revoking


async def test_refreshing_rotates_both_tokens(oauth_app: App) -> None:
    first = await oauth_app.sign_in()
    second = (await oauth_app.refresh(first["refresh_token"])).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    assert (await oauth_app.whoami(second["access_token"])).status_code == 200


async def test_a_refresh_whose_answer_was_lost_can_be_repeated(oauth_app: App) -> None:
    first = await oauth_app.sign_in()
    await oauth_app.refresh(first["refresh_token"])
    again = await oauth_app.refresh(first["refresh_token"])
    assert again.status_code == 200
    assert (await oauth_app.whoami(again.json()["access_token"])).status_code == 200


async def test_a_refresh_token_that_comes_back_ends_the_session(oauth_app: App) -> None:
    first = await oauth_app.sign_in()
    second = (await oauth_app.refresh(first["refresh_token"])).json()
    assert (await oauth_app.whoami(second["access_token"])).status_code == 200
    assert refused(await oauth_app.refresh(first["refresh_token"]), "invalid_grant")
    assert refused(await oauth_app.refresh(second["refresh_token"]), "invalid_grant")
    assert (await oauth_app.whoami(second["access_token"])).status_code == 401


async def test_a_refresh_token_serves_only_its_client(oauth_app: App, client: Homeserver) -> None:
    tokens = await oauth_app.sign_in()
    other = await new_app(client, client_name="Other app")
    assert refused(await other.refresh(tokens["refresh_token"]), "invalid_grant")
    assert refused(await oauth_app.refresh("nonsense"), "invalid_grant")
    assert refused(await oauth_app.token(grant_type="refresh_token"), "invalid_request")
    assert (await oauth_app.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_either_token_signs_the_device_out(oauth_app: App, kind: str) -> None:
    tokens = await oauth_app.sign_in()
    for _ in range(2):
        answer = await oauth_app.http.post(
            "/_palabre/oauth/revoke",
            data={"token": tokens[kind], "token_type_hint": kind, "client_id": oauth_app.client_id},
        )
        assert answer.status_code == 200
    assert (await oauth_app.whoami(tokens["access_token"])).status_code == 401
    assert refused(await oauth_app.refresh(tokens["refresh_token"]), "invalid_grant")
    page = await oauth_app.browser.open("/account/devices")
    assert "Example app" not in page.text


async def test_revoking_nothing_is_refused(oauth_app: App) -> None:
    answer = await oauth_app.http.post("/_palabre/oauth/revoke", data={"client_id": oauth_app.client_id})
    assert refused(answer, "invalid_request")


async def test_signing_out_on_the_account_page_ends_the_tokens(oauth_app: App) -> None:
    tokens = await oauth_app.sign_in()
    page = await oauth_app.browser.open(f"/account?action=org.matrix.device_delete&device_id={oauth_app.device_id}")
    assert urlsplit(page.path).path == f"/account/devices/{oauth_app.device_id}"
    await oauth_app.browser.submit()
    assert (await oauth_app.whoami(tokens["access_token"])).status_code == 401
