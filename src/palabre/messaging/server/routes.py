"""Versions and capabilities, and the features this server answers "none" to.

Client-server API, sections "API Versions", "Capabilities negotiation", "Voice over IP" and "Third-party Networks".
"""

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..rooms.versions import DEFAULT_VERSION, VERSIONS

_CLIENT = "/_matrix/client"

SPEC_VERSIONS = ["r0.6.1", *(f"v1.{minor}" for minor in range(1, 17))]
UNSTABLE_FEATURES = {
    "org.matrix.e2e_cross_signing": True,
    "org.matrix.label_based_filtering": False,
    "org.matrix.msc2285.stable": True,
    "org.matrix.msc3026.busy_presence": False,
    "org.matrix.msc3440.stable": True,
    "org.matrix.msc3771": True,
    "org.matrix.msc3773": True,
    "org.matrix.msc3827.stable": True,
    "org.matrix.msc3882": False,
    "org.matrix.msc3981": True,
    "uk.half-shot.msc2666.query_mutual_rooms": True,
    "uk.tcpip.msc4133.stable": True,
}
"""Names that clients look for although what they stand for is in the specification by now."""


class ServerRoutes:
    @endpoint("GET", f"{_CLIENT}/versions", access="public", optional_auth=True)
    async def versions(self, request: Request) -> JsonObject:
        return {"versions": SPEC_VERSIONS, "unstable_features": UNSTABLE_FEATURES}

    @endpoint("GET", f"{_CLIENT}/v3/capabilities", access="account", guest=True)
    async def capabilities(self, request: Request) -> JsonObject:
        return {
            "capabilities": {
                "m.room_versions": {
                    "default": DEFAULT_VERSION,
                    "available": dict.fromkeys(VERSIONS, "stable"),
                },
                "m.change_password": {"enabled": True},
                "m.set_displayname": {"enabled": True},
                "m.set_avatar_url": {"enabled": True},
                "m.profile_fields": {"enabled": True},
                "m.3pid_changes": {"enabled": True},
                "m.get_login_token": {"enabled": True},
                "m.forget_forced_upon_leave": {"enabled": False},
            }
        }

    @endpoint("GET", f"{_CLIENT}/v3/voip/turnServer", access="calls")
    async def turn_server(self, request: Request) -> JsonObject:
        raise errors.not_found("This server has no TURN server.")

    @endpoint("GET", f"{_CLIENT}/v1/media/config", "/_matrix/media/v3/config", access="read", guest=True)
    async def media_config(self, request: Request) -> JsonObject:
        """Section "Content repository": there is none, so nothing can be uploaded."""
        return {"m.upload.size": 0}

    @endpoint("GET", f"{_CLIENT}/v3/thirdparty/protocols", access="read")
    async def protocols(self, request: Request) -> JsonObject:
        return {}
