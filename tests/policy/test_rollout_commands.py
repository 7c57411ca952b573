"""`palabre rollout` against a server."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from palabre.policy.commands import rollouts
from palabre.policy.documents.models import Acknowledgement
from palabre.policy.documents.reading import read_folder
from palabre.policy.lint import check
from tests.api import Homeserver, unique
from tests.services import Palabre, free_port

POLICIES = Path(__file__).parents[2] / "policies"
PLAN = {
    "announce": "2021-01-06",
    "deadline": "2021-02-08",
    "ladder": [
        {"step": "notice"},
        {"step": "limited"},
        {"step": "deletion_scheduled", "after_deadline": "P30D"},
        {"step": "deleted", "after_deadline": "P60D"},
    ],
}
PREVIEW_APP = typer.Typer()
PREVIEW_APP.command()(rollouts.preview_command)


class Terminal:
    def __init__(self, process: Palabre) -> None:
        self.process = process
        self.token_file = process.data / "operator.token"
        self.address = process.url

    def run(self, *words: str, answer: str | None = None, app: Any = rollouts.app) -> Result:
        where = ["--server", self.address, "--token-file", str(self.token_file)]
        environment = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
        return CliRunner().invoke(app, [*words, *where], input=answer, env=environment)

    def ok(self, *words: str, answer: str | None = None, app: Any = rollouts.app) -> str:
        result = self.run(*words, answer=answer, app=app)
        assert result.exit_code == 0, result.output
        return result.output

    def json(self, *words: str, app: Any = rollouts.app) -> Any:
        return json.loads(self.ok(*words, "--format", "json", app=app))

    def fails(self, *words: str, answer: str | None = None) -> str:
        result = self.run(*words, answer=answer)
        assert result.exit_code == 1, result.output
        return result.output


@pytest.fixture
def terminal(process: Palabre) -> Terminal:
    return Terminal(process)


@pytest.fixture
async def operator(server: Homeserver, process: Palabre) -> AsyncIterator[Homeserver]:
    """In January 2021, before the announcement."""
    server.token = (process.data / "operator.token").read_text().strip()
    await server.call("PUT", "/_palabre/admin/v1/clock", {"now": "2021-01-01T00:00:00Z"})
    yield server
    await server.call("PUT", "/_palabre/admin/v1/clock", {"now": None})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version of a policy that nobody else has."""
    place = tmp_path / "version"
    shutil.copytree(POLICIES / "whatsapp-2021", place)
    file = place / "policy.yaml"
    file.write_text(re.sub(r"(?m)^id: .*$", f"id: {unique('terms')}", file.read_text(encoding="utf-8"), count=1))
    (place / "rollout.yaml").write_text(yaml.safe_dump(PLAN))
    return place


async def publish(operator: Homeserver, folder: Path) -> str:
    """With all of its breaches acknowledged; returns the id that its roll-out will have."""
    document = read_folder(folder).document
    codes = {finding.code for finding in check(read_folder(folder), [])}
    acknowledged = [Acknowledgement(code=code, reason="A test.") for code in sorted(codes)]
    policy = msgspec.structs.replace(document.policy, acknowledgements=acknowledged)
    body = {"policy": msgspec.to_builtins(policy), "wording": msgspec.to_builtins(document.wording), "actor": "ines"}
    answer = await operator.request("POST", "/_palabre/admin/v1/policies", body)
    assert answer.is_success, answer.text
    return f"{policy.id}.{policy.version}.1"


