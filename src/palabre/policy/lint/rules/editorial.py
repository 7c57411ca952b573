"""An editorial version corrects words: it asks for nothing, so it can take nothing and permit nothing new."""

from collections.abc import Iterator

from ...documents.diff import compare_editions, replaced_recipients
from ...rollouts.models import Level
from ..case import Case
from ..models import Found, Rule, found
from ..vocabulary import COUNTRIES

_DUTY = "GDPR articles 6(1), 7 and 13(3): more processing needs telling people, and where they have a say, asking them."


def _widens(case: Case) -> Iterator[Found]:
    if case.policy.kind != "editorial" or not case.earlier:
        return
    before = case.earlier[-1]
    replaced = replaced_recipients(before, case.document)
    for earlier, own in case.successions(before, COUNTRIES):
        diff = compare_editions(earlier, own, replaced)
        for row in sorted({change.row_id for change in diff.changes if change.wider}):
            place = f"policy.yaml: editions[{own.id}].processing[{row}]"
            yield found(place, own.id, version=before.policy.version, earlier=earlier.id)


def _steps(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        for step in ladder.steps:
            if case.policy.kind == "editorial" and step.level is not Level.NOTICE:
                yield found(ladder.place, ladder.edition, step=step.level.label)


RULES = (
    Rule(
        "EDITORIAL-WIDENS",
        "error",
        _DUTY,
        "It permits more than version {version} did (edition {earlier}), but the version is editorial.",
        "Make the version `material`, so that people are asked, or leave the row as it was.",
        _widens,
        "history",
    ),
    Rule(
        "EDITORIAL-STEPS",
        "error",
        _DUTY,
        "An editorial version is only made known, but the ladder has {step}.",
        "Leave only notices, or make the version `material`.",
        _steps,
        "rollout",
    ),
)
