"""What is published, as a whole."""

from collections.abc import Iterable

import msgspec

from ..documents.models import Version
from ..rollouts.models import FOREVER, Rollout
from ..rollouts.standing import Rollouts, in_order


class Catalogue(msgspec.Struct, frozen=True):
    versions: dict[tuple[str, str], Version]
    """(policy, version) -> version."""
    rollouts: dict[str, Rollout]
    """By id, in the order in which they were made."""
    standing: Rollouts
    """Those that count, as `standing` wants them."""

    @classmethod
    def of(cls, versions: Iterable[Version], rollouts: Iterable[Rollout]) -> "Catalogue":
        by_id = {rollout.rollout_id: rollout for rollout in rollouts}
        return cls(
            {(version.policy, version.version): version for version in versions}, by_id, in_order(by_id.values())
        )

    def with_version(self, version: Version) -> "Catalogue":
        return Catalogue.of([*self.versions.values(), version], self.rollouts.values())

    def with_rollout(self, rollout: Rollout) -> "Catalogue":
        """The same with this roll-out added, or in the place of the one with its id."""
        return Catalogue.of(self.versions.values(), {**self.rollouts, rollout.rollout_id: rollout}.values())

    def of_policy(self, policy: str) -> list[Version]:
        """Oldest first."""
        return sorted((v for v in self.versions.values() if v.policy == policy), key=lambda version: version.number)

    def current(self, policy: str, now: int) -> Version | None:
        """The version that people are asked for at `now`: the newest one that a roll-out has announced."""
        for group in self.standing:
            if group[0].terms.policy == policy:
                for rollout in group:
                    if rollout.announce <= rollout.clock(now) and rollout.held_since is None:
                        return self.versions[policy, rollout.terms.version]
        return None

    def newest(self, policy: str) -> Version:
        """The newest version that was not taken back, if there is one."""
        versions, taken_back = self.of_policy(policy), self.rolled_back(policy)
        return next((one for one in reversed(versions) if one.number not in taken_back), versions[-1])

    def next_announcement(self, now: int) -> int:
        """When `current` changes next by itself."""
        announced = (rollout.announce for group in self.standing for rollout in group if rollout.held_since is None)
        return min((at for at in announced if at > now), default=FOREVER)

    @property
    def policies(self) -> list[str]:
        return sorted({policy for policy, _ in self.versions})

    def rolled_back(self, policy: str) -> set[int]:
        """Numbers of the versions that no roll-out carries any more, because it was rolled back."""
        states: dict[int, set[str]] = {}
        for rollout in self.rollouts.values():
            if rollout.terms.policy == policy and rollout.state != "draft":
                states.setdefault(rollout.terms.number, set()).add(rollout.state)
        return {number for number, seen in states.items() if seen == {"rolled_back"}}


EMPTY = Catalogue.of((), ())
