"""Rules about profiles (Client-Server API, "Profiles" and "User Directory")."""

import re
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from ...core import errors, json
from ...core.errors import ApiError
from ...storage.database import CommitCache, Database, Entry, Transaction
from ..hooks import AccountHooks
from ..people.service import People
from .models import MAX_FIELD_NAME, MAX_PROFILE, Found, Profile
from .store import ProfileStore

FIELD = re.compile(r"avatar_url|displayname|[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
MAX_DISPLAY_NAME = 256
MAX_AVATAR_URL = 1000
MAX_RESULTS = 50

Visible = Callable[[str], Awaitable[Collection[str]]]


async def _nobody(user_id: str) -> Collection[str]:
    return ()


class Profiles:
    def __init__(
        self, database: Database, people: People, hooks: AccountHooks, store: ProfileStore | None = None
    ) -> None:
        self._database = database
        self._people = people
        self._hooks = hooks
        self._store = store or ProfileStore()
        self._cache: CommitCache[str, Profile] = CommitCache(50_000)
        self._epoch = 0
        self.visible_to: Visible = _nobody
        """Whom somebody may find in the directory: who shares a room with them or is in a public one. Set by the domain
        that knows rooms; until then nobody is found."""
        database.listen(self._heard)

    def _heard(self, entries: list[Entry], own: bool) -> None:
        for entry in entries:
            if entry.stream == "profile":
                self._epoch += 1
                self._cache.forget(entry.key)

    async def get(self, user_id: str, tx: Transaction | None = None) -> Profile:
        """The profile, empty where there is none. In a transaction, pass it."""
        cached = self._cache.get(user_id, tx)
        if cached is not None:
            return cached
        if tx is not None:
            return await self._store.get(tx, user_id)
        epoch = self._epoch
        profile = await self._store.get(self._database, user_id)
        if epoch == self._epoch:
            self._cache.fill(user_id, profile)
        return profile

    async def require(self, user_id: str) -> Profile:
        """The profile of somebody who exists. Raises 404."""
        account = await self._people.get(user_id)
        if account is None or account.status == "erased":
            raise errors.not_found("There is no profile of that name.")
        return await self.get(user_id)

    async def set(self, user_id: str, field: str, value: Any) -> None:
        """Raises 400 `M_INVALID_PARAM`, `M_BAD_JSON`, `M_KEY_TOO_LARGE` or `M_PROFILE_TOO_LARGE`."""

        async def work(tx: Transaction) -> None:
            await self.set_in(tx, user_id, field, value)

        await self._database.write(work)

    async def set_in(self, tx: Transaction, user_id: str, field: str, value: Any) -> None:
        """`set` as part of a transaction."""
        check_field(field)
        value = _checked(field, value)
        if value is None and field in ("displayname", "avatar_url"):
            await self._delete_in(tx, user_id, field)
            return
        profile = await self.get(user_id, tx)
        old = profile.fields.get(field)
        if field in profile.fields and old == value:
            return
        fields = {**profile.fields, field: value}
        if len(json.encode(fields)) > MAX_PROFILE:
            raise ApiError(400, "M_PROFILE_TOO_LARGE", f"A profile has at most {MAX_PROFILE} bytes.")
        folded = value.casefold() if field == "displayname" else None
        await self._store.set(tx, user_id, field, value, folded)
        await self._changed(tx, Profile(user_id, fields), field, old, value)

    async def delete(self, user_id: str, field: str) -> None:
        """Deleting what is not there is fine."""
        check_field(field)

        async def work(tx: Transaction) -> None:
            await self._delete_in(tx, user_id, field)

        await self._database.write(work)

    async def clear(self, tx: Transaction, user_id: str) -> None:
        """Delete the whole profile."""
        for field in (await self.get(user_id, tx)).fields:
            await self._delete_in(tx, user_id, field)

    async def _delete_in(self, tx: Transaction, user_id: str, field: str) -> None:
        profile = await self.get(user_id, tx)
        if field not in profile.fields:
            return
        await self._store.delete(tx, user_id, field)
        rest = {name: value for name, value in profile.fields.items() if name != field}
        await self._changed(tx, Profile(user_id, rest), field, profile.fields[field], None)

    async def _changed(self, tx: Transaction, profile: Profile, field: str, old: Any, new: Any) -> None:
        self._cache.put(profile.user_id, profile, tx)
        tx.advance("profile", profile.user_id)
        for hook in self._hooks.on_profile_changed:
            await hook(tx, profile.user_id, field, old, new)

    async def search(self, user_id: str, term: str, limit: int) -> tuple[list[Found], bool]:
        """People whom `user_id` may find, by part of their name or id, and whether there are more than `limit`."""
        limit = max(1, min(limit, MAX_RESULTS))
        folded = term.strip().casefold()
        among = [other for other in await self.visible_to(user_id) if other != user_id]
        if not folded or not among:
            return [], False
        escaped = re.sub(r"([!%_])", r"!\1", folded)
        found = await self._store.search(self._database, among, f"%{escaped}%", limit + 1)
        profiles = [await self.get(other) for other in found[:limit]]
        results = [Found(profile.user_id, profile.displayname, profile.avatar_url) for profile in profiles]
        return results, len(found) > limit


def check_field(field: str) -> None:
    """Appendices, "Common Namespaced Identifier Grammar". Raises 400."""
    if len(field.encode()) > MAX_FIELD_NAME:
        raise ApiError(400, "M_KEY_TOO_LARGE", f"A profile field's name has at most {MAX_FIELD_NAME} bytes.")
    if not FIELD.fullmatch(field):
        raise errors.invalid_param("This is not a name for a profile field.")


def _checked(field: str, value: Any) -> Any:
    if field == "displayname":
        return _text(field, value, MAX_DISPLAY_NAME)
    if field == "avatar_url":
        return _text(field, value, MAX_AVATAR_URL)
    if field == "m.tz" and not isinstance(value, str):
        raise errors.bad_json("m.tz must be a string.")
    if b"\\u0000" in json.encode(value):
        raise errors.invalid_param("The value contains a NUL character.")
    return value


def _text(field: str, value: Any, longest: int) -> str | None:
    """Text, or None for an empty one, which stands for no value."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise errors.bad_json(f"{field} must be a string.")
    if len(value) > longest:
        raise errors.invalid_param(f"{field} has at most {longest} characters.")
    return value.replace("\x00", "") or None
