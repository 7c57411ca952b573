"""Everything about messaging, put together."""

from ..accounts.compose import Accounts
from ..bus import Bus
from ..core.clock import Clock
from ..core.housekeeping import Housekeeping
from ..core.json import JsonObject
from ..policy.compose import Policy
from ..storage.database import Database, Transaction
from .account_data.service import AccountDataService
from .directory.routes import DirectoryRoutes
from .directory.service import DirectoryService
from .export.routes import ExportRoutes
from .export.service import Export
from .history.erasure import Erasure
from .history.routes import HistoryRoutes
from .history.service import HistoryService
from .history.visibility import HistoryVisibility
from .keys.backup.routes import BackupRoutes
from .keys.backup.service import BackupService
from .keys.cross_signing.routes import CrossSigningRoutes
from .keys.cross_signing.service import CrossSigningService
from .keys.device_lists.routes import DeviceListRoutes
from .keys.device_lists.service import DeviceListService
from .keys.devices.routes import DeviceKeyRoutes
from .keys.devices.service import DeviceKeyService
from .keys.one_time.routes import OneTimeKeyRoutes
from .keys.one_time.service import OneTimeKeyService
from .legacy.compose import legacy_routes
from .notices.service import Notices
from .openid.routes import OpenIdRoutes
from .openid.service import OpenIdService
from .relations.routes import RelationRoutes
from .relations.service import RelationService
from .reports.routes import ReportRoutes
from .reports.service import ReportService
from .rooms.registry import RoomRegistry
from .rooms.routes import RoomRoutes
from .rooms.service import RoomService
from .rooms.timeline import Timeline
from .search.routes import SearchRoutes
from .search.service import SearchService
from .server.routes import ServerRoutes
from .spaces.routes import SpaceRoutes
from .spaces.service import SpaceService
from .sync.compose import Awareness, Sync
from .sync.token import Token
from .to_device.routes import ToDeviceRoutes
from .to_device.service import ToDeviceService
from .upgrade.routes import UpgradeRoutes
from .upgrade.service import UpgradeService
from .users.acquaintance import Acquaintance
from .users.routes import UserRoutes

KEEP_TRANSACTIONS_MS = 30 * 24 * 3600 * 1000
"""How long a device may repeat a to-device request under its old transaction id."""


