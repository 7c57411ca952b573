"""What may be done with a person's data: what they accepted, and never more.

A new version, another country or a roll-back can only narrow it; only a decision of the person widens it.
"""

from collections.abc import Collection, Mapping

from .decisions.models import Accepted, Answers
from .documents.grants import NO_GRANTS, Grants, chosen
from .documents.models import Version


def permitted(
    region: str | None, answers: Answers, versions: Mapping[int, Version], rolled_back: Collection[int]
) -> Grants:
    """The grants in force for a person under one policy.

    `versions` are those of the policy by number; `rolled_back` the numbers of those that were rolled back. Who
    accepted a version that was rolled back is under what it has in common with the newest earlier acceptance; without
    one, with the version before.
    """
    granted: Grants | None = None
    for accepted in reversed(answers.acceptances):
        under = _under(accepted, versions[accepted.number], region)
        granted = under if granted is None else granted & under
        if accepted.number not in rolled_back:
            return granted
    if granted is None:
        return NO_GRANTS
    accepted = answers.acceptances[0]
    before = [number for number in versions if number < accepted.number and number not in rolled_back]
    if not before:
        return NO_GRANTS
    edition = versions[max(before)].document.edition_for(region)
    return granted & chosen(edition, accepted.choices)


def _under(accepted: Accepted, version: Version, region: str | None) -> Grants:
    """In another country than that of the acceptance, what both editions let be done."""
    document = version.document
    here = chosen(document.edition_for(region), accepted.choices)
    return chosen(document.edition(accepted.edition), accepted.choices) & here
