"""The rules for getting into an account by phone number."""

import pytest

from palabre.accounts.people.password import PasswordChange
from palabre.core.errors import ApiError

from .conftest import NUMBER, World


async def test_a_new_number_makes_an_account_with_an_opaque_id(world: World) -> None:
    verified = await world.verify()
    match = await world.sign_in.account_for(verified)
    assert match.is_new
    assert match.user_id is None
    user_id = await world.sign_in.create_account(verified, "Ada", "fr")
    assert "612345678" not in user_id
    account = await world.people.get(user_id)
    assert account is not None
    assert (account.region, account.locale) == ("FR", "fr")
    assert (await world.accounts.profiles.get(user_id)).displayname == "Ada"


async def test_a_verification_is_used_once(world: World) -> None:
    verified = await world.verify()
    await world.sign_in.create_account(verified, None, None)
    with pytest.raises(ApiError, match="not been verified"):
        await world.sign_in.create_account(verified, None, None)
    with pytest.raises(ApiError, match="not been verified"):
        await world.sign_in.open_account(verified)


async def test_the_number_opens_its_account(world: World) -> None:
    user_id = await world.join()
    world.wait(days=44)
    verified = await world.verify()
    assert (await world.sign_in.account_for(verified)).user_id == user_id
    with pytest.raises(ApiError) as caught:
        await world.sign_in.create_account(verified, None, None)
    assert caught.value.errcode == "M_THREEPID_IN_USE"
    assert await world.sign_in.open_account(verified) == user_id


async def test_an_account_left_long_ago_is_not_opened(world: World) -> None:
    old = await world.join()
    tokens = await world.sessions.create(old, None, None, False, "192.0.2.1")
    world.wait(days=46)
    verified = await world.verify()
    match = await world.sign_in.account_for(verified)
    assert match.is_new
    assert match.user_id is None
    with pytest.raises(ApiError):
        await world.sign_in.open_account(verified)
    new = await world.sign_in.create_account(verified, None, None)
    assert new != old
    assert [number.user_id for number in await world.people.numbers_of(new)] == [new]
    assert await world.people.numbers_of(old) == []
    # The old account's owner keeps it on the devices where it is signed in.
    session = await world.authenticator.session(tokens.access_token, "192.0.2.1")
    assert session.user_id == old


async def test_an_account_in_use_stays_with_its_number(world: World) -> None:
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, None, None, False, "192.0.2.1")
    world.wait(days=40)
    await world.authenticator.session(tokens.access_token, "192.0.2.1")
    await world.authenticator.flush()
    world.wait(days=40)
    assert (await world.sign_in.account_for(await world.verify())).user_id == user_id


async def test_a_pin_is_asked_for(world: World) -> None:
    user_id = await world.join()
    await world.people.set_pin(user_id, "1234")
    verified = await world.verify()
    match = await world.sign_in.account_for(verified)
    assert (match.user_id, match.needs_pin, match.can_start_fresh) == (user_id, True, False)
    for pin in (None, "9999"):
        with pytest.raises(ApiError) as caught:
            await world.sign_in.open_account(verified, pin)
        assert caught.value.errcode == "M_FORBIDDEN"
    assert await world.sign_in.open_account(verified, "1234") == user_id


async def test_a_pin_is_never_passed_but_left_behind_after_a_week(world: World) -> None:
    old = await world.join()
    await world.people.set_pin(old, "1234")
    verified = await world.verify()
    with pytest.raises(ApiError):
        await world.sign_in.create_account(verified, None, None, start_fresh=True)
    world.wait(days=8)
    verified = await world.verify()
    assert (await world.sign_in.account_for(verified)).can_start_fresh
    with pytest.raises(ApiError):
        await world.sign_in.create_account(verified, None, None)
    new = await world.sign_in.create_account(verified, None, None, start_fresh=True)
    assert new != old
    world.wait(days=100)
    assert (await world.sign_in.account_for(await world.verify())).user_id != old


async def test_wrong_pins_close_the_door(world: World) -> None:
    user_id = await world.join()
    await world.people.set_pin(user_id, "1234")
    for _ in range(5):
        with pytest.raises(ApiError) as caught:
            await world.sign_in.check_pin(user_id, "9999")
        assert caught.value.status == 403
    with pytest.raises(ApiError) as caught:
        await world.sign_in.check_pin(user_id, "1234")
    assert caught.value.status == 429
    world.wait(minutes=1, seconds=1)
    with pytest.raises(ApiError):
        await world.sign_in.check_pin(user_id, "9999")
    world.wait(minutes=1, seconds=30)
    with pytest.raises(ApiError) as caught:
        await world.sign_in.check_pin(user_id, "1234")
    assert caught.value.status == 429
    world.wait(minutes=1)
    await world.sign_in.check_pin(user_id, "1234")
    await world.sign_in.check_pin(user_id, "1234")


async def test_a_number_alone_does_not_set_a_password_past_a_pin(world: World) -> None:
    passwords = PasswordChange(world.database, world.people, world.sessions, world.sign_in)
    user_id = await world.join()
    await passwords.reset(await world.verify(), await world.people.hash_password("first"), sign_out=False)
    await world.people.set_pin(user_id, "1234")
    verified = await world.verify()
    with pytest.raises(ApiError) as caught:
        await passwords.reset(verified, await world.people.hash_password("second"), sign_out=False)
    assert caught.value.errcode == "M_FORBIDDEN"
    assert await world.people.check_password(user_id, "first")


async def test_a_number_is_free_after_deactivation(world: World) -> None:
    user_id = await world.join()
    await world.accounts.lifecycle.deactivate(user_id, erase=True)
    assert await world.join(NUMBER) != user_id


@pytest.mark.parametrize("pin", ["", "123", "12a4", "1" * 21, "１２３４"])
async def test_what_is_no_pin_is_refused(world: World, pin: str) -> None:
    user_id = await world.join()
    with pytest.raises(ApiError) as caught:
        await world.people.set_pin(user_id, pin)
    assert caught.value.status == 400
