"""Consumer law of the Union, as WhatsApp undertook to keep it in future updates (CPC network, 6 March 2023).

That accepting and declining are equally prominent is not a matter of the policy: the pages are made so, and a test
measures them.
"""

from collections.abc import Iterator

from ...documents.reading import EEA
from ...rollouts.models import Level
from .. import prose
from ..case import Case
from ..models import Found, Rule, found

_STAGES = 2
_DUTY = (
    "Unfair Commercial Practices Directive 2005/29/EC articles 5 to 9. WhatsApp undertook towards the EU's consumer "
    "authorities (CPC network, 6 March 2023, after its 2021 update) "
)


def _dismissible(case: Case) -> Iterator[Found]:
    european = {None, *(edition.id for _, edition in case.editions(EEA))}
    for ladder in case.ladders:
        if ladder.restricting and ladder.edition in european:
            first = ladder.restricting[0].at
            stages = sum(step.at < first for step in ladder.steps if step.level in (Level.NOTICE, Level.REMINDER))
            if stages < _STAGES:
                yield found(ladder.place, ladder.edition, stages=stages)


def _refusal(case: Case) -> Iterator[Found]:
    if any(ladder.restricting for ladder in case.ladders):
        for edition, locale, wording in case.wordings(EEA):
            if not prose.mentions(wording.summary, "refusal", locale):
                yield found(f"{locale}.summary.md ({edition.id})", edition.id)


RULES = (
    Rule(
        "CPC-DISMISSIBLE",
        "warning",
        _DUTY + "that notifications of an update can be dismissed, or its review put off.",
        "Steps before the first limit that people can put off: {stages}.",
        "Put a `reminder` between the notice and the first limit.",
        _dismissible,
        "rollout",
    ),
    Rule(
        "CPC-REFUSAL",
        "warning",
        _DUTY
        + "to offer refusal as prominently as acceptance, and to say clearly when it ends the use of the service.",
        "The roll-out limits who does not accept, and the summary never mentions refusing.",
        "Say in the summary that one can decline, and what happens then, and when.",
        _refusal,
        "rollout",
    ),
)
