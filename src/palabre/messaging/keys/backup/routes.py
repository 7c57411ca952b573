"""`/room_keys/…`: Client-Server API, module "End-to-End Encryption", section "Server-side key backups"."""

from ....core import errors
from ....core.json import JsonObject
from ....http.endpoint import endpoint
from ....http.request import Request
from .models import BackupKeys, KeyData, Place, RoomKeys, Updated, Version, VersionBody
from .service import BackupService

ROOT = "/_matrix/client/v3/room_keys"
KEYS = f"{ROOT}/keys"
ROOM = f"{KEYS}/{{room_id}}"
SESSION = f"{ROOM}/{{session_id}}"
TAGS = ("End-to-end encryption",)
MAX_BODY = 10 << 20
"""A client stores a hundred keys and more at once."""


def _version(request: Request) -> str:
    version = request.query.get("version")
    if version is None:
        raise errors.missing_param("Say which version of the backup.")
    return version


def _place(request: Request) -> Place:
    return Place(request.params.get("room_id"), request.params.get("session_id"))


class BackupRoutes:
    def __init__(self, backups: BackupService) -> None:
        self._backups = backups

    # versions

    @endpoint("POST", f"{ROOT}/version", access="account", body=VersionBody, tags=TAGS)
    async def create(self, request: Request, body: VersionBody) -> JsonObject:
        return {"version": await self._backups.create(request.user_id, body.algorithm, body.auth_data)}

    @endpoint("GET", f"{ROOT}/version", f"{ROOT}/version/{{version}}", access="account", tags=TAGS, returns=Version)
    async def version(self, request: Request) -> Version:
        return await self._backups.version(request.user_id, request.params.get("version"))

    @endpoint("PUT", f"{ROOT}/version/{{version}}", access="account", body=VersionBody, tags=TAGS)
    async def update(self, request: Request, body: VersionBody) -> JsonObject:
        await self._backups.update(
            request.user_id, request.params["version"], body.algorithm, body.auth_data, body.version
        )
        return {}

    @endpoint("DELETE", f"{ROOT}/version/{{version}}", access="account", tags=TAGS)
    async def delete(self, request: Request) -> JsonObject:
        await self._backups.delete(request.user_id, request.params["version"])
        return {}

    # keys

    @endpoint("PUT", KEYS, access="account", body=BackupKeys, max_body=MAX_BODY, tags=TAGS, returns=Updated)
    async def put_all(self, request: Request, body: BackupKeys) -> Updated:
        return await self._backups.put(request.user_id, _version(request), body)

    @endpoint("PUT", ROOM, access="account", body=RoomKeys, max_body=MAX_BODY, tags=TAGS, returns=Updated)
    async def put_room(self, request: Request, body: RoomKeys) -> Updated:
        keys = BackupKeys({request.params["room_id"]: body})
        return await self._backups.put(request.user_id, _version(request), keys)

    @endpoint("PUT", SESSION, access="account", body=KeyData, tags=TAGS, returns=Updated)
    async def put_session(self, request: Request, body: KeyData) -> Updated:
        keys = BackupKeys({request.params["room_id"]: RoomKeys({request.params["session_id"]: body})})
        return await self._backups.put(request.user_id, _version(request), keys)

    @endpoint("GET", KEYS, access="account", tags=TAGS, returns=BackupKeys)
    async def get_all(self, request: Request) -> BackupKeys:
        return BackupKeys(await self._backups.keys(request.user_id, _version(request), Place()))

    @endpoint("GET", ROOM, access="account", tags=TAGS, returns=RoomKeys)
    async def get_room(self, request: Request) -> RoomKeys:
        rooms = await self._backups.keys(request.user_id, _version(request), _place(request))
        return rooms.get(request.params["room_id"], RoomKeys({}))

    @endpoint("GET", SESSION, access="account", tags=TAGS, returns=KeyData)
    async def get_session(self, request: Request) -> KeyData:
        rooms = await self._backups.keys(request.user_id, _version(request), _place(request))
        if not rooms:
            raise errors.not_found("There is no such key in the backup.")
        return rooms[request.params["room_id"]].sessions[request.params["session_id"]]

    @endpoint("DELETE", KEYS, ROOM, SESSION, access="account", tags=TAGS, returns=Updated)
    async def delete_keys(self, request: Request) -> Updated:
        return await self._backups.delete_keys(request.user_id, _version(request), _place(request))
