"""What a person decided about a policy, and what follows from all of it together."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

DecisionKind = Literal["accept", "decline", "later", "withdraw", "choose"]
Channel = Literal["page", "api", "sign_up"]


class Decision(msgspec.Struct, frozen=True):
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


class Accepted(msgspec.Struct, frozen=True):
    """An acceptance that was not withdrawn."""

    decision_id: str
    version: str
    number: int
    """Of the version, in the order of publishing."""
    edition: str
    at: int
    choices: dict[str, bool]


class Answers(msgspec.Struct, frozen=True):
    """All of a person's decisions about one policy, together."""

    acceptances: tuple[Accepted, ...] = ()
    """Of each version the newest one not withdrawn; the newest version last."""
    latest: dict[str, Decision] = {}
    """Version -> the newest decision about it."""
    refused: dict[str, int] = {}
    """Optional row id -> when it was last refused; gone when it is chosen."""

    @property
    def accepted(self) -> Accepted | None:
        """The newest version that the person is bound to."""
        return self.acceptances[-1] if self.acceptances else None


NOTHING_DECIDED = Answers()


def fold(decisions: Iterable[Decision]) -> dict[str, Answers]:
    """Policy id -> answers, from a person's decisions in the order in which they were made."""
    folded: dict[str, Answers] = {}
    for decision in decisions:
        folded[decision.policy] = _after(folded.get(decision.policy, NOTHING_DECIDED), decision)
    return folded


def _after(answers: Answers, decision: Decision) -> Answers:
    return Answers(
        _acceptances(answers.acceptances, decision),
        {**answers.latest, decision.version: decision},
        _refused(answers.refused, decision),
    )


def _acceptances(before: tuple[Accepted, ...], decision: Decision) -> tuple[Accepted, ...]:
    others = tuple(accepted for accepted in before if accepted.version != decision.version)
    if decision.kind == "accept":
        accepted = Accepted(
            decision.decision_id,
            decision.version,
            decision.version_number,
            decision.edition,
            decision.at,
            decision.choices,
        )
        return tuple(sorted((*others, accepted), key=lambda item: item.number))
    if decision.kind == "withdraw":
        return others
    if decision.kind == "choose":
        return tuple(
            msgspec.structs.replace(accepted, choices=decision.choices)
            if accepted.version == decision.version
            else accepted
            for accepted in before
        )
    return before  # declining or putting off a new version leaves what was agreed to before


def _refused(before: Mapping[str, int], decision: Decision) -> dict[str, int]:
    after = dict(before)
    for row_id, on in decision.choices.items():
        if on:
            after.pop(row_id, None)
        else:
            after[row_id] = decision.at
    return after
