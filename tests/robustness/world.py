"""For every endpoint a path and a body that make sense, for somebody who has one of everything."""

import types
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import quote

import msgspec

from palabre.http.endpoint import Endpoint

from ..api import PASSWORD, User, unique
from .cases import ACCOUNT_DATA, STATE


class World:
    """Somebody's names for the things they have."""

    def __init__(self, user: User, other: User, names: dict[str, str]) -> None:
        self.user, self.other, self.names = user, other, names

    @classmethod
    async def make(cls, user: User, other: User) -> "World":
        """`user` has a room that `other` is in too, and one of everything else."""
        alias = unique("hall")
        room_id = await user.create_room(preset="public_chat", room_alias_name=alias, name="Salle")
        await other.call("POST", f"/rooms/{room_id}/join")
        event_id = await user.send(room_id)
        backup = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {"public_key": "A" * 43}}
        version = (await user.call("POST", "/room_keys/version", backup))["version"]
        names = {
            "user_id": user.user_id,
            "device_id": user.device_id,
            "room_id": room_id,
            "room_id_or_alias": room_id,
            "room_alias": f"#{alias}:{user.user_id.partition(':')[2]}",
            "event_id": event_id,
            "event_type": "m.room.message",
            "state_key": "",
            "type": "org.example.note",
            "tag": "u.friends",
            "filter_id": (await user.call("POST", f"/user/{user.user_id}/filter", {}))["filter_id"],
            "field": "displayname",
            "kind": "override",
            "rule_id": "org.example.rule",
            "rel_type": "m.thread",
            "version": version,
            "session_id": "session",
            "stage": "m.login.terms",
            "language": "en",
        }
        return cls(user, other, names)

    def path(self, endpoint: Endpoint, **instead: str) -> str:
        """The endpoint's path with names in it; those of `instead` go in as they are. What could wait does not."""
        names = {name: quote(value, safe="") for name, value in self.names.items()} | instead
        if endpoint.path.endswith("/receipt/{type}/{event_id}"):
            names = {**names, "type": "m.read"} | instead
        parts = []
        for segment in endpoint.path.split("/"):
            parameter = segment.strip("{}").removesuffix("...")
            parts.append(names.get(parameter, unique("x")) if segment.startswith("{") else segment)
        return "/".join(parts) + ("?timeout=0" if endpoint.method == "GET" else "")

    # bodies that make sense

    def bodies(self, endpoint: Endpoint) -> list[Any]:
        """Bodies that the endpoint takes, or nearly so; none when it takes no JSON."""
        if endpoint.body is None or endpoint.body is bytes:
            return []
        special = self._special().get(endpoint.path.rpartition("/v3/")[2].removeprefix("rooms/{room_id}/"))
        return special or [self._example(endpoint.body)]

    def _example(self, kind: Any, name: str = "") -> Any:
        origin, arguments = get_origin(kind), get_args(kind)
        if name in self._by_name():
            return self._by_name()[name]
        if origin is Literal:
            return arguments[0]
        if origin in (Union, types.UnionType):
            return self._example(arguments[0], name)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return {one.encode_name: self._example(one.type, one.encode_name) for one in msgspec.structs.fields(kind)}
        if origin is list:
            return [self._example(arguments[0], name.removesuffix("s"))]
        if origin is dict:
            return {"key": self._example(arguments[1])}
        if hasattr(kind, "__metadata__"):
            return self._example(arguments[0], name)
        examples: dict[Any, Any] = {str: "text", int: 1, bool: True, float: 0.5}
        return examples.get(kind, {})

    def _by_name(self) -> dict[str, Any]:
        names = self.names
        return {
            "user_id": self.other.user_id,
            "room_id": names["room_id"],
            "event_id": names["event_id"],
            "auth": {
                "type": "m.login.password",
                "session": "unknown",
                "password": "not the password",
                "identifier": {"type": "m.id.user", "user": names["user_id"]},
                "threepid_creds": {"sid": "sid", "client_secret": "secret"},
            },
            "identifier": {"type": "m.id.user", "user": names["user_id"], "country": "FR", "phone": "0612345678"},
            "country": "FR",
            "region": "FR",
            "phone": "06 12 34 56 78",
            "phones": ["06 12 34 56 78"],
            "phone_number": "06 12 34 56 78",
            "client_secret": "secret",
            "medium": "msisdn",
            "address": "33612345678",
            "room_version": "12",
            "new_version": "11",
            "room_alias_name": unique("hall"),
            "username": unique("somebody"),
            "password": PASSWORD,
            "invite": [self.other.user_id],
            "invite_3pid": [],
            "now": None,
        }

    def _special(self) -> dict[str, list[Any]]:
        """What the type of the body does not say, by the end of the path."""
        me, other, names = self.user.user_id, self.other.user_id, self.names
        device, room_id, event_id = self.user.device_id, names["room_id"], names["event_id"]
        relation = {"rel_type": "m.thread", "event_id": event_id, "m.in_reply_to": {"event_id": event_id}}
        message = {
            "msgtype": "m.text",
            "body": "hello",
            "m.relates_to": relation,
            "m.mentions": {"user_ids": [other], "room": True},
            "m.new_content": {"body": "hello"},
        }
        signed = {"signatures": {me: {f"ed25519:{device}": "A" * 86}}}
        keys = {
            "user_id": me,
            "device_id": device,
            "algorithms": ["m.megolm.v1.aes-sha2"],
            "keys": {f"curve25519:{device}": "A" * 43, f"ed25519:{device}": "A" * 43},
            **signed,
        }
        key = {"user_id": me, "usage": ["master"], "keys": {"ed25519:" + "A" * 43: "A" * 43}, **signed}
        session = {"first_message_index": 0, "forwarded_count": 0, "is_verified": True, "session_data": {"a": "b"}}
        filter_ = {
            "event_fields": ["content.body"],
            "event_format": "client",
            "account_data": {"limit": 1, "types": ["m.*"], "not_types": ["x"], "senders": [me], "not_senders": [other]},
            "presence": {"limit": 1},
            "room": {
                "rooms": [room_id],
                "not_rooms": [],
                "include_leave": True,
                "timeline": {"limit": 1, "lazy_load_members": True, "contains_url": False, "related_by_senders": [me]},
                "state": {"types": ["m.room.*"], "include_redundant_members": True},
                "ephemeral": {"types": []},
                "account_data": {"not_rooms": [room_id]},
            },
        }
        return {
            "send/{event_type}": [message],
            "send/{event_type}/{txn_id}": [message],
            "state/{event_type}": list(STATE.values()),
            "state/{event_type}/{state_key}": [],
            "redact/{event_id}": [{"reason": "x"}],
            "user/{user_id}/filter": [filter_],
            "user/{user_id}/account_data/{type}": list(ACCOUNT_DATA.values()),
            "user/{user_id}/rooms/{room_id}/tags/{tag}": [{"order": 0.5}],
            "profile/{user_id}/{field}": [{"displayname": "Awa"}],
            "keys/upload": [
                {
                    "device_keys": keys,
                    "one_time_keys": {"signed_curve25519:A": {"key": "A" * 43, **signed}, "curve25519:B": "A" * 43},
                    "fallback_keys": {"signed_curve25519:C": {"key": "A" * 43, "fallback": True, **signed}},
                }
            ],
            "keys/query": [{"device_keys": {other: [], me: [device]}, "timeout": 0}],
            "keys/claim": [{"one_time_keys": {other: {self.other.device_id: "signed_curve25519"}}}],
            "keys/signatures/upload": [{me: {device: keys, "A" * 43: key}}],
            "keys/device_signing/upload": [{"master_key": key, "self_signing_key": key, "user_signing_key": key}],
            "sendToDevice/{event_type}/{txn_id}": [{"messages": {other: {"*": {"a": 1}}, me: {device: {}}}}],
            "room_keys/keys": [{"rooms": {room_id: {"sessions": {"session": session}}}}],
            "room_keys/keys/{room_id}": [{"sessions": {"session": session}}],
            "pushrules/global/{kind}/{rule_id}": [
                {
                    "actions": ["notify", {"set_tweak": "sound", "value": "default"}],
                    "conditions": [
                        {"kind": "event_match", "key": "content.body", "pattern": "hello"},
                        {"kind": "event_property_is", "key": "content.body", "value": 1},
                        {"kind": "room_member_count", "is": ">2"},
                        {"kind": "sender_notification_permission", "key": "room"},
                    ],
                }
            ],
            "pushers/set": [
                {
                    "app_id": "a",
                    "pushkey": "k",
                    "kind": "http",
                    "app_display_name": "a",
                    "device_display_name": "d",
                    "lang": "fr",
                    "data": {"url": "https://push.invalid/_matrix/push/v1/notify", "format": "event_id_only"},
                }
            ],
            "publicRooms": [
                {"limit": 1, "since": "x", "filter": {"generic_search_term": "x", "room_types": [None, "m.space"]}}
            ],
            "search": [
                {
                    "search_categories": {
                        "room_events": {
                            "search_term": "hello",
                            "keys": ["content.body"],
                            "filter": {"rooms": [room_id], "limit": 1},
                            "order_by": "recent",
                            "event_context": {"before_limit": 1, "after_limit": 1, "include_profile": True},
                            "groupings": {"group_by": [{"key": "room_id"}]},
                            "include_state": True,
                        }
                    }
                }
            ],
            "createRoom": [
                {
                    "preset": "private_chat",
                    "invite": [other],
                    "is_direct": True,
                    "name": "n",
                    "topic": "t",
                    "room_version": "11",
                    "creation_content": {"m.federate": False, "type": "m.space", "additional_creators": [other]},
                    "initial_state": [{"type": "m.room.name", "state_key": "", "content": {"name": "x"}}],
                    "power_level_content_override": {"users": {me: 100}, "events": {"m.room.name": 50}, "ban": 50},
                }
            ],
        }
