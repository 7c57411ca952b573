"""Sync and what belongs to it, put together."""

from ...bus import Bus
from ...core.clock import Clock
from ...policy.status import PolicyStatus
from ...storage.database import Database
from ..account_data.routes import AccountDataRoutes
from ..account_data.service import AccountDataService
from ..filters.routes import FilterRoutes
from ..filters.service import FilterService
from ..history.erasure import Erasure
from ..history.visibility import HistoryVisibility
from ..notices.service import Notices
from ..presence.routes import PresenceRoutes
from ..presence.service import PresenceService
from ..push.notifications import NotificationRoutes
from ..push.pushers.routes import PusherRoutes
from ..push.pushers.service import PusherService
from ..push.routes import PushRuleRoutes
from ..push.service import PushRuleService
from ..push.unread import UnreadService
from ..receipts.routes import ReceiptRoutes
from ..receipts.service import ReceiptService
from ..rooms.registry import RoomRegistry
from ..typing.routes import TypingRoutes
from ..typing.service import TypingService
from .locked import Locked
from .notifier import Notifier
from .peers import Peers
from .protocols import Aggregations, DeviceListChanges, KeySupply, ToDevice
from .rooms import RoomArranger
from .routes import SyncRoutes
from .serial import Serial
from .service import SyncService
from .shared import SharedRooms
from .streams.account_data import GlobalAccountDataStream, RoomAccountDataStream
from .streams.policy import PolicyStream
from .streams.presence import PresenceStream
from .streams.receipts import ReceiptStream
from .streams.state import StateStream
from .streams.summary import SummaryStream
from .streams.timeline import TimelineStream
from .streams.to_device import ToDeviceStream
from .streams.typing import TypingStream
from .tracker import Tracker


class Awareness:
    """What happens to a person besides the events of rooms, and noticing all of it.

    `shared` is what device lists are made with; `Sync` is made when they are there.
    """

    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        account_data: AccountDataService,
        bus: Bus,
        server_name: str,
        clock: Clock,
    ) -> None:
        self.tracker = Tracker(database)
        self.serial = Serial(clock)
        self.peers = Peers(bus, self.serial, clock, server_name)
        self.notifier = Notifier(database, registry, self.serial, clock)
        self.shared = SharedRooms(registry, self.tracker)
        self.receipts = ReceiptService(database, registry, account_data, clock)
        self.typing = TypingService(registry, self.notifier, self.serial, self.peers, clock)
        self.presence = PresenceService(registry, self.notifier, self.serial, self.peers, clock)
        self.filters = FilterService(database)
        self.push_rules = PushRuleService(database, account_data)
        self.pushers = PusherService(database, clock)
        self.unread = UnreadService(database, registry, self.receipts, self.push_rules)
        self.routes: list[object] = [
            FilterRoutes(self.filters),
            PresenceRoutes(self.presence, registry, clock),
            PushRuleRoutes(self.push_rules),
            ReceiptRoutes(self.receipts),
            TypingRoutes(self.typing),
            PusherRoutes(self.pushers),
            NotificationRoutes(database, registry, account_data, self.receipts, self.push_rules),
        ]


class Sync:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        account_data: AccountDataService,
        visibility: HistoryVisibility,
        aware: Awareness,
        erasure: Erasure,
        aggregations: Aggregations,
        to_device: ToDevice,
        device_lists: DeviceListChanges,
        keys: KeySupply,
        policy: PolicyStatus,
        notices: Notices,
    ) -> None:
        timeline = TimelineStream(registry, aware.tracker, erasure, aggregations)
        self.receipts = ReceiptStream(aware.receipts, aware.tracker)
        self.typing = TypingStream(aware.typing)
        self.room_account_data = RoomAccountDataStream(account_data, aware.tracker)
        self.account_data = GlobalAccountDataStream(aware.tracker, aware.push_rules)
        self.presence = PresenceStream(aware.presence, aware.shared, aware.serial)
        self.arranger = RoomArranger(
            database,
            visibility,
            timeline,
            StateStream(database),
            SummaryStream(),
            [self.receipts, self.typing],
            self.room_account_data,
            aware.unread,
        )
        policy_stream = PolicyStream(policy)
        locked = Locked(
            database,
            registry,
            aware.tracker,
            aware.serial,
            account_data,
            self.arranger,
            keys,
            policy_stream,
            notices,
        )
        self.service = SyncService(
            database,
            registry,
            aware.tracker,
            aware.notifier,
            aware.serial,
            account_data,
            aware.receipts,
            aware.presence,
            self.arranger,
            [timeline, self.receipts, self.typing, self.room_account_data],
            self.account_data,
            self.presence,
            ToDeviceStream(to_device),
            device_lists,
            keys,
            policy_stream,
            notices,
            locked,
        )
        self.routes: list[object] = [
            SyncRoutes(self.service, aware.filters),
            AccountDataRoutes(account_data, aware.push_rules, policy),
        ]
