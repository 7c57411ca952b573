"""Applying all rules to one version."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from ..documents.models import Acknowledgement, Document
from ..documents.reading import Folder
from .case import Case
from .models import Finding, Found, Rule, found
from .rules import (
    cci,
    completeness,
    cpc,
    dma,
    editions,
    editorial,
    gdpr,
    ladder,
    locales,
    reminders,
    transparency,
    waves,
)

_UNUSED = Rule(
    "ACK-UNUSED",
    "warning",
    "GDPR article 5(2): what the operator says about its duties is true.",
    "It acknowledges {code}, but there is no such warning here.",
    "Delete the acknowledgement.",
    lambda case: (),
)
"""Found last: by what the others found."""

RULES: tuple[Rule, ...] = (
    *completeness.RULES,
    *locales.RULES,
    *editions.RULES,
    *ladder.RULES,
    *reminders.RULES,
    *waves.RULES,
    *editorial.RULES,
    *gdpr.RULES,
    *transparency.RULES,
    *dma.RULES,
    *cpc.RULES,
    *cci.RULES,
    _UNUSED,
)


def check(folder: Folder, earlier: Sequence[Document] = (), today: date | None = None) -> list[Finding]:
    """Everything that is wrong, errors first, then by code and place; the same for the same input.

    `earlier`: the versions published before, the oldest first. `today`: the day on which a plan without a date would be
    announced. What acknowledges a warning that cannot be found without a plan, or without earlier versions, is not
    counted as unused when there are none.
    """
    case = Case(folder, earlier, today)
    acknowledgements = folder.document.policy.acknowledgements
    findings = {_finding(rule, one, acknowledgements) for rule in RULES for one in rule.find(case)}
    findings |= {_finding(_UNUSED, one, acknowledgements) for one in _unused(acknowledgements, findings, case)}
    return sorted(findings, key=lambda one: (one.severity, one.code, one.place, one.message))


def _finding(rule: Rule, one: Found, acknowledgements: Iterable[Acknowledgement]) -> Finding:
    reason = None
    if rule.severity == "warning":
        reasons = (said.reason for said in acknowledgements if _covers(said, rule.code, one.edition))
        reason = next(reasons, None)
    message, mend = rule.says.format(**one.values), rule.mend.format(**one.values)
    return Finding(rule.code, rule.severity, rule.duty, one.place, message, mend, reason, one.edition)


def _covers(acknowledgement: Acknowledgement, code: str, edition: str | None) -> bool:
    return acknowledgement.code == code and acknowledgement.edition in (None, edition)


def _unused(acknowledgements: Iterable[Acknowledgement], findings: Iterable[Finding], case: Case) -> Iterator[Found]:
    unseen = {"rollout": case.plan is None, "history": not case.earlier, "policy": False}
    cannot_tell = {rule.code for rule in RULES if unseen[rule.about]} | {_UNUSED.code}
    for index, said in enumerate(acknowledgements):
        used = any(one.severity == "warning" and _covers(said, one.code, one.edition) for one in findings)
        if not used and said.code not in cannot_tell:
            yield found(f"policy.yaml: acknowledgements[{index}]", code=said.code)
