"""The deprecated endpoints, put together."""

from ...storage.database import Database
from ..history.erasure import Erasure
from ..history.service import HistoryService
from ..history.visibility import HistoryVisibility
from ..rooms.registry import RoomRegistry
from ..rooms.service import People
from ..sync.compose import Awareness, Sync
from .routes import LegacyRoutes
from .snapshots import Published, Snapshots
from .stream import EventStream


def legacy_routes(
    database: Database,
    registry: RoomRegistry,
    visibility: HistoryVisibility,
    history: HistoryService,
    erasure: Erasure,
    people: People,
    directory: Published,
    aware: Awareness,
    sync: Sync,
) -> LegacyRoutes:
    """They are another arrangement of the streams of `/sync`."""
    stream = EventStream(
        database,
        registry,
        visibility,
        erasure,
        aware.presence,
        aware.notifier,
        aware.serial,
        sync.service,
        sync.arranger,
        [sync.receipts, sync.typing],
        sync.room_account_data,
        sync.account_data,
        sync.presence,
    )
    snapshots = Snapshots(
        registry,
        history,
        erasure,
        directory,
        aware.presence,
        sync.service,
        sync.arranger,
        sync.receipts,
        sync.room_account_data,
        sync.account_data,
        sync.presence,
    )
    return LegacyRoutes(stream, snapshots, people)
