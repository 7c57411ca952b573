"""How long proof is kept."""

from palabre.app import Parts
from tests.api import Homeserver

from .made import version
from .operator import Operator, decide

TEN_YEARS = 3660


async def count(parts: Parts) -> int:
    found: int = await parts.database.fetchval("SELECT count(*) FROM policy_decisions")
    return found


async def test_proof_outlives_an_account_by_ten_years(client: Homeserver, operator: Operator, parts: Parts) -> None:
    ana, ben = await client.register("ana"), await client.register("ben")
    await operator.roll_out(version(1))
    await operator.clock(1)
    await decide(ana, "decline")
    await decide(ben, "accept")
    await operator.clock(3000)
    await decide(ana, "accept")
    path = f"/_palabre/admin/v1/accounts/{ana.user_id}/deactivate"
    await operator.call("POST", path, {"erase": True})
    await operator.clock(TEN_YEARS)
    await parts.policy.decisions.forget_old()
    assert await count(parts) == 2, "what is not that old stays"
    await operator.clock(3000 + TEN_YEARS)
    await parts.policy.decisions.forget_old()
    assert await count(parts) == 1, "who has an account keeps their history"