class RoomPeople:
    """What rooms need of accounts."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def exists(self, user_id: str) -> bool:
        account = await self._accounts.people.get(user_id)
        return account is not None and account.is_active

    async def is_erased(self, user_id: str) -> bool:
        account = await self._accounts.people.get(user_id)
        return account is not None and account.status == "erased"

    async def is_guest(self, user_id: str, tx: Transaction | None = None) -> bool:
        account = await self._accounts.people.get(user_id, tx)
        return account is not None and account.is_guest

    async def member_profile(self, user_id: str) -> JsonObject:
        fields = (await self._accounts.profiles.get(user_id)).fields
        return {name: fields[name] for name in ("displayname", "avatar_url") if name in fields}


class Messaging:
    """The services, by name, and the routes on top of them."""

    def __init__(
        self,
        accounts: Accounts,
        database: Database,
        bus: Bus,
        clock: Clock,
        policy: Policy,
        server_name: str,
        *,
        encrypt_private_rooms: bool,
    ) -> None:
        self.housekeeping = Housekeeping()
        self.registry = RoomRegistry(database)
        self.timeline = Timeline(self.registry, clock)
        self.account_data = AccountDataService(database)
        people = RoomPeople(accounts)
        self.rooms = RoomService(
            database,
            self.registry,
            self.timeline,
            people,
            self.account_data,
            clock,
            server_name,
            encrypt_private=encrypt_private_rooms,
        )
        self.notices = Notices(
            database,
            clock,
            self.registry,
            self.timeline,
            self.account_data,
            accounts.people,
            policy.gate,
            policy.catalogues,
            policy.decisions,
            policy.texts,
            server_name,
        )
        self.rooms.may_leave.append(self.notices.may_leave)
        accounts.hooks.on_deactivated.append(self.notices.on_deactivated)
        self.visibility = HistoryVisibility(database, self.registry)
        self.history = HistoryService(database, self.visibility, self.account_data)
        self.erasure = Erasure(database, self.registry, people)
        self.relations = RelationService(database, self.timeline, self.visibility, self.erasure, self.account_data)
        self.directory = DirectoryService(database, self.registry, self.timeline, self.visibility, server_name)
        self.upgrades = UpgradeService(database, self.registry, self.timeline, clock, server_name)
        self.spaces = SpaceService(self.registry)
        self.search = SearchService(database, self.registry, self.visibility, self.erasure, self.account_data)
        self.reports = ReportService(database, self.registry, people, clock)
        self.openid = OpenIdService(database, clock)
        self.aware = Awareness(database, self.registry, self.account_data, bus, server_name, clock)
        self.routes: list[object] = [
            RoomRoutes(self.rooms, self.directory, self.aware.presence.active),
            HistoryRoutes(self.history, self.relations),
            RelationRoutes(self.relations, database),
            DirectoryRoutes(self.directory),
            UpgradeRoutes(self.upgrades),
            SpaceRoutes(self.spaces, self.directory, policy.gate),
            SearchRoutes(self.search, self.relations),
            ReportRoutes(self.reports),
            UserRoutes(self.registry, accounts.sessions),
            OpenIdRoutes(self.openid, server_name),
            ServerRoutes(),
        ]
        self._encryption(accounts, database, clock)
        self.sync = Sync(
            database,
            self.registry,
            self.account_data,
            self.visibility,
            self.aware,
            self.erasure,
            self.relations,
            self.to_device,
            self.device_lists,
            self.one_time_keys,
            policy.status,
            self.notices,
        )
        legacy = legacy_routes(
            database,
            self.registry,
            self.visibility,
            self.history,
            self.erasure,
            people,
            self.directory,
            self.aware,
            self.sync,
        )
        self.export = Export(
            database,
            clock,
            accounts.people,
            accounts.profiles,
            accounts.sessions,
            accounts.authenticator,
            policy.decisions,
            policy.records,
            self.registry,
            self.account_data,
            self.aware.pushers,
        )
        self.routes += [*self.aware.routes, *self.sync.routes, legacy, ExportRoutes(self.export)]
        accounts.hooks.on_device_deleted.append(self.aware.pushers.on_device_deleted)
        accounts.hooks.on_deactivated += [self.aware.pushers.on_deactivated, self.account_data.on_deactivated]
        self.rooms.on_forgotten.append(self.account_data.forget_room)
        self.timeline.on_followed += [self.account_data.carry_over, self.aware.push_rules.carry_over]
        accounts.profiles.findable = Acquaintance(self.registry).findable
        accounts.hooks.on_profile_changed.append(self.rooms.profile_changed)
        accounts.hooks.on_deactivated += [
            self.rooms.leave_all,
            self.directory.on_deactivated,
            self.reports.on_deactivated,
            self.openid.on_deactivated,
            self.aware.receipts.on_deactivated,
            self.aware.filters.on_deactivated,
        ]

    def _encryption(self, accounts: Accounts, database: Database, clock: Clock) -> None:
        devices = accounts.sessions
        self.device_lists = DeviceListService(database, self.aware.shared)
        self.one_time_keys = OneTimeKeyService(database)
        self.cross_signing = CrossSigningService(database, devices, self.device_lists)
        self.device_keys = DeviceKeyService(
            database, devices, self.one_time_keys, self.cross_signing, self.device_lists
        )
        self.to_device = ToDeviceService(database, clock, devices)
        self.housekeeping.jobs.append(lambda: self.to_device.forget_transactions(clock.ms() - KEEP_TRANSACTIONS_MS))
        self.backups = BackupService(database)
        accounts.hooks.on_device_deleted += [self.device_keys.on_device_deleted, self.to_device.on_device_deleted]
        accounts.hooks.on_device_changed.append(self.device_lists.on_device_changed)
        accounts.hooks.on_deactivated += [
            self.cross_signing.on_deactivated,
            self.backups.on_deactivated,
            self.device_lists.on_deactivated,
        ]
        accounts.hooks.device_id_taken.append(self.cross_signing.device_id_taken)
        self.routes += [
            DeviceKeyRoutes(self.device_keys),
            OneTimeKeyRoutes(self.one_time_keys),
            CrossSigningRoutes(self.cross_signing, accounts.uia),
            ToDeviceRoutes(self.to_device),
            DeviceListRoutes(database, self.device_lists, lambda token: Token.parse(token).pos),
            BackupRoutes(self.backups),
        ]
