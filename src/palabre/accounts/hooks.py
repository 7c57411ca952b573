"""Where other domains take part in changes to an account. A hook runs inside the transaction that makes the change."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ..storage.database import Reader, Transaction

OnDevice = Callable[[Transaction, str, str], Awaitable[None]]
OnDeactivated = Callable[[Transaction, str, bool], Awaitable[None]]
OnProfileChanged = Callable[[Transaction, str, str, Any, Any], Awaitable[None]]
OnAccountCreated = Callable[[Transaction, str], Awaitable[None]]
OnTermsAccepted = Callable[[Transaction, str, dict[str, Any]], Awaitable[None]]
DeviceIdTaken = Callable[[Reader, str, str], Awaitable[bool]]


@dataclass
class AccountHooks:
    """Lists that later domains append to when the server is put together."""

    on_device_deleted: list[OnDevice] = field(default_factory=list)
    """`(tx, user_id, device_id)`: forget the device's keys, messages, pushers."""
    on_device_changed: list[OnDevice] = field(default_factory=list)
    """`(tx, user_id, device_id)`: a device was added or renamed; others may want to know."""
    on_deactivated: list[OnDeactivated] = field(default_factory=list)
    """`(tx, user_id, erase)`: leave rooms, drop personal data; `erase` asks for redaction of what the person wrote."""
    on_profile_changed: list[OnProfileChanged] = field(default_factory=list)
    """`(tx, user_id, field, old, new)`: `None` stands for absent."""
    on_account_created: list[OnAccountCreated] = field(default_factory=list)
    """`(tx, user_id)`"""
    on_terms_accepted: list[OnTermsAccepted] = field(default_factory=list)
    """`(tx, user_id, policies)`: a new person agreed to these, in the form of `m.login.terms`."""
    device_id_taken: list[DeviceIdTaken] = field(default_factory=list)
    """`(reader, user_id, device_id)`: true where a new device must not have that id (a cross-signing key has it)."""
