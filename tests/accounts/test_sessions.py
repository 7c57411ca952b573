"""Tokens: refreshing, reuse, expiry, and what is remembered of them."""

import pytest

from palabre.accounts.sessions.authenticator import Authenticator
from palabre.accounts.sessions.models import AccessToken
from palabre.accounts.sessions.store import SessionStore
from palabre.core.errors import ApiError
from palabre.storage.database import Database, Entry, Reader, Unavailable

from .conftest import World

HOME = "192.0.2.1"


async def refused(world: World, token: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await world.authenticator.session(token, HOME)
    return caught.value


async def test_tokens_are_stored_hashed(world: World) -> None:
    tokens = await world.sessions.create(await world.join(), None, None, True, HOME)
    assert tokens.refresh_token is not None
    secrets = [tokens.access_token, *tokens.refresh_token.split(".")]
    for table in ("sessions", "access_tokens"):
        for row in await world.database.fetch(f"SELECT * FROM {table}"):
            stored = [value if isinstance(value, bytes) else str(value).encode() for value in row]
            assert not any(secret.encode() in value for secret in secrets for value in stored)


async def test_without_refresh_a_token_does_not_expire(world: World) -> None:
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, "PHONE", "my phone", False, HOME)
    assert (tokens.refresh_token, tokens.expires_in_ms) == (None, None)
    world.wait(days=300)
    session = await world.authenticator.session(tokens.access_token, HOME)
    assert (session.user_id, session.device_id) == (user_id, "PHONE")


async def test_an_expired_token_is_a_soft_logout(world: World) -> None:
    tokens = await world.sessions.create(await world.join(), None, None, True, HOME)
    await world.authenticator.session(tokens.access_token, HOME)
    world.wait(seconds=61)
    error = await refused(world, tokens.access_token)
    assert (error.errcode, error.extra["soft_logout"]) == ("M_UNKNOWN_TOKEN", True)
    assert (await refused(world, "nonsense")).extra["soft_logout"] is False
    refreshed = await world.sessions.refresh(tokens.refresh_token or "")
    assert refreshed.device_id == tokens.device_id
    await world.authenticator.session(refreshed.access_token, HOME)


async def test_a_lost_answer_does_not_sign_out(world: World) -> None:
    tokens = await world.sessions.create(await world.join(), None, None, True, HOME)
    lost = await world.sessions.refresh(tokens.refresh_token or "")
    kept = await world.sessions.refresh(tokens.refresh_token or "")
    await world.authenticator.session(kept.access_token, HOME)
    assert (await refused(world, lost.access_token)).status == 401
    await world.sessions.refresh(kept.refresh_token or "")


@pytest.mark.parametrize("used", ["access", "refresh"])
async def test_a_refresh_token_used_after_its_successor_ends_the_session(world: World, used: str) -> None:
    tokens = await world.sessions.create(await world.join(), None, None, True, HOME)
    second = await world.sessions.refresh(tokens.refresh_token or "")
    if used == "access":
        await world.authenticator.session(second.access_token, HOME)
    else:
        second = await world.sessions.refresh(second.refresh_token or "")
        await world.authenticator.session(second.access_token, HOME)
    with pytest.raises(ApiError) as caught:
        await world.sessions.refresh(tokens.refresh_token or "")
    assert caught.value.errcode == "M_UNKNOWN_TOKEN"
    await refused(world, second.access_token)
    with pytest.raises(ApiError):
        await world.sessions.refresh(second.refresh_token or "")


async def test_a_late_first_use_of_an_old_access_token_does_not_revoke_the_newer_refresh_token(world: World) -> None:
    tokens = await world.sessions.create(await world.join(), None, None, True, HOME)
    second = await world.sessions.refresh(tokens.refresh_token or "")
    await world.sessions.refresh(second.refresh_token or "")  # its answer gets lost
    await world.authenticator.session(second.access_token, HOME)
    await world.sessions.refresh(second.refresh_token or "")


async def test_a_refresh_token_belongs_to_its_client(world: World) -> None:
    tokens = await world.sessions.create(await world.join(), None, None, True, HOME, "app")
    with pytest.raises(ApiError):
        await world.sessions.refresh(tokens.refresh_token or "", "another")
    await world.sessions.refresh(tokens.refresh_token or "", "app")


async def test_signing_in_again_on_a_device_ends_its_earlier_token(world: World) -> None:
    user_id = await world.join()
    first = await world.sessions.create(user_id, "PHONE", "my phone", False, HOME)
    await world.authenticator.session(first.access_token, HOME)
    second = await world.sessions.create(user_id, "PHONE", "other name", False, HOME)
    await refused(world, first.access_token)
    await world.authenticator.session(second.access_token, HOME)
    [device] = await world.sessions.devices(user_id)
    assert device.display_name == "my phone"


@pytest.mark.parametrize("which", ["access", "refresh"])
async def test_revoking_either_token_signs_the_device_out(world: World, which: str) -> None:
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, None, None, True, HOME)
    await world.sessions.revoke(tokens.access_token if which == "access" else tokens.refresh_token or "")
    await refused(world, tokens.access_token)
    assert await world.sessions.devices(user_id) == []
    await world.sessions.revoke("unknown")


async def test_device_hooks_run_with_the_deletion(world: World) -> None:
    deleted: list[tuple[str, str]] = []

    async def hook(tx: object, user_id: str, device_id: str) -> None:
        deleted.append((user_id, device_id))

    world.accounts.hooks.on_device_deleted.append(hook)
    user_id = await world.join()
    await world.sessions.create(user_id, "A", None, False, HOME)
    await world.sessions.sign_out(user_id, ["A", "unknown"])
    assert deleted == [(user_id, "A")]


