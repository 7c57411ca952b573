"""What a person decided about a policy, and what follows from all of it together."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

STREAM = "policy_decision"
"""Of the log, keyed by user id: the person decided something."""

DecisionKind = Literal["accept", "decline", "later", "withdraw", "choose"]
Channel = Literal["page", "api", "sign_up"]


class Decision(msgspec.Struct, frozen=True, gc=False):
    """One decision, as it was recorded. Bound to what was shown: version, edition, locale and hash."""

    decision_id: str
    user_id: str
    number: int
    """1 for a person's first decision, and so on."""
    policy: str
    version: str
    version_number: int
    edition: str
    region: str | None
    locale: str
    hash: str
    """Of what was shown, see `documents.hashing.shown_hash`."""
    kind: DecisionKind
    choices: dict[str, bool]
    """Of every optional row of the edition whether it is on. Empty where the decision is not about rows."""
    at: int
    """Milliseconds since 1970."""
    channel: Channel
    gpc: bool
    """The browser sent `Sec-GPC: 1`: what is optional counts as declined."""


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An acceptance that was not withdrawn."""

    decision_id: str
    version: str
    number: int
    """Of the version, in the order of publishing."""
    edition: str
    at: int
    choices: dict[str, bool]


class Answers(msgspec.Struct, frozen=True, gc=False):
    """All of a person's decisions about one policy, together."""

    acceptances: tuple[Accepted, ...] = ()
    """Of each version the newest one not withdrawn; the newest version last."""
    latest: dict[str, Decision] = {}
    """Version -> the newest decision about it."""
    refused: dict[str, int] = {}
    """Optional row id -> when it was last refused; gone when it is chosen."""
    withdrawn: dict[int, int] = {}
    """Number of a version -> when its acceptance was last taken back."""

    @property
    def accepted(self) -> Accepted | None:
        """The newest version that the person is bound to."""
        return self.acceptances[-1] if self.acceptances else None

    def taken_back(self, number: int) -> int:
        """When the person last took back the acceptance of this version or of a later one; 0 if never."""
        return max((at for version, at in self.withdrawn.items() if version >= number), default=0)


NOTHING_DECIDED = Answers()


def fold(decisions: Iterable[Decision]) -> dict[str, Answers]:
    """Policy id -> answers, from a person's decisions in the order in which they were made."""
    folded: dict[str, Answers] = {}
    for decision in decisions:
        folded[decision.policy] = after(folded.get(decision.policy, NOTHING_DECIDED), decision)
    return folded


def after(answers: Answers, decision: Decision) -> Answers:
    """The answers once this decision is made."""
    return Answers(
        _acceptances(answers.acceptances, decision),
        {**answers.latest, decision.version: decision},
        _refused(answers.refused, decision),
        _withdrawn(answers, decision),
    )


def _acceptances(before: tuple[Accepted, ...], decision: Decision) -> tuple[Accepted, ...]:
    if decision.kind in ("decline", "later"):
        return before  # declining or putting off a new version leaves what was agreed to before
    others = [accepted for accepted in before if accepted.version != decision.version]
    if decision.kind == "withdraw":
        return tuple(others)
    if decision.kind == "choose":
        return tuple(
            replace(accepted, choices=decision.choices)
            if accepted.version == decision.version
            else _without(accepted, decision.choices)
            for accepted in before
        )
    accepted = Accepted(
        decision.decision_id,
        decision.version,
        decision.version_number,
        decision.edition,
        decision.at,
        decision.choices,
    )
    if not others:
        return (accepted,)
    kept = [_without(other, decision.choices) for other in others]
    return tuple(sorted((*kept, accepted), key=lambda item: item.number))


def _without(accepted: Accepted, choices: Mapping[str, bool]) -> Accepted:
    """What is switched off in one version is off in all: withdrawing or rolling back must not bring it back."""
    off = [row_id for row_id, on in accepted.choices.items() if on and not choices.get(row_id, True)]
    return replace(accepted, choices={**accepted.choices, **dict.fromkeys(off, False)}) if off else accepted


def _withdrawn(before: Answers, decision: Decision) -> dict[int, int]:
    bound = any(accepted.version == decision.version for accepted in before.acceptances)
    if decision.kind == "withdraw" and bound:
        return {**before.withdrawn, decision.version_number: decision.at}
    return before.withdrawn


def _refused(before: Mapping[str, int], decision: Decision) -> dict[str, int]:
    after = dict(before)
    for row_id, on in decision.choices.items():
        if on:
            after.pop(row_id, None)
        else:
            after[row_id] = decision.at
    return after
