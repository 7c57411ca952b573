"""What `/sync` is asked, and what it answers. Client-server API, section "Syncing"."""

from typing import Any

import msgspec

from ..account_data.models import AccountData
from ..filters.models import Filter
from .token import Token

Json = msgspec.Raw


class SyncRequest(msgspec.Struct, frozen=True):
    """One device's request."""

    user_id: str
    device_id: str
    since: Token | None
    filter: Filter
    full_state: bool = False
    use_state_after: bool = False


class Window(msgspec.Struct, frozen=True):
    """Who is brought from where (`since`; None: from nothing) to where."""

    request: SyncRequest
    data: AccountData
    """The person's account data."""
    since: Token | None
    upto: Token

    @property
    def user_id(self) -> str:
        return self.request.user_id

    @property
    def filter(self) -> Filter:
        return self.request.filter

    @property
    def after(self) -> int:
        """Position after which things are news."""
        return 0 if self.since is None else self.since.pos


# the answer


class Events(msgspec.Struct):
    events: list[Json]


class TimelineSection(msgspec.Struct):
    events: list[Json]
    limited: bool
    prev_batch: str


class UnreadSection(msgspec.Struct):
    notification_count: int
    highlight_count: int


class JoinedRoom(msgspec.Struct, omit_defaults=True):
    timeline: TimelineSection
    summary: dict[str, Any]
    ephemeral: Events
    account_data: Events
    unread_notifications: UnreadSection
    state: Events | None = None
    state_after: Events | None = None
    unread_thread_notifications: dict[str, UnreadSection] | None = None


class LeftRoom(msgspec.Struct, omit_defaults=True):
    timeline: TimelineSection
    account_data: Events
    state: Events | None = None
    state_after: Events | None = None


class InvitedRoom(msgspec.Struct):
    invite_state: Events


class KnockedRoom(msgspec.Struct):
    knock_state: Events


class Rooms(msgspec.Struct, omit_defaults=True):
    join: dict[str, JoinedRoom] = {}
    invite: dict[str, InvitedRoom] = {}
    knock: dict[str, KnockedRoom] = {}
    leave: dict[str, LeftRoom] = {}

    def __bool__(self) -> bool:
        return bool(self.join or self.invite or self.knock or self.leave)


class DeviceListsSection(msgspec.Struct, omit_defaults=True):
    changed: list[str] = []
    left: list[str] = []


class SyncResponse(msgspec.Struct, omit_defaults=True):
    next_batch: str
    device_one_time_keys_count: dict[str, int] | None = None
    device_unused_fallback_key_types: list[str] | None = None
    rooms: Rooms | None = None
    account_data: Events | None = None
    presence: Events | None = None
    to_device: Events | None = None
    device_lists: DeviceListsSection | None = None

    @property
    def has_news(self) -> bool:
        return not (
            self.rooms is None
            and self.account_data is None
            and self.presence is None
            and self.to_device is None
            and self.device_lists is None
        )


NO_EVENTS = Events([])
