"""A pusher as clients set it. Client-server API, section "Push Notifications"."""

from typing import Annotated

import msgspec

from ....core.json import JsonObject

AppId = Annotated[str, msgspec.Meta(max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=1024)]


class Pusher(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored, and what `GET /pushers` shows."""

    app_id: AppId
    pushkey: Text
    kind: str
    app_display_name: Text
    device_display_name: Text
    lang: Text
    data: JsonObject
    profile_tag: Text | None = None


class PusherBody(msgspec.Struct):
    """Body of `POST /pushers/set`. Without `kind` (null) it takes the pusher away."""

    app_id: AppId
    pushkey: Text
    kind: str | None
    app_display_name: Text | None = None
    device_display_name: Text | None = None
    lang: Text | None = None
    data: JsonObject | None = None
    profile_tag: Text | None = None
    append: bool = False
