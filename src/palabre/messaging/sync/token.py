"""Where a client is in the log: what `next_batch`, `since`, `prev_batch`, `from` and `to` are made of."""

import re

import msgspec

from ...core import errors

_TOKEN = re.compile(r"s([0-9]{1,18})(?:_([0-9]{1,20}))?(?:_([0-9]{1,18}))?(?:_p([0-9a-f]{1,8}))?(?:_l([0-9]{1,18}))?")


class Token(msgspec.Struct, frozen=True):
    """A place between two positions of the log: everything up to and including `pos` is behind it."""

    pos: int
    serial: int = 0
    """The same for what is not durable (typing, presence); see `sync.serial`."""
    to_device: int | None = None
    """How far to-device messages got, where a long queue of them made them stay behind `pos`."""

    policy: int = 0
    """A mark of the policy status that the client was shown last; 0: none."""
    locked: int | None = None
    """While somebody is locked out `pos` stands still and nothing is lost; this is how far the notices room got."""

    @property
    def to_device_pos(self) -> int:
        return self.pos if self.to_device is None else self.to_device

    @property
    def furthest(self) -> int:
        """The last position of the log that anything in here speaks of."""
        return max(self.pos, self.locked or 0)

    def __str__(self) -> str:
        text = f"s{self.pos}_{self.serial}"
        if self.to_device is not None:
            text += f"_{self.to_device}"
        if self.policy:
            text += f"_p{self.policy:x}"
        return text if self.locked is None else f"{text}_l{self.locked}"

    @classmethod
    def parse(cls, text: str) -> "Token":
        """Raises `M_INVALID_PARAM` for what this server never gave out."""
        match = _TOKEN.fullmatch(text)
        if match is None:
            raise errors.invalid_param("This is not a token of this server.")
        pos, serial, to_device, policy, locked = match.groups()
        return cls(
            int(pos),
            int(serial or 0),
            None if to_device is None else int(to_device),
            int(policy or "0", 16),
            None if locked is None else int(locked),
        )