async def test_a_life(terminal: Terminal, operator: Homeserver, folder: Path) -> None:
    for name in ("ana", "ben"):
        await Homeserver(operator.http).register(name)
    own = await publish(operator, folder)
    said = ("--reason", "the board decided", "--actor", "ines")

    made = terminal.ok("create", str(folder), *said)
    assert f"palabre rollout preview {own}" in made
    assert "Wed 6 Jan 2021" in made
    asked = terminal.json("preview", own)["asked"]
    assert asked >= 2

    (folder / "rollout.yaml").write_text(yaml.safe_dump({**PLAN, "deadline": "2021-02-10"}))
    assert "Wed 10 Feb 2021" in terminal.ok("revise", own, str(folder), *said)
    shown = terminal.ok("preview", own)
    assert f"of {asked} people, {asked} are asked" in shown
    assert f"ZZ {asked}" in shown

    started = terminal.ok("start", own, *said, answer="y\n")
    assert f"This asks {asked} people, from Wed 6 Jan 2021 on." in started
    assert "scheduled" in started
    await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": "2021-02-11T00:00:00Z"})
    assert f"{asked:,}" in terminal.ok("funnel", own)
    assert terminal.json("funnel", own)["now"] == {"limited": asked}
    assert "2021-02-10" in terminal.ok("funnel", own, "--by-day")

    held = terminal.ok("hold", own, *said, "--yes")
    assert f"This concerns {asked} people who are asked now; {asked} of them are limited." in held
    assert "Held since Thu 11 Feb 2021" in held
    assert f"asks {asked} people again; {asked} of them" in terminal.ok("resume", own, *said, "-y")
    extended = terminal.ok("extend", own, "2021-05-15", *said, "--edition", "world", "--yes")
    assert f"This gives {asked} people more time." in extended
    assert "Sat 15 May 2021" in extended
    assert f"spares {asked} people the step deleted" in terminal.ok("drop", own, "deleted", *said, "--yes")
    assert "rolled back" in terminal.ok("roll-back", own, *said, "--yes")

    history = terminal.ok("history", own)
    for words in (
        "create",
        "extend to Sat 15 May 2021 (world)",
        "drop deleted",
        "roll back",
        "ines",
        "the board decided",
    ):
        assert words in history
    assert [one["operation"] for one in terminal.json("history", own)][:3] == ["create", "revise", "start"]
    assert own in terminal.ok("list")
    assert [one["state"] for one in terminal.json("list", "--policy", own.split(".")[0])] == ["rolled_back"]
    assert terminal.json("show", own)["rollout_id"] == own


async def test_nothing_is_done_without_a_yes(terminal: Terminal, operator: Homeserver, folder: Path) -> None:
    own = await publish(operator, folder)
    terminal.ok("create", str(folder), "--reason", "x")
    assert "Aborted" in terminal.fails("start", own, "--reason", "x", answer="n\n")
    assert terminal.json("show", own)["state"] == "draft"
    assert terminal.run("start", own, "--yes").exit_code == 2, "a reason is required"
    history = terminal.json("history", own)
    assert len(history) == 1
    assert history[0]["actor"]


async def test_a_preview_before_anything_is_published(terminal: Terminal, operator: Homeserver, folder: Path) -> None:
    shown = terminal.ok(str(folder), app=PREVIEW_APP)
    assert "are asked" in shown
    assert "Wed 6 Jan 2021" in shown
    imagined = terminal.json(str(folder), app=PREVIEW_APP)
    own = await publish(operator, folder)
    terminal.ok("create", str(folder), "--reason", "x")
    assert {**terminal.json("preview", own), "as_of": 0} == {**imagined, "as_of": 0}


async def test_what_goes_wrong_is_said(terminal: Terminal, operator: Homeserver, folder: Path, tmp_path: Path) -> None:
    said = ("--reason", "x", "--yes")
    assert "is not published" in terminal.fails("create", str(folder), "--reason", "x")
    assert "There is no such roll-out." in terminal.fails("start", "none", *said)
    own = await publish(operator, folder)
    terminal.ok("create", str(folder), "--reason", "x")
    assert "is a draft" in terminal.fails("hold", own, *said)
    (folder / "rollout.yaml").unlink()
    assert "has no rollout.yaml" in terminal.fails("create", str(folder), "--reason", "x")
    assert "is no policy version" in terminal.fails("create", str(tmp_path), "--reason", "x")
    wrong = tmp_path / "token"
    wrong.write_text("palop_wrong")
    terminal.token_file = wrong
    assert "does not take this operator token" in terminal.fails("list")
    terminal.token_file = tmp_path / "none"
    assert "cannot be read" in terminal.fails("list")
    terminal.token_file = wrong
    terminal.address = f"http://127.0.0.1:{free_port()}"
    assert "Is it running?" in terminal.fails("list")
