"""What each level leaves open: the table in the documentation, the table in the code, and every endpoint there is."""

import re
from pathlib import Path

import pytest

from palabre.app import Parts
from palabre.http.endpoint import Endpoint
from palabre.policy.access import OPEN
from palabre.policy.rollouts.models import Level
from tests.api import Homeserver

from .made import version
from .operator import BY, Operator, day

DOCS = Path(__file__).parents[2] / "docs" / "policy.md"
DAYS = {"notice": 0, "reminder": 26, "limited": 33, "locked": 43, "deletion_scheduled": 53, "deleted": 94}
"""On which day of the ladder of `operator` a person is where."""
ENDS_THE_SESSION = re.compile(r"/logout|/delete_devices|/deactivate")


def documented() -> dict[str, dict[str, bool]]:
    """Level -> access -> open."""
    lines = [line for line in DOCS.read_text().splitlines() if line.startswith("|")]
    start = next(index for index, line in enumerate(lines) if line.startswith("| level |"))
    head, _, *rows = (
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[start : start + 2 + len(Level)]
    )
    return {row[0]: {access: cell == "open" for access, cell in zip(head[1:], row[1:], strict=True)} for row in rows}


def test_the_documentation_says_what_the_code_does() -> None:
    table = documented()
    assert set(table) == {level.label for level in Level}
    for level in Level:
        assert {access for access, is_open in table[level.label].items() if is_open} == OPEN[level] - {"operator"}


@pytest.mark.parametrize("level", DAYS)
async def test_every_endpoint(client: Homeserver, operator: Operator, parts: Parts, level: str) -> None:
    """Asked by somebody at that level, with made-up parameters and no body: refused by the gate, or not by the gate."""
    person = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(DAYS[level])
    is_open = documented()[level]
    endpoints = [one for one in parts.server.router.endpoints if one.access not in ("public", "operator")]
    assert len(endpoints) > 100
    wrong = []
    for one in sorted(endpoints, key=lambda one: bool(ENDS_THE_SESSION.search(one.path))):
        answer = await person.request(one.method, filled(one, person.user_id), b"{}")
        if answer.status_code == 401 and ENDS_THE_SESSION.search(one.path):
            person = await client.log_in(person)
            answer = await person.request(one.method, filled(one, person.user_id), b"{}")
        refused = b"M_CONSENT_NOT_GIVEN" in answer.content
        if refused:
            assert answer.status_code == 403
            told = answer.json()
            assert told["consent_uri"] in (told.get("error") or told["title"])
        if refused == is_open[one.access]:
            wrong.append((one.method, one.path, one.access, answer.status_code))
    assert wrong == []


def filled(one: Endpoint, user_id: str) -> str:
    path = one.path.replace("{user_id}", user_id)
    return re.sub(r"\{[a-z_A-Z0-9.]+\}", "x", path) + ("?timeout=0" if path.endswith(("/sync", "/events")) else "")


async def test_signing_in_is_possible_at_every_level(client: Homeserver, operator: Operator) -> None:
    person = await client.register("ana")
    await operator.roll_out(version(1))
    for number in DAYS.values():
        await operator.clock(number)
        again = await client.log_in(person)
        assert (await again.call("GET", "/_palabre/v1/account/policy"))["policies"][0]["asked"]["version"] == "v1"
        await again.call("POST", "/logout")


async def test_a_ladder_that_deletes_in_haste_cannot_be_planned(client: Homeserver, operator: Operator) -> None:
    """Whatever was published with the version: deletion has a notice of its own, and time after it."""
    await operator.publish(version(1))
    steps = [
        {"step": "notice"},
        {"step": "deletion_scheduled", "after_deadline": "P1D"},
        {"step": "deleted", "after_deadline": "P2D"},
    ]
    plan = {"announce": day(0), "deadline": day(33), "ladder": steps}
    body = {"policy": "terms", "version": "v1", "plan": plan, **BY}
    refused = await operator.call("POST", "/_palabre/admin/v1/rollouts", body, status=400)
    assert refused["code"] == "PALABRE_POLICY_LINT"
    assert "DELETION-GRACE" in {finding["code"] for finding in refused["findings"]}
