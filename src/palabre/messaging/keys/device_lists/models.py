"""What a person's clients are told about other people's devices."""

import msgspec


class DeviceLists(msgspec.Struct, frozen=True):
    """`device_lists` of `/sync`, and the answer of `/keys/changes`: user ids."""

    changed: list[str]
    left: list[str]

    def __bool__(self) -> bool:
        return bool(self.changed or self.left)


NO_CHANGES = DeviceLists([], [])
