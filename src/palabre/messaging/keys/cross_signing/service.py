"""The rules of cross-signing: Client-Server API, module "End-to-End Encryption", section "Cross-signing"."""

import msgspec

from ....core import errors
from ....core.errors import ApiError
from ....core.json import JsonObject
from ....storage.database import Database, Reader, Transaction
from ..checks import require_user_ids, signable, signatures_by
from ..device_lists.service import DeviceListService
from ..devices import store as device_store
from ..protocols import Devices
from . import store
from .models import CrossSigningKey, Keys, PublicKey, Signature, SignaturesBody, SigningBody, Usage, View
from .signing import is_public_key, signed_by


def invalid_signature(error: str) -> ApiError:
    return ApiError(400, "M_INVALID_SIGNATURE", error)


def parse(user_id: str, body: SigningBody) -> Keys:
    """The keys of a request. Raises `M_BAD_JSON` or `M_INVALID_PARAM` for what is no key of that person and usage."""
    given: dict[Usage, JsonObject | None] = {
        "master": body.master_key,
        "self_signing": body.self_signing_key,
        "user_signing": body.user_signing_key,
    }
    return {usage: _parse(user_id, usage, key) for usage, key in given.items() if key is not None}


def _parse(user_id: str, usage: Usage, key: JsonObject) -> PublicKey:
    try:
        typed = msgspec.convert(key, CrossSigningKey)
    except msgspec.ValidationError as error:
        raise errors.bad_json(f"This is not a cross-signing key: {error}.") from None
    if typed.user_id != user_id:
        raise errors.invalid_param("A cross-signing key must name your own user id.")
    if usage not in typed.usage:
        raise errors.invalid_param(f"The usage of this key must be {usage}.")
    names = list(typed.keys.items())
    if len(names) != 1 or names[0][0] != f"ed25519:{names[0][1]}" or not is_public_key(names[0][1]):
        raise errors.invalid_param("keys must have one member, ed25519:<public key in unpadded base64>: <the same>.")
    return PublicKey(usage, names[0][1], {name: value for name, value in key.items() if name != "unsigned"})


