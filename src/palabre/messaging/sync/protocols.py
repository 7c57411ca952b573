"""What sync needs of its neighbours in encryption and relations."""

from collections.abc import Sequence
from typing import Any, Protocol

from ..history.visibility import EVERYTHING, Visible
from ..keys.device_lists.models import DeviceLists
from ..keys.one_time.models import Supply
from ..rooms.models import Event


class ToDevice(Protocol):
    async def pending(
        self, user_id: str, device_id: str, since: int, upto: int, limit: int = 100
    ) -> tuple[list[bytes], int]: ...

    async def acknowledge(self, user_id: str, device_id: str, upto: int) -> None: ...


class DeviceListChanges(Protocol):
    async def changes(self, user_id: str, since: int, upto: int) -> DeviceLists: ...


class KeySupply(Protocol):
    async def supply(self, user_id: str, device_id: str) -> Supply: ...


class Aggregations(Protocol):
    async def bundle(
        self, events: Sequence[Event], user_id: str, visible: Visible = EVERYTHING
    ) -> dict[str, dict[str, Any]]: ...
