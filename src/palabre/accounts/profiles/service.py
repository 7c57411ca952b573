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
SEARCH_BATCH = 100
SEARCH_ROUNDS = 10
"""Matches that are looked at before a search ends with what it has."""

Findable = Callable[[str, list[str]], Awaitable[Collection[str]]]


async def _nobody(user_id: str, others: list[str]) -> Collection[str]:
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
        self.findable: Findable = _nobody
        """`(searcher, people)`: which of the people the searcher may find in the directory. Set by the domain that
        knows rooms; until then nobody is found."""
        database.listen(self._heard, self._cache.clear)

    def _heard(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for _, stream, key in entries:
                if stream == "profile":
                    self._cache.forget(key)

    async def get(self, user_id: str, tx: Transaction | None = None) -> Profile:
        """The profile, empty where there is none. In a transaction, pass it."""
        found = await self._cache.load(user_id, lambda: self._store.get(tx or self._database, user_id), tx)
        return found or Profile(user_id, {})

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
        if not folded or len(folded) > MAX_DISPLAY_NAME:
            return [], False
        escaped = re.sub(r"([!%_])", r"!\1", folded)
        found: list[str] = []
        more = True
        for batch in range(SEARCH_ROUNDS):
            matches = await self._store.search(self._database, f"%{escaped}%", SEARCH_BATCH, batch * SEARCH_BATCH)
            allowed = await self.findable(user_id, matches)
            found += [other for other in matches if other in allowed]
            more = len(matches) == SEARCH_BATCH
            if len(found) > limit or not more:
                break
        profiles = [await self.get(other) for other in found[:limit]]
        results = [Found(profile.user_id, profile.displayname, profile.avatar_url) for profile in profiles]
        return results, more or len(found) > limit


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
