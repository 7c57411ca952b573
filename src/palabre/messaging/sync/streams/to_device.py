"""Messages from device to device."""

from ..models import Json, Window
from ..protocols import ToDevice

MAX_MESSAGES = 100


class ToDeviceStream:
    """Not quite like the others: what was delivered is deleted, and a long queue takes several syncs."""

    def __init__(self, to_device: ToDevice) -> None:
        self._to_device = to_device

    async def acknowledge(self, window: Window) -> None:
        """The device came back with a token: what it stands for has arrived."""
        if window.since is not None:
            await self._to_device.acknowledge(window.user_id, window.request.device_id, window.since.to_device_pos)

    async def changed(self, window: Window) -> tuple[list[Json], int]:
        """What waits for the device, and the position that it has everything up to with that."""
        since = window.since.to_device_pos if window.since is not None else 0
        events, upto = await self._to_device.pending(
            window.user_id, window.request.device_id, since, window.upto.pos, MAX_MESSAGES
        )
        return [Json(event) for event in events], upto
