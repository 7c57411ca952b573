"""From what somebody is about to do to the decision that says so: the same for everybody in their class."""

from collections import Counter
from typing import Literal

from ..policy.catalogue.models import Catalogue
from ..policy.decisions.models import NOTHING_DECIDED, Answers, Decision
from ..policy.decisions.service import Given
from ..policy.documents.hashing import shown_hash
from ..policy.documents.models import Edition, Version
from .classes import Classes, Kind
from .models import Scenario
from .population import Act

Said = Literal["accept", "decline", "later", "withdraw", "choose"]
_hashes: dict[tuple[str, str, str], str] = {}


class Deciding:
    """For one moment of one day: what came of an act is remembered by class."""

    def __init__(self, scenario: Scenario, classes: Classes, catalogue: Catalogue, version: str, now: int) -> None:
        self._scenario = scenario
        self._classes = classes
        self._catalogue = catalogue
        self._asked = version
        self._now = now
        self._known: dict[tuple[int, Act], tuple[Given | None, int, str]] = {}
        self.recorded: Counter[str] = Counter()
        """Version and kind -> decisions that are new."""

    def what(self, number: int, act: Act) -> tuple[Given | None, int]:
        """What the person answers, and their class from then on; None where there is nothing to answer."""
        found = self._known.get((number, act))
        if found is None:
            found = self._known[number, act] = self._find(number, act)
        given, after, counts = found
        if counts:
            self.recorded[counts] += 1
        return given, after

    def _find(self, number: int, act: Act) -> tuple[Given | None, int, str]:
        kind = self._classes[number]
        answers = kind.answers.get(self._scenario.policy, NOTHING_DECIDED)
        version = self._about(answers, act)
        if version is None:
            return None, number, ""
        edition = version.document.edition_for(kind.region)
        accepted = {one.version: one for one in answers.acceptances}.get(version.version)
        if act.do in ("decline", "later") and accepted is not None:
            return None, number, ""
        if act.do == "accept" and accepted is not None and accepted.edition == edition.id:
            return None, number, ""
        choices = {row.id: act.options for row in edition.optional} if act.do in ("accept", "choose") else {}
        if act.do == "choose" and not choices:
            return None, number, ""
        said: Said = act.do  # type: ignore[assignment]  # leaving and travelling are no decisions
        decision = self._decision(kind, version, edition, said, choices)
        given = Given(
            policy=decision.policy,
            version=decision.version,
            edition=decision.edition,
            locale=decision.locale,
            hash=decision.hash,
            kind=said,
            choices=choices,
        )
        latest = answers.latest.get(version.version)
        again = latest is not None and (latest.kind, latest.hash, latest.choices) == (said, given.hash, choices)
        if again:
            return given, number, ""
        after = self._classes.of(kind.region, kind.since, (*kind.history, decision))
        return given, after, f"{version.version} {said}"

    def _about(self, answers: Answers, act: Act) -> Version | None:
        """The version that the act is about; None where that is not possible now."""
        policy, accepted = self._scenario.policy, answers.accepted
        if act.do == "choose":
            return self._catalogue.versions[policy, accepted.version] if accepted is not None else None
        if act.do == "withdraw" and (accepted is None or accepted.version != self._asked):
            return None
        offered = any(
            rollout.terms.version == self._asked and rollout.announce <= rollout.clock(self._now)
            for group in self._catalogue.standing
            for rollout in group
        )
        return self._catalogue.versions[policy, self._asked] if offered else None

    def _decision(
        self, kind: Kind, version: Version, edition: Edition, said: Said, choices: dict[str, bool]
    ) -> Decision:
        locale = self._scenario.regions[kind.region].locale
        return Decision(
            decision_id="",
            user_id="",
            number=len(kind.history) + 1,
            policy=version.policy,
            version=version.version,
            version_number=version.number,
            edition=edition.id,
            region=kind.region,
            locale=locale,
            hash=_hash(version, edition.id, locale),
            kind=said,
            choices=choices,
            at=self._now,
            channel="api",
            gpc=False,
        )


def _hash(version: Version, edition: str, locale: str) -> str:
    key = (version.hash, edition, locale)
    if key not in _hashes:
        _hashes[key] = shown_hash(version.document, edition, locale)
    return _hashes[key]
