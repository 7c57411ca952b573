"""Signing devices in and out, and refreshing their tokens (Client-Server API, "Using access tokens")."""

import hmac

from ...core import errors, ids
from ...core.clock import Clock
from ...core.errors import ApiError
from ...storage.database import Database, Reader, Transaction
from ..hashing import token_hash
from ..hooks import AccountHooks
from ..people.service import People
from .models import Device, StoredSession, Tokens
from .store import SessionStore

ACCESS_PREFIX = "pa_"
REFRESH_PREFIX = "pr_"
KEEP_EXPIRED_MS = 24 * 3600 * 1000
"""How long an expired access token is still known, so that a slow client hears "refresh" and not "unknown"."""
MAX_DEVICE_ID = 255
MAX_DISPLAY_NAME = 256


class Sessions:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        hooks: AccountHooks,
        *,
        access_token_ms: int,
        store: SessionStore | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._hooks = hooks
        self._access_token_ms = access_token_ms
        self._store = store or SessionStore()

    async def display_names(self, reader: Reader, user_ids: list[str]) -> dict[str, dict[str, str | None]]:
        """Every device of these people: user id to device id to its name, if it has one."""
        return await self._store.display_names(reader, user_ids)

    # signing in

    async def create(
        self,
        user_id: str,
        device_id: str | None,
        display_name: str | None,
        refresh: bool,
        address: str,
        client_id: str | None = None,
    ) -> Tokens:
        """Sign a device in: a new one, or again one that the person has (its earlier tokens end then).

        With `refresh` the access token expires and a refresh token comes along. `client_id` is the OAuth client.
        Raises 403 `M_USER_DEACTIVATED`, 403 `M_FORBIDDEN` for a device id that a cross-signing key has.
        """

        async def work(tx: Transaction) -> Tokens:
            return await self.create_in(tx, user_id, device_id, display_name, refresh, address, client_id)

        return await self._database.write(work)

    async def create_in(
        self,
        tx: Transaction,
        user_id: str,
        device_id: str | None,
        display_name: str | None,
        refresh: bool,
        address: str,
        client_id: str | None = None,
    ) -> Tokens:
        """`create` as part of a transaction."""
        await self._people.require_active(user_id, tx)
        device_id = _checked_device_id(device_id)
        known = await self._store.device(tx, user_id, device_id)
        if known is None:
            for taken in self._hooks.device_id_taken:
                if await taken(tx, user_id, device_id):
                    raise errors.forbidden("This device ID is the ID of a cross-signing key.")
        for session in await self._store.sessions_of_device(tx, user_id, device_id):
            await self._end_session(tx, session)
        now = self._clock.ms()
        name = known.display_name if known else checked_display_name(display_name)
        created = known.created if known else now
        await self._store.put_device(tx, Device(user_id, device_id, name, created, now, address))
        if known is None:
            for hook in self._hooks.on_device_changed:
                await hook(tx, user_id, device_id)
        self._people.seen(tx, user_id, now)
        return await self._new_session(tx, user_id, device_id, refresh, client_id, now)

    async def _new_session(
        self, tx: Transaction, user_id: str, device_id: str, refresh: bool, client_id: str | None, now: int
    ) -> Tokens:
        access, family, generation = ids.secret(ACCESS_PREFIX), ids.secret(REFRESH_PREFIX), ids.secret()
        session = StoredSession(
            session_id=ids.secret(random_bytes=12),
            user_id=user_id,
            device_id=device_id,
            client_id=client_id,
            family_hash=token_hash(family) if refresh else None,
            current_hash=token_hash(generation) if refresh else None,
            next_hash=None,
            created=now,
        )
        await self._store.insert_session(tx, session)
        life = self._access_token_ms if refresh else None
        expires = now + life if life is not None else None
        await self._store.insert_token(tx, token_hash(access), session, expires, unused=False)
        return Tokens(access, f"{family}.{generation}" if refresh else None, device_id, life)

    # refreshing

    async def refresh(self, refresh_token: str, client_id: str | None = None) -> Tokens:
        """New tokens for a refresh token ("Refreshing access tokens").

        The token stays valid until a successor is used, in case the answer gets lost; one that comes after that ends
        the whole session, because two parties hold it. Raises 401 `M_UNKNOWN_TOKEN`. With `client_id`, only for that
        client.
        """
        family, _, generation = refresh_token.partition(".")
        family_hash, presented = token_hash(family), token_hash(generation)
        now = self._clock.ms()

        async def work(tx: Transaction) -> Tokens | ApiError:
            session = await self._store.family(tx, family_hash)
            if session is None or (client_id is not None and session.client_id != client_id):
                return unknown_token()
            if not _is_generation(session, presented):
                await self._end_session(tx, session)
                return ApiError(
                    401, "M_UNKNOWN_TOKEN", "This refresh token was used before. Sign in again.", soft_logout=True
                )
            access, successor = ids.secret(ACCESS_PREFIX), ids.secret()
            await self._store.delete_expired_tokens(tx, session.session_id, now - KEEP_EXPIRED_MS)
            if presented == session.current_hash:
                await self._store.delete_unused_tokens(tx, session.session_id)
            else:
                await self._store.mark_all_used(tx, session.session_id)
            await self._store.set_generations(tx, session.session_id, presented, token_hash(successor))
            expires = now + self._access_token_ms
            await self._store.insert_token(tx, token_hash(access), session, expires, unused=True)
            return Tokens(access, f"{family}.{successor}", session.device_id, self._access_token_ms)

        outcome = await self._database.write(work)
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    async def confirm(self, token_hash_: bytes) -> None:
        """An access token that came from a refresh is used for the first time: now only its refresh token is valid."""

        async def work(tx: Transaction) -> None:
            token = await self._store.token(tx, token_hash_)
            if token is None or not token.unused:
                return
            await self._store.mark_used(tx, token.token_id)
            session = await self._store.session(tx, token.session_id)
            if session is not None and session.next_hash is not None:
                await self._store.set_generations(tx, session.session_id, session.next_hash, None)

        await self._database.write(work)

    # signing out

    async def revoke(self, token: str, client_id: str | None = None) -> None:
        """Sign out the device that an access or refresh token belongs to; an unknown token is no error (RFC 7009)."""
        family_hash, access_hash = token_hash(token.partition(".")[0]), token_hash(token)

        async def work(tx: Transaction) -> None:
            session = await self._store.family(tx, family_hash)
            if session is None:
                access = await self._store.token(tx, access_hash)
                session = await self._store.session(tx, access.session_id) if access else None
            if session is not None and (client_id is None or session.client_id == client_id):
                await self.delete_device(tx, session.user_id, session.device_id)

        await self._database.write(work)

    async def sign_out(self, user_id: str, device_ids: list[str]) -> None:
        """Delete devices with their tokens, keys and messages. Unknown ones are passed over."""

        async def work(tx: Transaction) -> None:
            for device_id in device_ids:
                await self.delete_device(tx, user_id, device_id)

        await self._database.write(work)

    async def sign_out_everywhere(self, tx: Transaction, user_id: str, *, but: str | None = None) -> None:
        for device in await self._store.devices(tx, user_id):
            if device.device_id != but:
                await self.delete_device(tx, user_id, device.device_id)

    async def delete_device(self, tx: Transaction, user_id: str, device_id: str) -> None:
        if await self._store.device(tx, user_id, device_id) is None:
            return
        for session in await self._store.sessions_of_device(tx, user_id, device_id):
            await self._store.delete_session(tx, session.session_id)
        await self._store.delete_device(tx, user_id, device_id)
        for hook in self._hooks.on_device_deleted:
            await hook(tx, user_id, device_id)
        tx.advance("session", user_id)

    async def _end_session(self, tx: Transaction, session: StoredSession) -> None:
        """End the tokens and keep the device: the person can sign it in again, and its keys go on working."""
        await self._store.delete_session(tx, session.session_id)
        tx.advance("session", session.user_id)

    # devices

    async def device(self, user_id: str, device_id: str) -> Device:
        """Raises 404."""
        device = await self._store.device(self._database, user_id, device_id)
        if device is None:
            raise _no_device()
        return device

    async def devices(self, user_id: str) -> list[Device]:
        return await self._store.devices(self._database, user_id)

    async def rename(self, user_id: str, device_id: str, display_name: str | None) -> None:
        """Raises 404 for an unknown device, 413 for a name beyond 256 characters."""
        name = checked_display_name(display_name)

        async def work(tx: Transaction) -> None:
            device = await self._store.device(tx, user_id, device_id)
            if device is None:
                raise _no_device()
            renamed = Device(user_id, device_id, name, device.created, device.last_seen, device.last_address)
            await self._store.put_device(tx, renamed)
            for hook in self._hooks.on_device_changed:
                await hook(tx, user_id, device_id)

        await self._database.write(work)


def _is_generation(session: StoredSession, presented: bytes) -> bool:
    known = [held for held in (session.current_hash, session.next_hash) if held is not None]
    return any(hmac.compare_digest(presented, held) for held in known)


def _checked_device_id(device_id: str | None) -> str:
    """The id asked for, or a new one. Raises 400 `M_INVALID_PARAM` for what cannot stand in a path."""
    if device_id is None or device_id == "":
        return ids.device_id()
    if len(device_id) > MAX_DEVICE_ID or not device_id.isprintable():
        raise errors.invalid_param(f"A device ID has at most {MAX_DEVICE_ID} characters, all of them printable.")
    return device_id


def checked_display_name(name: str | None) -> str | None:
    if name is not None and len(name) > MAX_DISPLAY_NAME:
        raise errors.too_large(f"A device name has at most {MAX_DISPLAY_NAME} characters.")
    return name


def unknown_token() -> ApiError:
    return ApiError(401, "M_UNKNOWN_TOKEN", "This token is not known. Sign in again.", soft_logout=False)


def _no_device() -> ApiError:
    return errors.not_found("There is no such device.")
