"""What differs between room versions 1 to 12, as data.

Without federation most of a room version is moot (event ids, signatures, state resolution); what is left is joining,
redaction and how power is counted. https://spec.matrix.org/latest/rooms/
"""

import msgspec

DEFAULT_VERSION = "12"


class RoomVersion(msgspec.Struct, frozen=True):
    id: str
    number: int

    @property
    def alias_events_are_guarded(self) -> bool:
        """Versions 1 to 5: `m.room.aliases` has an authorisation rule of its own and survives redaction."""
        return self.number <= 5

    @property
    def strict_canonical_json(self) -> bool:
        """Version 6 on: only integers, within 2^53 - 1."""
        return self.number >= 6

    @property
    def knocking(self) -> bool:
        return self.number >= 7

    @property
    def restricted_joins(self) -> bool:
        return self.number >= 8

    @property
    def knock_restricted(self) -> bool:
        return self.number >= 10

    @property
    def integer_power_levels(self) -> bool:
        return self.number >= 10

    @property
    def redacts_in_content(self) -> bool:
        """Version 11 on: `redacts` stands in the content of `m.room.redaction`."""
        return self.number >= 11

    @property
    def implicit_creator(self) -> bool:
        """Version 11 on: the sender of `m.room.create` is the creator; `content.creator` is gone."""
        return self.number >= 11

    @property
    def privileged_creators(self) -> bool:
        """Version 12 on: creators stand above every power level and are not listed in them."""
        return self.number >= 12


VERSIONS = {str(number): RoomVersion(str(number), number) for number in range(1, 13)}

_KEPT_CONTENT: dict[str, tuple[tuple[int, tuple[str, ...]], ...]] = {
    # type -> (from version, content members kept by redaction)
    "m.room.member": ((1, ("membership",)), (9, ("membership", "join_authorised_via_users_server"))),
    "m.room.create": ((1, ("creator",)),),
    "m.room.join_rules": ((1, ("join_rule",)), (8, ("join_rule", "allow"))),
    "m.room.power_levels": (
        (1, ("ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default")),
        (
            11,
            ("ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default"),
        ),
    ),
    "m.room.aliases": ((1, ("aliases",)), (6, ())),
    "m.room.history_visibility": ((1, ("history_visibility",)),),
    "m.room.redaction": ((1, ()), (11, ("redacts",))),
}


def redacted_content(version: RoomVersion, event_type: str, content: dict[str, object]) -> dict[str, object]:
    """What is left of `content` after redaction (client-server API, section "Redactions", and each room version)."""
    if event_type == "m.room.create" and version.number >= 11:
        return content
    kept: tuple[str, ...] = ()
    for since, names in _KEPT_CONTENT.get(event_type, ()):
        if version.number >= since:
            kept = names
    left = {name: content[name] for name in kept if name in content}
    if event_type == "m.room.member" and version.number >= 11:
        invite = content.get("third_party_invite")
        if isinstance(invite, dict) and "signed" in invite:
            left["third_party_invite"] = {"signed": invite["signed"]}
    return left