class CrossSigningService:
    def __init__(self, database: Database, devices: Devices, lists: DeviceListService) -> None:
        self._database = database
        self._devices = devices
        self._lists = lists

    async def view(self, viewer_id: str, user_ids: list[str]) -> View:
        """What `viewer_id` may see of these people's cross-signing keys and of the signatures on their keys."""
        keys = await store.keys_of(self._database, user_ids)
        return View(viewer_id, keys, await store.signatures_on(self._database, user_ids, viewer_id))

    async def upload_keys(self, user_id: str, new: Keys, *, confirmed: bool) -> bool:
        """Store cross-signing keys.

        Returns false, and changes nothing, where existing keys would change and the person has not `confirmed` by
        user-interactive authentication. Raises `M_MISSING_PARAM` without a master key, `M_INVALID_SIGNATURE` for
        another key that it did not sign, 403 for a key that is named like a device.
        """

        async def work(tx: Transaction) -> bool:
            old = (await store.keys_of(tx, [user_id])).get(user_id, {})
            master = new.get("master") or old.get("master")
            if master is None:
                raise errors.missing_param("Upload a master key first, or with the others.")
            changed = _changed(old, new)
            await self._check(tx, user_id, master, changed)
            if not changed:
                return True
            if "master" in old and not confirmed:
                return False
            await self._replace(tx, user_id, old, changed)
            return True

        return await self._database.write(work)

    async def _check(self, tx: Transaction, user_id: str, master: PublicKey, changed: Keys) -> None:
        device_ids = (await self._devices.display_names(tx, [user_id])).get(user_id, {}) if changed else {}
        for usage, key in changed.items():
            if key.public_key in device_ids:
                raise errors.forbidden("One of your devices has the id of this key.")
            if usage != "master" and not signed_by(key.key, user_id, master.key_id, master.public_key):
                raise invalid_signature("This key is not signed by the master key.")

    async def _replace(self, tx: Transaction, user_id: str, old: Keys, changed: Keys) -> None:
        """Store what changed. With the master key go the keys that it signed, with each key what it signed."""
        kept = {key.public_key for key in changed.values()}
        for usage, key in old.items():
            if usage in changed or "master" in changed:
                await store.delete_key(tx, user_id, usage)
                if key.public_key not in kept:
                    await store.forget_signatures(tx, user_id, key.public_key)
        for key in changed.values():
            await store.set_key(tx, user_id, key)
        if set(changed) == {"user_signing"}:
            self._lists.mark_for(tx, user_id, user_id)
        else:
            self._lists.mark(tx, user_id)

    async def upload_signatures(self, user_id: str, body: SignaturesBody) -> dict[str, dict[str, JsonObject]]:
        """Store signatures by `user_id`. Returns the error of each that was refused, by user id and target.

        Taken are: signatures of the self-signing key on one's own devices, of one's devices on one's own master key,
        and of the user-signing key on the master keys of others, which only the signer will see.
        """
        require_user_ids(body)
        user_ids = list({user_id, *body})
        keys = await store.keys_of(self._database, user_ids)
        devices = {device_id: device for _, device_id, device in await device_store.keys_of(self._database, [user_id])}
        known = {*await store.signatures_on(self._database, user_ids, user_id)}
        new: list[Signature] = []
        failures: dict[str, dict[str, JsonObject]] = {}
        for target_id, targets in body.items():
            for target, signed in targets.items():
                try:
                    made = _check_signed(user_id, target_id, target, signed, keys, devices)
                    new.extend(signature for signature in made if signature not in known)
                except ApiError as error:
                    failures.setdefault(target_id, {})[target] = error.matrix()

        async def work(tx: Transaction) -> None:
            for signature in new:
                store.add_signature(tx, signature)
            for target_id in {signature.user_id for signature in new}:
                if target_id == user_id:
                    self._lists.mark(tx, user_id)
                else:
                    self._lists.mark_for(tx, user_id, target_id)

        if new:
            await self._database.write(work)
        return failures

    # hooks

    async def device_id_taken(self, reader: Reader, user_id: str, device_id: str) -> bool:
        """Hook of `accounts`: a device must not have the id of a cross-signing key."""
        return await store.has_public_key(reader, user_id, device_id)

    async def forget_device(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """Drop the signatures on and by a device that is gone or has other keys now."""
        await store.forget_signatures(tx, user_id, device_id)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of `accounts`."""
        await store.forget_person(tx, user_id)
        self._lists.mark(tx, user_id)


def _changed(old: Keys, new: Keys) -> Keys:
    """Those of `new` that are not there already. A new master key has to sign the others anew, so then all are."""

    def same(usage: Usage) -> bool:
        return usage in old and usage in new and signable(old[usage].key) == signable(new[usage].key)

    if "master" in new and not same("master"):
        return new
    return {usage: key for usage, key in new.items() if not same(usage)}


def _check_signed(
    user_id: str,
    target_id: str,
    target: str,
    signed: JsonObject,
    keys: dict[str, Keys],
    devices: dict[str, JsonObject],
) -> list[Signature]:
    """The signatures of `user_id` on `signed`, which claims to be the key `target` of `target_id`, all of them good."""
    own = keys.get(user_id, {})
    master = keys.get(target_id, {}).get("master")
    signers: dict[str, str] = {}
    """Key id to public key, of the keys whose signature on this target is taken."""
    if master is not None and master.public_key == target:
        original = master.key
        if target_id != user_id:
            signers = _signer(own.get("user_signing"))
        else:
            for device_id, device in devices.items():
                if public_key := device["keys"].get(f"ed25519:{device_id}"):
                    signers[f"ed25519:{device_id}"] = public_key
    elif target_id == user_id and target in devices:
        original, signers = devices[target], _signer(own.get("self_signing"))
    else:
        raise errors.not_found("There is no such key.")
    if signable(original) != signable(signed):
        raise errors.invalid_param("The signed key is not the one that was uploaded.")
    made = []
    for key_id, signature in signatures_by(signed, user_id).items():
        if key_id in signers:
            if not signed_by(signed, user_id, key_id, signers[key_id]):
                raise invalid_signature("The signature is not good.")
            made.append(Signature(target_id, target, user_id, key_id, signature))
    if not made:
        raise invalid_signature("There is no signature by a key that may sign this one.")
    return made


def _signer(key: PublicKey | None) -> dict[str, str]:
    return {} if key is None else {key.key_id: key.public_key}
