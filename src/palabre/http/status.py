"""What operators' machines ask: is it alive, how is it doing, what does it offer."""

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ..core.json import JsonObject
from ..storage.database import Database
from . import openapi
from .endpoint import Endpoint, Reply, endpoint
from .request import Request
from .router import Router

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of the request histogram, in seconds."""


class _Times:
    """How long requests of one endpoint with one status took."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class Metrics(Collector):
    """Prometheus metrics of this process. Labels carry endpoints, never people.

    Requests are counted in plain lists, which costs a fraction of a microsecond on the hot path, and made into
    Prometheus' form when it asks.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._times: dict[tuple[str, str, int], _Times] = {}
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def observe(self, endpoint: Endpoint, status: int, seconds: float) -> None:
        key = (endpoint.method, endpoint.path, status)
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = _Times()
        times.buckets[bisect_left(BOUNDS, seconds)] += 1
        times.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("palabre_log_position", "Last position of the log", value=self._database.position)
        requests = HistogramMetricFamily(
            "palabre_request_seconds", "Time to answer, waiting included", labels=["endpoint", "status"]
        )
        for (method, path, status), times in self._times.items():
            total, buckets = 0, []
            for bound, count in zip([*map(str, BOUNDS), "+Inf"], times.buckets, strict=True):
                total += count
                buckets.append((bound, total))
            requests.add_metric([f"{method} {path}", str(status)], buckets, times.seconds)
        yield requests


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
