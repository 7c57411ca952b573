"""The scenarios, in the order in which they run and are reported."""

from bench.scenario import Scenario
from bench.scenarios import direct, group, initial, pair, steady, waiting

SCENARIOS: tuple[Scenario, ...] = (
    direct.SCENARIO,
    group.SCENARIO,
    pair.SCENARIO,
    steady.SCENARIO,
    waiting.SCENARIO,
    initial.SCENARIO,
)
