"""What every test can ask for.

`database`  storage that is started, once on SQLite and once on PostgreSQL
`client`    the whole server in this process (fast): a `Homeserver` to register people on and call
`server`    the same against `palabre serve` in a process of its own, one for each test module (slower, real)
`app_url`   where that server answers
"""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import pytest
import structlog

from palabre.bus.local import LocalBus
from palabre.storage.database import Database
from palabre.storage.migrate import migrate_postgres, migrate_sqlite
from palabre.storage.open import SQLITE_FILE, open_database

from .api import Homeserver, in_process, over_socket
from .services import Nats, Palabre, Postgres

if TYPE_CHECKING:
    from palabre.http.server import HttpServer
    from palabre.settings import Settings

T = TypeVar("T")

_names = (f"test_{number}" for number in itertools.count(1))
BACKENDS = ["sqlite", "postgresql"]

# Tracebacks as Python prints them: the default draws boxes around every local variable, which takes seconds.
structlog.configure(
    processors=[structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to its end on a loop of its own, wherever a synchronous fixture is called from."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


# the services


class Cluster:
    """PostgreSQL with a migrated template; a new database is a copy of it."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self._admin("CREATE DATABASE template_palabre")
        run(migrate_postgres(postgres.url("template_palabre")))

    def create(self, *, migrated: bool = True) -> str:
        """The address of a new database."""
        name = next(_names)
        self._admin(f"CREATE DATABASE {name} TEMPLATE {'template_palabre' if migrated else 'template0'}")
        return self.postgres.url(name)

    def drop(self, url: str) -> None:
        self._admin(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def _admin(self, sql: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.postgres.url("postgres"))
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        run(execute())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The PostgreSQL of this test run."""
    service = Postgres()
    try:
        yield Cluster(service)
    finally:
        service.remove()


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """The NATS server of this test run."""
    service = Nats(tmp_path_factory.mktemp("nats"))
    yield service
    service.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating anew for each test would take most of the time."""
    path = tmp_path_factory.mktemp("template") / SQLITE_FILE
    migrate_sqlite(path)
    return path


# storage


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Which database: everything that depends on this runs once for each."""
    return str(request.param)


@pytest.fixture
def data_dir(tmp_path: Path, backend: str, sqlite_template: Path) -> Path:
    """The server's folder; with SQLite, a migrated database lies in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    if backend == "sqlite":
        shutil.copy(sqlite_template, folder)
    return folder


@pytest.fixture
def database_url(request: pytest.FixtureRequest, backend: str) -> str | None:
    """What `--database` would say; None for SQLite in `data_dir`."""
    return request.getfixturevalue("postgres_url") if backend == "postgresql" else None


@pytest.fixture
async def database(data_dir: Path, database_url: str | None) -> AsyncIterator[Database]:
    database = open_database(database_url, data_dir, LocalBus())
    await database.start()
    yield database
    await database.close()


# the server, in this process


@pytest.fixture
def settings(data_dir: Path, database_url: str | None) -> "Settings":
    """Test mode. A test that needs others overrides this fixture."""
    from palabre.settings import Settings

    return Settings(server_name=Palabre.SERVER_NAME, data=data_dir, database=database_url, test_mode=True)


@pytest.fixture
def app(settings: "Settings") -> "HttpServer":
    from palabre.app import build

    return build(settings)


@pytest.fixture
async def client(app: "HttpServer") -> AsyncIterator[Homeserver]:
    async with in_process(app) as homeserver:
        yield homeserver


# the server, as a process


@pytest.fixture(scope="module", params=BACKENDS)
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Palabre]:
    """`palabre serve --test-mode`, shared by the tests of a module: use names of your own (`register` sees to
    that).
    """
    data = tmp_path_factory.mktemp("palabre")
    cluster: Cluster | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = cluster.create() if cluster else None
    palabre = Palabre(data, url)
    try:
        yield palabre
    finally:
        palabre.stop()
        if cluster and url:
            cluster.drop(url)


@pytest.fixture
def app_url(process: Palabre) -> str:
    return process.url


@pytest.fixture
async def server(process: Palabre) -> AsyncIterator[Homeserver]:
    async with over_socket(process.url) as homeserver:
        yield homeserver
