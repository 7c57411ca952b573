"""What a new server begins with."""

from datetime import UTC, datetime

import pytest

from palabre.core.clock import Clock
from palabre.policy.catalogue.service import Catalogues
from palabre.policy.documents.service import Policies
from palabre.policy.rollouts.service import RolloutService
from palabre.policy.starter import begin
from palabre.storage.database import Database


class New:
    """The services of a server that was never started before."""

    def __init__(self, database: Database) -> None:
        self.clock = Clock()
        self.clock.set(datetime(2033, 5, 4, 12, tzinfo=UTC))
        self.catalogues = Catalogues(database)
        self.policies = Policies(database, self.clock, self.catalogues)
        self.rollouts = RolloutService(database, self.clock, self.catalogues)

    async def begin(self) -> None:
        await begin(self.policies, self.rollouts, self.catalogues)


@pytest.fixture
def new(database: Database) -> New:
    return New(database)


async def test_the_starter_is_in_force_from_the_first_day(new: New) -> None:
    await new.begin()
    catalogue = await new.catalogues.now()
    version = catalogue.current("palabre", new.clock.ms())
    assert version is not None
    assert version.document.policy.effective == "2033-05-04"
    assert await new.policies.findings(version) == []
    await new.begin()
    assert await new.catalogues.now() is catalogue


async def test_a_crash_in_between_is_made_good(new: New) -> None:
    async def crash(*_: object) -> None:
        raise RuntimeError("power cut")

    start, create = new.rollouts.start, new.rollouts.create
    new.rollouts.create = crash  # type: ignore[assignment]
    with pytest.raises(RuntimeError):
        await new.begin()
    new.rollouts.create, new.rollouts.start = create, crash  # type: ignore[method-assign, assignment]
    with pytest.raises(RuntimeError):
        await new.begin()
    new.rollouts.start = start  # type: ignore[method-assign]
    await new.begin()
    [rollout] = (await new.catalogues.now()).rollouts.values()
    assert rollout.state == "started"
