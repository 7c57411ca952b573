import asyncio

from palabre.core.housekeeping import Housekeeping


async def test_jobs_run_again_and_again_although_one_fails() -> None:
    housekeeping = Housekeeping(interval_seconds=0.001)
    twice = asyncio.Event()
    runs = 0

    async def failing() -> None:
        raise ValueError("on purpose")

    async def counting() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            twice.set()

    housekeeping.jobs += [failing, counting]
    await housekeeping.start()
    await asyncio.wait_for(twice.wait(), 10)
    await housekeeping.stop()
    done = runs
    await asyncio.sleep(0.01)
    assert runs == done
