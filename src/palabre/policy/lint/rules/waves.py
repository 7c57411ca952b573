"""The waves of a roll-out reach everybody in the end."""

from collections.abc import Iterator

from ...documents.reading import GROUPS
from ..case import Case
from ..models import Found, Rule, found
from ..vocabulary import COUNTRIES

_DUTY = "GDPR articles 5(1)(a) and 13(3): everybody whom new terms concern is told of them."
_ALL = 100


def _uncovered(case: Case) -> Iterator[Found]:
    if case.plan is None or not case.plan.waves:
        return
    if not any(wave.percent == _ALL and wave.countries is None for wave in case.plan.waves):
        yield found("rollout.yaml: waves")


def _unknown_countries(case: Case) -> Iterator[Found]:
    for index, wave in enumerate(case.plan.waves if case.plan else ()):
        for country in wave.countries or ():
            if country not in COUNTRIES and country not in GROUPS:
                yield found(f"rollout.yaml: waves[{index}].countries", country=country)


RULES = (
    Rule(
        "WAVES-INCOMPLETE",
        "error",
        _DUTY,
        "No wave reaches everybody: some people would never be told.",
        "End with a wave of `percent: 100` without countries.",
        _uncovered,
        "rollout",
    ),
    Rule(
        "WAVE-COUNTRY",
        "error",
        _DUTY,
        "{country} is no country.",
        "Use ISO 3166-1 codes of two letters: `GB`, not `UK`.",
        _unknown_countries,
        "rollout",
    ),
)
