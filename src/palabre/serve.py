"""Running the server as a process: settings from file and command line, uvicorn, logs, and an orderly end."""

import contextlib
import gc
import logging
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
import uvicorn

from .app import build
from .http.server import HttpServer
from .settings import Settings

KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 10


def load_settings(config: Path | None, **given: Any) -> Settings:
    """Settings from the TOML file, over which the command line goes. Raises ValueError in plain words."""
    values: dict[str, Any] = {}
    if config is not None:
        try:
            values = tomllib.loads(config.read_text())
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{config} is not valid TOML: {error}") from None
    values.update({name: value for name, value in given.items() if value is not None})
    try:
        return msgspec.convert(values, Settings, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ValueError(f"a setting is wrong: {error}") from None


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise NotImplementedError(kind)


class _Uvicorn(uvicorn.Server):
    """uvicorn, telling the application that it ends before waiting for its answers: syncs wait for minutes."""

    def __init__(self, config: uvicorn.Config, app: HttpServer, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._on_started = on_started

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: Any = None) -> None:
        for close in self._app.on_closing:
            close()
        await super().shutdown(sockets)


def run(settings: Settings, on_started: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal; raises ValueError for settings that do not go together. `on_started`: it answers now."""
    _configure_logs()
    app = build(settings)
    app.on_start.append(_spare_the_collector)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        interface="asgi3",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        backlog=4096,
    )
    server = _Uvicorn(config, app, on_started)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises the signal once more when it has ended in order
        server.run()
    if not server.started:
        sys.exit(1)


async def _spare_the_collector() -> None:
    """Reference counting frees what requests make; the cycle collector would walk all caches to find next to nothing.

    What start-up made is never garbage, and the rest is looked through rarely.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _configure_logs() -> None:
    """One JSON line an event on standard error. No log call anywhere passes a number, address, token or content."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
