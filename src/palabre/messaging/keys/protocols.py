"""What encryption asks of its neighbours: of `accounts` the devices, of `sync` who shares rooms with whom."""

from typing import Any, Protocol

from ...http.request import Request
from ...storage.database import Reader, Transaction


class Devices(Protocol):
    """Given by `accounts`."""

    async def display_names(self, reader: Reader, user_ids: list[str]) -> dict[str, dict[str, str | None]]:
        """Every device of these people: user id to device id to the name its owner gave it, if any.

        A person without devices, or who does not exist, may be missing. With a transaction as `reader` the answer is
        exact at that point of it.
        """
        ...


class DeviceAdministration(Protocol):
    """Given by `accounts`: devices that nobody signs in on."""

    async def add_device(self, tx: Transaction, user_id: str, device_id: str, display_name: str | None) -> None:
        """A device without a session. Raises 400 where the id is taken or cannot be one."""
        ...

    async def delete_device(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """Delete it as any other; the hooks of `on_device_deleted` run. Nothing happens where there is none."""
        ...


class SharedRooms(Protocol):
    """Given by `sync`. Only joined members count, in rooms of any kind, encrypted or not."""

    async def share_rooms_with(self, user_id: str) -> set[str]:
        """Everyone who is joined to a room that `user_id` is joined to."""
        ...

    async def moved(self, user_id: str, since: int, upto: int) -> tuple[set[str], set[str]]:
        """Who came and who went in (since, upto]: `(came, went)`.

        `came`: people who joined a room of `user_id`, and all members of rooms that `user_id` joined. `went`: people
        who left (or were removed from) such a room, and all members of rooms that `user_id` left. Naming too many is
        harmless; people may be in both.
        """
        ...


class InteractiveAuth(Protocol):
    """Given by `accounts`: user-interactive authentication."""

    async def require(self, request: Request, auth: dict[str, Any] | None, user_id: str, operation: str) -> None:
        """Returns when the person has proved again who they are; raises 401 with the flows otherwise."""
        ...
