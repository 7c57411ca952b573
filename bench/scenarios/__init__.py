"""The scenarios, in the order in which they run and are reported."""

from bench.scenario import Scenario
from bench.scenarios import direct, gate, group, initial, million, pair, rollout, steady, waiting

SCENARIOS: tuple[Scenario, ...] = (
    direct.SCENARIO,
    group.SCENARIO,
    pair.SCENARIO,
    steady.SCENARIO,
    waiting.SCENARIO,
    initial.SCENARIO,
    gate.SCENARIO,
    rollout.SCENARIO,
    million.SCENARIO,
)
