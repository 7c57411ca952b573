"""What each level leaves open: the one table, in the documentation word for word (docs/policy.md)."""

from ..http.endpoint import Access
from .rollouts.models import Level

_ALWAYS: frozenset[Access] = frozenset(("public", "account", "operator"))
"""Sign-in, sync, terms, decisions, export, support, keys, sign-out, deletion."""

OPEN: dict[Level, frozenset[Access]] = {
    **dict.fromkeys((Level.NONE, Level.NOTICE, Level.REMINDER), _ALWAYS | {"read", "send", "rooms", "calls"}),
    Level.LIMITED: _ALWAYS | {"read"},
    **dict.fromkeys((Level.LOCKED, Level.DELETION_SCHEDULED, Level.DELETED), _ALWAYS),
}
