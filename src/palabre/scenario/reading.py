"""Finding and reading scenarios: `scenarios/NAME/scenario.yaml`, with the policies of `policies/` beside it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import yaml

from ..policy.documents.reading import DocumentError, Folder, plan_from, read_folder
from ..policy.rollouts.plan import Plan
from .models import Event, Scenario

SCENARIO_FILE = "scenario.yaml"


class ScenarioError(Exception):
    """It cannot be run; the message says why."""


class Script(msgspec.Struct, frozen=True):
    """A scenario with everything that it names."""

    scenario: Scenario
    folders: dict[str, Folder]
    """Version -> document and plan."""
    plans: dict[str, Plan]
    """Version -> how it is rolled out here."""


def home(start: Path) -> Path:
    """The nearest folder from `start` upwards that has `scenarios` and `policies`; else the checkout this is in."""
    for place in (start, *start.parents, *Path(__file__).parents):
        if (place / "scenarios").is_dir() and (place / "policies").is_dir():
            return place
    raise ScenarioError("There are no folders scenarios/ and policies/ here. Say with --path where they are.")


def names(base: Path) -> list[str]:
    return sorted(file.parent.name for file in (base / "scenarios").glob(f"*/{SCENARIO_FILE}"))


def read(base: Path, name: str) -> Script:
    """Raises ScenarioError."""
    file = base / "scenarios" / name / SCENARIO_FILE
    try:
        scenario = _scenario(base, name)
        folders, plans = {}, {}
        for event in scenario.calendar:
            if event.do == "publish":
                folders[event.version] = read_folder(base / "policies" / (event.folder or ""))
        for event in scenario.calendar:
            if event.do == "roll_out":
                plan = plan_from(event.plan) if event.plan is not None else folders[event.version].plan
                if plan is not None:
                    plans[event.version] = plan
    except (yaml.YAMLError, msgspec.ValidationError, DocumentError, KeyError) as error:
        raise ScenarioError(f"{file}: {error}") from error
    script = Script(scenario, folders, plans)
    for problem in _problems(script):
        raise ScenarioError(f"{file}: {problem}")
    return script


def _scenario(base: Path, name: str) -> Scenario:
    if name not in names(base):
        raise ScenarioError(f"There is no scenario {name}. There are: {', '.join(names(base)) or 'none'}.")
    text = (base / "scenarios" / name / SCENARIO_FILE).read_text(encoding="utf-8")
    # Every scalar is text, and becomes what its field says: `NO` is a country, `2021-01-04` a version or a day.
    scenario = msgspec.convert(yaml.load(text, yaml.BaseLoader), Scenario, strict=False)  # noqa: S506 (makes text only)
    if scenario.people is None:
        return scenario
    other = _scenario(base, scenario.people) if scenario.people != name else scenario
    if other.people is not None:
        raise ScenarioError(f"{name} takes its people from {scenario.people}, which has none of its own.")
    return msgspec.structs.replace(scenario, regions=other.regions, answers=other.answers, habits=other.habits)


def _problems(script: Script) -> Iterator[str]:
    scenario = script.scenario
    if not scenario.periods or not scenario.regions:
        yield "there is no period, or there are no regions."
    days = [day for period in scenario.periods for day in (period.begin, period.end)]
    if days != sorted(days):
        yield "the periods are not in order."
    if [event.on for event in scenario.calendar] != sorted(event.on for event in scenario.calendar):
        yield "the calendar is not in order."
    for event in scenario.calendar:
        if not any(period.begin <= event.on <= period.end for period in scenario.periods):
            yield f"{event.do} on {event.on} is in no period."
        yield from _event(script, event)
    for version, plan in script.plans.items():
        ladders = [plan.ladder, *(own.ladder or [] for own in plan.editions.values())]
        if any(step.at is not None for ladder in ladders for step in ladder):
            yield f"{version}: steps count from the announcement or the deadline here, `at` is not for them."
        if any(wave.percent < 100 for wave in plan.waves):
            yield f"{version}: people are counted by country here, so waves may not have percentages."


def _event(script: Script, event: Event) -> Iterator[str]:
    folder = script.folders.get(event.version)
    if folder is None or (folder.document.policy.id, folder.document.policy.version) != (
        script.scenario.policy,
        event.version,
    ):
        yield f"no publish of {script.scenario.policy} {event.version}."
    if event.do == "roll_out" and (event.version not in script.plans or event.version not in script.scenario.answers):
        yield f"{event.version} has no plan, or nobody answers it."
    if (event.do == "extend") != (event.deadline is not None) or (event.do == "drop") != (event.step is not None):
        yield f"{event.do} on {event.on}: `deadline` belongs to extend, `step` to drop."
