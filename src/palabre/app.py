"""The composition root: settings in, a server out. The only place that knows which part is given to which."""

import hmac
import secrets
from pathlib import Path

from .bus.open import open_bus
from .core.clock import Clock
from .http.limits import RateLimits
from .http.server import HttpServer
from .http.status import Metrics, StatusRoutes
from .messaging.rooms.registry import RoomRegistry
from .messaging.rooms.timeline import Timeline
from .settings import Settings
from .storage.open import open_database


def build(settings: Settings) -> HttpServer:
    """A server that starts its parts when the ASGI lifespan starts, and stops them in reverse."""
    settings.check()
    clock = Clock()
    bus = open_bus(settings.bus)
    database = open_database(settings.database, settings.data, bus)
    limits = RateLimits(clock, enabled=not settings.test_mode)
    token = operator_token(settings.data)
    server = HttpServer(
        limits,
        trusted_proxies=settings.trusted_proxies,
        operator_token_matches=lambda given: hmac.compare_digest(given.encode(), token.encode()),
    )
    metrics = Metrics(database)
    server.observe = metrics.observe
    server.on_start += [bus.start, database.start]
    server.on_stop += [database.close, bus.close]
    server.add(StatusRoutes(database, metrics, server.router))

    registry = RoomRegistry(database)
    Timeline(registry, clock)
    return server


def operator_token(data: Path) -> str:
    """The operator's bearer token, made on the first start and kept in `operator.token`, readable by its owner only."""
    path = data / "operator.token"
    if path.exists():
        return path.read_text().strip()
    data.mkdir(parents=True, exist_ok=True)
    token = "palop_" + secrets.token_urlsafe(32)
    path.touch(mode=0o600)
    path.write_text(token + "\n")
    return token