async def test_known_tokens_cost_no_query(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = await world.sessions.create(await world.join(), None, None, False, HOME)
    session = await world.authenticator.session(tokens.access_token, HOME)

    async def no_query(*args: object) -> object:
        raise AssertionError("a query")

    monkeypatch.setattr(world.database, "fetch", no_query)
    assert await world.authenticator.session(tokens.access_token, HOME) is session


async def test_what_another_process_ends_is_dropped(world: World, database: Database) -> None:
    """The other process is played by a second authenticator that never heard of the token, and by its log entry."""
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, None, None, False, HOME)
    other = Authenticator(database, world.clock, world.people, world.sessions)
    await other.session(tokens.access_token, HOME)
    await database.write(lambda tx: tx.execute("DELETE FROM access_tokens"))
    await other.session(tokens.access_token, HOME)
    for listener, _ in database._listeners:
        listener([Entry(database.position, "session", user_id)], False)
    with pytest.raises(ApiError):
        await other.session(tokens.access_token, HOME)


async def test_last_seen_is_written_once_an_hour(world: World) -> None:
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, "A", None, False, HOME)
    world.wait(minutes=10)
    await world.authenticator.session(tokens.access_token, "198.51.100.7")
    seen_at = world.clock.ms()
    device = await world.sessions.device(user_id, "A")
    assert device.last_address == HOME
    seen, address = world.authenticator.seen(device)
    assert address == "198.51.100.7"
    assert seen == pytest.approx(seen_at, abs=1000)
    await world.authenticator.flush()
    assert (await world.sessions.device(user_id, "A")).last_address == "198.51.100.7"
    world.wait(minutes=10)
    await world.authenticator.session(tokens.access_token, "203.0.113.9")
    await world.authenticator.flush()
    assert (await world.sessions.device(user_id, "A")).last_address == "198.51.100.7"
    await world.authenticator.flush(all_of_it=True)
    assert (await world.sessions.device(user_id, "A")).last_address == "203.0.113.9"
    assert await world.people.last_seen(user_id) == pytest.approx(world.clock.ms(), abs=1000)


async def test_a_deactivated_account_cannot_sign_in(world: World) -> None:
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, None, None, False, HOME)
    await world.authenticator.session(tokens.access_token, HOME)
    await world.accounts.lifecycle.deactivate(user_id, erase=False)
    await refused(world, tokens.access_token)
    with pytest.raises(ApiError) as caught:
        await world.sessions.create(user_id, None, None, False, HOME)
    assert caught.value.errcode == "M_USER_DEACTIVATED"


@pytest.mark.parametrize("device_id", ["x" * 256, "a\x00b", "a\nb"])
async def test_strange_device_ids_are_refused(world: World, device_id: str) -> None:
    user_id = await world.join()
    with pytest.raises(ApiError) as caught:
        await world.sessions.create(user_id, device_id, None, False, HOME)
    assert caught.value.status == 400


async def test_a_look_up_overtaken_by_a_sign_out_is_not_remembered(world: World) -> None:
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, "A", None, False, HOME)

    class Slow(SessionStore):
        async def token(self, reader: Reader, token_hash: bytes) -> AccessToken | None:
            found = await super().token(reader, token_hash)
            await world.sessions.sign_out(user_id, ["A"])
            return found

    authenticator = Authenticator(world.database, world.clock, world.people, world.sessions, Slow())
    await authenticator.session(tokens.access_token, HOME)
    with pytest.raises(ApiError):
        await authenticator.session(tokens.access_token, HOME)


async def test_what_could_not_be_written_is_written_next_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = await world.join()
    tokens = await world.sessions.create(user_id, "A", None, False, HOME)
    world.wait(hours=2)
    await world.authenticator.session(tokens.access_token, "198.51.100.7")
    write = world.database.write

    async def fails(work: object) -> object:
        raise Unavailable("gone")

    monkeypatch.setattr(world.database, "write", fails)
    with pytest.raises(Unavailable):
        await world.authenticator.flush()
    monkeypatch.setattr(world.database, "write", write)
    await world.authenticator.flush()

    assert (await world.sessions.device(user_id, "A")).last_address == "198.51.100.7"


async def test_other_peoples_sign_outs_do_not_keep_a_token_from_being_remembered(world: World) -> None:
    """At any moment somebody signs out somewhere; only one's own sign-out makes what was just read worthless."""
    ada, bea = await world.join(), await world.join("+33612345679")
    heard: list[str] = []

    class Slow(SessionStore):
        async def token(self, reader: Reader, token_hash: bytes) -> AccessToken | None:
            found = await super().token(reader, token_hash)
            for user_id in heard:
                for listener, _ in world.database._listeners:
                    listener([Entry(world.database.position, "session", user_id)], False)
            return found

    tokens = await world.sessions.create(ada, None, None, False, HOME)
    remembers = Authenticator(world.database, world.clock, world.people, world.sessions, Slow())
    forgets = Authenticator(world.database, world.clock, world.people, world.sessions, Slow())
    heard[:] = [bea]
    await remembers.session(tokens.access_token, HOME)
    heard[:] = [ada]
    await forgets.session(tokens.access_token, HOME)

    assert len(remembers._known) == 0, "heard of it later, from the other's look-up"
    heard[:] = [bea]
    session = await remembers.session(tokens.access_token, HOME)
    assert await remembers.session(tokens.access_token, HOME) is session
    assert len(forgets._known) == 0
