"""A client that only syncs: it folds one answer after the other into what it knows, as real clients do."""

import json
from typing import Any

from ..api import User

Json = dict[str, Any]


class KnownRoom:
    """What a client knows of one room."""

    def __init__(self) -> None:
        self.state: dict[tuple[str, str], Json] = {}
        self.timeline: list[Json] = []
        self.receipts: dict[tuple[str, str, str], str] = {}
        """(user id, type, thread) to event id."""
        self.account_data: dict[str, Json] = {}
        self.summary: Json = {}
        self.unread: Json = {}

    def state_ids(self) -> dict[tuple[str, str], str]:
        return {key: event["event_id"] for key, event in self.state.items()}

    def timeline_ids(self) -> list[str]:
        return [event["event_id"] for event in self.timeline]

    def fold(self, room: Json, *, state_after: bool) -> None:
        before = room.get("state_after" if state_after else "state", {}).get("events", [])
        assert ("state" in room) != ("state_after" in room)
        self._set_state(before)
        timeline = room["timeline"]
        if timeline["limited"]:
            self.timeline = []
        if not state_after:
            self._set_state(timeline["events"])
        self.timeline += timeline["events"]
        for event in room.get("ephemeral", {}).get("events", []):
            if event["type"] == "m.receipt":
                self._receipts(event["content"])
        for event in room.get("account_data", {}).get("events", []):
            self.account_data[event["type"]] = event["content"]
        self.summary.update(room.get("summary", {}))
        self.unread = room.get("unread_notifications", self.unread)

    def _set_state(self, events: list[Json]) -> None:
        for event in events:
            if "state_key" in event:
                self.state[event["type"], event["state_key"]] = event

    def _receipts(self, content: Json) -> None:
        for event_id, types in content.items():
            for type_, users in types.items():
                for user_id, told in users.items():
                    self.receipts[user_id, type_, told.get("thread_id", "")] = event_id


class Observer:
    """One device of `user`, with a filter of its own."""

    def __init__(self, user: User, *, limit: int = 10, state_after: bool = False, lazy: bool = False) -> None:
        self.user = user
        self.state_after = state_after
        self.lazy = lazy
        self.limit = limit
        self.token: str | None = None
        self.joined: dict[str, KnownRoom] = {}
        self.invited: dict[str, Json] = {}
        self.left: dict[str, KnownRoom] = {}
        self.account_data: dict[str, Json] = {}

    async def sync(self, *, include_leave: bool = False, **params: Any) -> Json:
        room: Json = {"timeline": {"limit": self.limit}, "include_leave": include_leave}
        if self.lazy:
            room["state"] = {"lazy_load_members": True}
        params = {"filter": json.dumps({"room": room}), "set_presence": "offline", **params}
        if self.state_after:
            params["use_state_after"] = True
        answer = await self.user.sync(self.token, **params)
        self.fold(answer)
        return answer

    def fold(self, answer: Json) -> None:
        self.token = answer["next_batch"]
        rooms = answer.get("rooms", {})
        for room_id, room in rooms.get("join", {}).items():
            self.invited.pop(room_id, None)
            if room_id not in self.joined:
                self.joined[room_id] = self.left.pop(room_id, KnownRoom())
            self.joined[room_id].fold(room, state_after=self.state_after)
        for room_id, room in rooms.get("invite", {}).items():
            self.invited[room_id] = room
            # Who left and was invited again between two syncs hears of the invitation only.
            if room_id in self.joined:
                self.left[room_id] = self.joined.pop(room_id)
        for room_id, room in rooms.get("leave", {}).items():
            self.invited.pop(room_id, None)
            if room_id not in self.left:
                self.left[room_id] = self.joined.pop(room_id, KnownRoom())
            self.left[room_id].fold(room, state_after=self.state_after)
        for event in answer.get("account_data", {}).get("events", []):
            self.account_data[event["type"]] = event["content"]
