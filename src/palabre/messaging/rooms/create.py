"""Making a room: the events that `createRoom` implies, in the order the specification gives.

Client-server API, section "Creation".
"""

from typing import Any, Literal

import msgspec

from ...core import errors, ids
from ...core.json import JsonObject
from .auth import Draft, check_power_levels
from .models import Room
from .versions import DEFAULT_VERSION, VERSIONS, RoomVersion

Preset = Literal["private_chat", "public_chat", "trusted_private_chat"]

_PRESETS: dict[str, dict[str, JsonObject]] = {
    "private_chat": {
        "m.room.join_rules": {"join_rule": "invite"},
        "m.room.history_visibility": {"history_visibility": "shared"},
        "m.room.guest_access": {"guest_access": "can_join"},
    },
    # Guest access is forbidden where no event says otherwise.
    "public_chat": {
        "m.room.join_rules": {"join_rule": "public"},
        "m.room.history_visibility": {"history_visibility": "shared"},
    },
}
_PRESETS["trusted_private_chat"] = _PRESETS["private_chat"]

ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2"}


class InitialState(msgspec.Struct):
    type: str
    content: JsonObject
    state_key: str = ""


class Invite3pid(msgspec.Struct):
    medium: str
    address: str
    id_server: str | None = None
    id_access_token: str | None = None


class CreateRoom(msgspec.Struct):
    """The body of `POST /createRoom`."""

    visibility: Literal["public", "private"] | None = None
    room_alias_name: str | None = None
    name: str | None = None
    topic: str | None = None
    invite: list[str] = []
    invite_3pid: list[Invite3pid] = []
    room_version: str | None = None
    creation_content: JsonObject = {}
    initial_state: list[InitialState] = []
    preset: Preset | None = None
    is_direct: bool = False
    power_level_content_override: JsonObject = {}


class Plan(msgspec.Struct):
    """A room about to be made: its id, its version, and its first events after the creator's join."""

    room_id: str
    version: RoomVersion
    create: Draft
    create_event_id: str
    state: list[Draft]


def plan(request: CreateRoom, creator: str, server_name: str, *, encrypt_private: bool, alias: str | None) -> Plan:
    """What `request` asks for, as events. Raises `M_UNSUPPORTED_ROOM_VERSION`, `M_BAD_JSON`."""
    version = VERSIONS.get(request.room_version or DEFAULT_VERSION)
    if version is None:
        raise errors.ApiError(400, "M_UNSUPPORTED_ROOM_VERSION", "This server makes rooms of versions 1 to 12 only.")
    preset = request.preset or ("public_chat" if request.visibility == "public" else "private_chat")
    create_event_id = ids.event_id()
    room_id = "!" + create_event_id[1:] if version.privileged_creators else ids.room_id(server_name)
    state: dict[tuple[str, str], JsonObject] = {
        ("m.room.power_levels", ""): _power_levels(request, creator, version, preset)
    }
    if alias is not None:
        state["m.room.canonical_alias", ""] = {"alias": alias}
    for kind, content in _PRESETS[preset].items():
        state[kind, ""] = content
    if encrypt_private and preset != "public_chat" and request.creation_content.get("type") != "m.space":
        state["m.room.encryption", ""] = ENCRYPTION
    for given in request.initial_state:
        if given.type in ("m.room.create", "m.room.member"):
            raise errors.bad_json(f"{given.type} cannot be given as initial state.")
        state[given.type, given.state_key] = given.content
    if request.name is not None:
        state["m.room.name", ""] = {"name": request.name}
    if request.topic is not None:
        state["m.room.topic", ""] = {
            "topic": request.topic,
            "m.topic": {"m.text": [{"mimetype": "text/plain", "body": request.topic}]},
        }
    drafts = [Draft(creator, kind, content, key) for (kind, key), content in state.items()]
    return Plan(room_id, version, _create(request, creator, version, preset), create_event_id, drafts)


def _create(request: CreateRoom, creator: str, version: RoomVersion, preset: str) -> Draft:
    content: JsonObject = {**request.creation_content, "room_version": version.id}
    content.pop("creator", None)
    if not version.implicit_creator:
        content["creator"] = creator
    if version.privileged_creators:
        more = content.get("additional_creators", [])
        if not isinstance(more, list) or not all(is_user_id(user) for user in more):
            raise errors.bad_json("additional_creators must be a list of user ids.")
        if preset == "trusted_private_chat":
            more = [*more, *request.invite]
        more = [user for user in dict.fromkeys(more) if user != creator]
        if more:
            content["additional_creators"] = more
        else:
            content.pop("additional_creators", None)
    return Draft(creator, "m.room.create", content, "")


def _power_levels(request: CreateRoom, creator: str, version: RoomVersion, preset: str) -> JsonObject:
    users: dict[str, int] = {} if version.privileged_creators else {creator: 100}
    if preset == "trusted_private_chat" and not version.privileged_creators:
        users.update(dict.fromkeys(request.invite, 100))
    content: dict[str, Any] = {
        "users": users,
        "users_default": 0,
        "events": {
            "m.room.name": 50,
            "m.room.power_levels": 100,
            "m.room.history_visibility": 100,
            "m.room.canonical_alias": 50,
            "m.room.avatar": 50,
            "m.room.tombstone": 150 if version.privileged_creators else 100,
            "m.room.server_acl": 100,
            "m.room.encryption": 100,
        },
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "kick": 50,
        "redact": 50,
        "invite": 0 if preset != "public_chat" else 50,
        "historical": 100,
    }
    content.update(request.power_level_content_override)
    check_power_levels(version, content)
    return content


def empty_room(chosen: Plan) -> Room:
    """The room before its first event."""
    return Room(chosen.room_id, chosen.version, {}, frozenset(), 0)


def is_user_id(value: object) -> bool:
    """Whether `value` has the form of a user id (appendix "User Identifiers")."""
    return (
        isinstance(value, str) and value.startswith("@") and 1 < value.find(":") < len(value) - 1 and len(value) <= 255
    )
