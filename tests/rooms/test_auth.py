"""What no sequence of events can bring about: the authorisation rules as properties of random histories."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.core import json
from palabre.core.errors import ApiError
from palabre.messaging.rooms.auth import CREATOR_LEVEL, Draft, PowerLevels, authorise, check_power_levels
from palabre.messaging.rooms.models import Event, Room
from palabre.messaging.rooms.versions import VERSIONS, redacted_content

PEOPLE = [f"@{name}:test" for name in ("creator", "moderator", "member", "stranger")]
LEVELS = st.sampled_from([-1, 0, 1, 49, 50, 51, 100, 101])


def append(room: Room, draft: Draft) -> Room:
    """The room after `draft`. Raises `ApiError` when the rules do not allow it."""
    authorise(room, draft)
    pos = room.state_pos + 1
    body: dict[str, Any] = {"type": draft.type, "content": draft.content, "sender": draft.sender}
    event = Event(
        pos, f"${pos}", room.room_id, draft.type, draft.state_key, draft.sender, pos, json.encode(body), parsed=body
    )
    return room.with_state(event) if draft.state_key is not None else room


def member(sender: str, target: str, membership: str) -> Draft:
    return Draft(sender, "m.room.member", {"membership": membership}, target)


def start(version: str, join_rule: str) -> Room:
    creator, moderator, ordinary, _ = PEOPLE
    room = Room("!room", VERSIONS[version], {}, frozenset(), 0)
    content = {"room_version": version} if int(version) >= 11 else {"room_version": version, "creator": creator}
    users = {moderator: 50} if int(version) >= 12 else {creator: 100, moderator: 50}
    for draft in (
        Draft(creator, "m.room.create", content, ""),
        member(creator, creator, "join"),
        Draft(creator, "m.room.power_levels", {"users": users, "users_default": 0}, ""),
        Draft(creator, "m.room.join_rules", {"join_rule": join_rule}, ""),
        member(creator, moderator, "invite"),
        member(moderator, moderator, "join"),
        member(creator, ordinary, "invite"),
        member(ordinary, ordinary, "join"),
    ):
        room = append(room, draft)
    return room


memberships = st.one_of(
    st.builds(member, st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.sampled_from(["invite", "leave", "ban"])),
    st.builds(
        lambda one, wanted: member(one, one, wanted), st.sampled_from(PEOPLE), st.sampled_from(["join", "knock"])
    ),
)
power_levels = st.builds(
    lambda sender, users, names: Draft(sender, "m.room.power_levels", {"users": users, **names}, ""),
    st.sampled_from(PEOPLE),
    st.dictionaries(st.sampled_from(PEOPLE), LEVELS),
    st.dictionaries(st.sampled_from(["ban", "kick", "invite", "state_default", "users_default"]), LEVELS),
)
other = st.builds(
    lambda sender, kind, key: Draft(sender, kind, {}, key),
    st.sampled_from(PEOPLE),
    st.sampled_from(["m.room.name", "m.room.message", "org.example"]),
    st.one_of(st.none(), st.just(""), st.sampled_from(PEOPLE)),
)


@given(
    st.sampled_from(list(VERSIONS)),
    st.sampled_from(["invite", "public", "knock", "restricted"]),
    st.lists(st.one_of(memberships, memberships, memberships, power_levels, other), min_size=20, max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_no_history_breaks_the_rules(version: str, join_rule: str, drafts: list[Draft]) -> None:
    room = start(version, join_rule)
    for draft in drafts:
        before, power = room, PowerLevels(room)
        try:
            room = append(room, draft)
        except ApiError:
            continue
        own = power.user(draft.sender)
        after = PowerLevels(room)
        if draft.type == "m.room.member":
            target = draft.state_key or ""
            was, becomes = before.membership(target), room.membership(target)
            if becomes == "join":
                assert draft.sender == target
                assert was in ("join", "invite") or (was != "ban" and join_rule == "public")
            elif draft.sender == target:
                assert becomes in ("leave", "knock") or own >= power.named(becomes)
            else:
                assert draft.sender in before.joined
                if was == "join" or becomes == "ban":
                    assert power.user(target) < own, "nobody removes somebody as powerful as themselves"
            if becomes == "knock":
                assert join_rule == "knock"
                assert VERSIONS[version].knocking
        else:
            assert draft.sender in before.joined
            assert own >= power.event(draft.type, draft.state_key is not None)
        for person in PEOPLE:
            gained, had = after.user(person), power.user(person)
            assert gained <= max(had, own), "nobody gives power they do not have"
            if gained < had and person != draft.sender:
                assert had < own or _inherits(before, person), "nobody takes power from an equal"
        assert room.joined == frozenset(one for one in PEOPLE if room.membership(one) == "join")
        if int(version) >= 12:
            assert after.user(PEOPLE[0]) == CREATOR_LEVEL


def _inherits(room: Room, person: str) -> bool:
    """Whether the person's power is `users_default`, which who has as much may lower."""
    return person not in room.content("m.room.power_levels").get("users", {})


@pytest.mark.parametrize(
    ("content", "version", "fine"),
    [
        ({"ban": "50"}, "9", True),
        ({"ban": "50"}, "10", False),
        ({"ban": 50.5}, "9", False),
        ({"ban": True}, "9", False),
        ({"ban": None}, "9", False),
        ({"users": {"@a:test": "x"}}, "9", False),
        ({"users": {"a": 1}}, "12", False),
        ({"users": [1]}, "12", False),
        ({"events": {"m.room.name": 1}}, "12", True),
        ({"events": {"m.room.name": {}}}, "12", False),
    ],
)
def test_form_of_power_levels(content: dict[str, Any], version: str, fine: bool) -> None:
    if fine:
        check_power_levels(VERSIONS[version], content)
    else:
        with pytest.raises(ApiError) as refused:
            check_power_levels(VERSIONS[version], content)
        assert refused.value.errcode == "M_BAD_JSON"


@pytest.mark.parametrize(
    ("kind", "version", "content", "kept"),
    [
        ("m.room.message", "1", {"body": "x"}, {}),
        ("m.room.member", "8", {"membership": "join", "displayname": "x"}, {"membership": "join"}),
        ("m.room.create", "10", {"creator": "@a:test", "type": "m.space"}, {"creator": "@a:test"}),
        ("m.room.create", "11", {"type": "m.space"}, {"type": "m.space"}),
        ("m.room.join_rules", "7", {"join_rule": "restricted", "allow": []}, {"join_rule": "restricted"}),
        ("m.room.join_rules", "8", {"join_rule": "x", "allow": []}, {"join_rule": "x", "allow": []}),
        ("m.room.aliases", "5", {"aliases": []}, {"aliases": []}),
        ("m.room.aliases", "6", {"aliases": []}, {}),
        ("m.room.power_levels", "10", {"invite": 1, "ban": 2}, {"ban": 2}),
        ("m.room.power_levels", "11", {"invite": 1, "x": 2}, {"invite": 1}),
        ("m.room.redaction", "10", {"redacts": "$a"}, {}),
        ("m.room.redaction", "11", {"redacts": "$a", "reason": "x"}, {"redacts": "$a"}),
    ],
)
def test_what_redaction_keeps(kind: str, version: str, content: dict[str, Any], kept: dict[str, Any]) -> None:
    assert redacted_content(VERSIONS[version], kind, content) == kept
