"""What a person is told about their terms: `GET /_palabre/v1/account/policy`, and account data `org.palabre.policy`.

Computed when somebody looks; a roll-out that begins for a million people writes nothing for any of them.
"""

import zlib
from typing import Any

import msgspec

from ..core.clock import Clock
from ..core.json import JsonObject
from ..storage.database import CommitCache
from .catalogue.models import Catalogue
from .catalogue.service import Catalogues
from .decisions.models import NOTHING_DECIDED, Accepted, Answers
from .decisions.service import DecisionService
from .documents.diff import compare_editions
from .documents.models import Version
from .documents.wording import sentences
from .gate.service import CACHED_PEOPLE, Gate
from .rollouts import ladder
from .rollouts.models import Level, Rollout, Standing, Subject

ACCOUNT_DATA_TYPE = "org.palabre.policy"


class Place(msgspec.Struct, frozen=True):
    """A person's standing, and a mark that changes with anything they would be told."""

    standing: Standing
    mark: int
    """0: nothing is published, so there is nothing to tell."""
    valid_until: int
    """Until when both stay so: an announcement to others changes what is current, and no standing."""

    @property
    def level(self) -> Level:
        return self.standing.level


class PolicyStatus:
    def __init__(
        self, clock: Clock, gate: Gate, catalogues: Catalogues, decisions: DecisionService, public_url: str
    ) -> None:
        self._clock = clock
        self._gate = gate
        self._catalogues = catalogues
        self._decisions = decisions
        self._public_url = public_url
        self._places: CommitCache[str, Place] = CommitCache(CACHED_PEOPLE)
        self._diffs: dict[tuple[str, str, str, str, str], JsonObject] = {}

    async def place(self, user_id: str) -> Place:
        standing = self._gate.at_hand(user_id) or await self._gate.standing(user_id)
        known = self._places.get(user_id)
        if known is None or known.standing is not standing or self._clock.ms() >= known.valid_until:
            coming = (await self._catalogues.now()).next_announcement(self._clock.ms())
            known = Place(standing, _mark(await self.of(user_id)), min(standing.valid_until, coming))
            self._places.fill(user_id, known)
        return known

    async def of(self, user_id: str) -> JsonObject:
        """`level`; `consent_uri`; and of each policy what was accepted, what is asked, every date, and what changes."""
        standing = await self._gate.standing(user_id)
        subject = await self._gate.subject(user_id)
        decisions = await self._decisions.of(user_id)
        catalogue = await self._catalogues.now()
        return {
            "level": standing.level.label,
            "consent_uri": self._gate.consent_uri,
            "policies": [
                self._policy(catalogue, policy, subject, decisions.get(policy, NOTHING_DECIDED), standing)
                for policy in catalogue.policies
            ],
        }

    def _policy(
        self, catalogue: Catalogue, policy: str, subject: Subject, answers: Answers, standing: Standing
    ) -> JsonObject:
        accepted = answers.accepted
        asking = [catalogue.rollouts[rollout_id] for rollout_id in standing.asked]
        rollout = next((rollout for rollout in asking if rollout.terms.policy == policy), None)
        current = catalogue.current(policy, self._clock.ms()) or catalogue.newest(policy)
        return {
            "policy": policy,
            "names": current.document.policy.names,
            "current": {"version": current.version, "urls": self._urls(current)},
            "accepted": _accepted(accepted),
            "asked": None if rollout is None else self._asked(catalogue, rollout, subject, answers),
        }

    def _asked(self, catalogue: Catalogue, rollout: Rollout, subject: Subject, answers: Answers) -> JsonObject:
        version = catalogue.versions[rollout.terms.policy, rollout.terms.version]
        edition = rollout.terms.edition(subject.region)
        own = rollout.ladder_for(edition)
        told = ladder.begins(rollout, ladder.told_at(rollout, subject) or rollout.announce, answers)
        latest = answers.latest.get(version.version)
        asked: JsonObject = {
            "rollout": rollout.rollout_id,
            "version": version.version,
            "kind": rollout.terms.kind,
            "edition": edition,
            "urls": self._urls(version),
            "decision": None if latest is None else latest.kind,
            "on_hold": rollout.held_since is not None,
            "deadline": None,
            "steps": [],
            "changes": self._changes(catalogue, version, edition, answers.accepted),
        }
        if rollout.held_since is None:
            coming = sorted(ladder.dates(rollout, own, told), key=lambda item: (item[0], item[1].level))
            asked["steps"] = [{"step": step.level.label, "at": at} for at, step in coming]
            if any(step.level.restricts for step in own.steps):
                asked["deadline"] = ladder.deadline(rollout, own, told)
        return asked

    def _changes(self, catalogue: Catalogue, new: Version, edition: str, accepted: Accepted | None) -> JsonObject:
        """The diff against what the person last accepted, each change in every language."""
        old = None if accepted is None else catalogue.versions.get((new.policy, accepted.version))
        before = old.document.edition(accepted.edition) if old is not None and accepted is not None else None
        key = (new.policy, new.version, edition, old.version if old else "", before.id if before else "")
        known = self._diffs.get(key)
        if known is None:
            diff = compare_editions(before, new.document.edition(edition))
            known = self._diffs[key] = {
                "since": old.version if old else None,
                "rows": [{"kind": change.kind, "row": change.row_id} for change in diff.changes],
                "text": {locale: sentences(diff, locale, new.document) for locale in new.document.policy.locales},
            }
        return known

    def _urls(self, version: Version) -> dict[str, str]:
        root = f"{self._public_url}/_palabre/v1/policies/{version.policy}/{version.version}"
        return {locale: f"{root}/{locale}" for locale in version.document.policy.locales}


def _accepted(accepted: Accepted | None) -> JsonObject | None:
    if accepted is None:
        return None
    return {
        "version": accepted.version,
        "edition": accepted.edition,
        "at": accepted.at,
        "decision_id": accepted.decision_id,
        "choices": accepted.choices,
    }


def _mark(status: dict[str, Any]) -> int:
    return (zlib.crc32(msgspec.json.encode(status, order="sorted")) or 1) if status["policies"] else 0
