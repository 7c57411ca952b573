"""The operator's part in a scenario: publish a version, roll it out, take it back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from bench.machine import ROOT
from bench.servers import Server
from palabre.policy.documents.models import Document
from palabre.policy.documents.reading import read_folder

POLICY = ROOT / "policies" / "palabre"
BY = {"actor": "bench", "reason": "to measure it"}
LADDER = [{"step": "notice"}, {"step": "reminder", "before_deadline": "P7D"}, {"step": "limited"}]


def document(version: str) -> Document:
    """The starter policy under another version's name."""
    read = read_folder(POLICY).document
    policy = msgspec.structs.replace(read.policy, version=version, kind="material")
    return msgspec.structs.replace(read, policy=policy)


class Operator:
    """Calls the admin API of a server."""

    def __init__(self, server: Server) -> None:
        host, port = server.address
        token = (server.data / "operator.token").read_text().strip()
        self._http = httpx.AsyncClient(
            base_url=f"http://{host}:{port}/_palabre/admin/v1",
            headers={"authorization": f"Bearer {token}"},
            timeout=60,
            trust_env=False,
        )

    async def publish(self, version: str) -> None:
        published = msgspec.to_builtins(document(version))
        await self._post("/policies", {**published, "actor": "bench"})

    async def roll_out(self, version: str) -> str:
        """Started now; returns the id."""
        deadline = datetime.now(UTC) + timedelta(days=60)
        plan = {"deadline": deadline.isoformat(), "ladder": LADDER}
        made = await self._post("/rollouts", {"policy": POLICY.name, "version": version, "plan": plan, **BY})
        await self._post(f"/rollouts/{made['rollout_id']}/start", BY)
        rollout_id: str = made["rollout_id"]
        return rollout_id

    async def roll_back(self, rollout_id: str) -> None:
        await self._post(f"/rollouts/{rollout_id}/roll_back", BY)

    async def close(self) -> None:
        await self._http.aclose()

    async def _post(self, path: str, body: Any) -> Any:
        answer = await self._http.post(path, json=body)
        if answer.status_code >= 300:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()
