"""What operators' machines ask: is it alive, how is it doing, what does it offer."""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ..core.json import JsonObject
from ..storage.database import Database
from . import openapi
from .endpoint import Endpoint, Reply, endpoint
from .request import Request
from .router import Router


class Metrics:
    """Prometheus metrics of this process. Labels carry endpoints, never people."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "palabre_requests_total", "Requests answered", ["endpoint", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "palabre_request_seconds", "Time to answer, waiting included", ["endpoint"], registry=self.registry
        )
        position = Gauge("palabre_log_position", "Last position of the log", registry=self.registry)
        position.set_function(lambda: database.position)
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def observe(self, endpoint: Endpoint, status: int, seconds: float) -> None:
        key = (endpoint.method, endpoint.path, status)
        children = self._children.get(key)
        if children is None:
            name = f"{endpoint.method} {endpoint.path}"
            children = (self._requests.labels(name, str(status)), self._seconds.labels(name))
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)


class StatusRoutes:
    def __init__(self, database: Database, metrics: Metrics, router: Router) -> None:
        self._database = database
        self._metrics = metrics
        self._router = router

    @endpoint("GET", "/health", access="public")
    async def health(self, request: Request) -> JsonObject:
        """200 while the database answers."""
        await self._database.fetchval("SELECT pos FROM log_position")
        return {"status": "ok"}

    @endpoint("GET", "/metrics", access="public")
    async def metrics(self, request: Request) -> Reply:
        """Prometheus text. Only for this machine: put a proxy in front to offer it further."""
        return Reply(generate_latest(self._metrics.registry), headers={"content-type": CONTENT_TYPE_LATEST})

    @endpoint("GET", "/_palabre/openapi.json", access="public")
    async def openapi(self, request: Request) -> JsonObject:
        return openapi.document(self._router.endpoints)
