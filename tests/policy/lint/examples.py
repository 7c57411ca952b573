"""One good policy version with its plan, in which no rule finds anything, to break in one place at a time."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from palabre.policy.documents.models import Document, Wording
from palabre.policy.documents.reading import Folder, plan_from, policy_from
from palabre.policy.lint import Finding, check

Dict = dict[str, Any]

EUROPE = "policy.yaml: editions[europe]"
WORLD = "policy.yaml: editions[world]"
LADDER = "rollout.yaml: ladder"
EUROPEAN_LADDER = "rollout.yaml: editions[europe].ladder"


def _both(english: str, french: str) -> Dict:
    return {"en": english, "fr": french}


_TEXT = _both(
    "# Terms\n\nYour number is required to use the service. You can decline.\n\n## Your data\n\nWe keep it safe.\n",
    "# Conditions\n\nVotre numéro est nécessaire. Vous pouvez refuser.\n\n## Vos données\n\nNous les protégeons.\n",
)
_SUMMARY = _both(
    "You can decline: then your account is limited on 15 May.",
    "Vous pouvez refuser : votre compte est alors limité le 15 mai.",
)
_ROWS: list[Dict] = [
    {
        "id": "messages",
        "purpose": "dpv:ServiceProvision",
        "data": "pd:TelephoneNumber",
        "recipients": ["us"],
        "legal_basis": "eu-gdpr:A6-1-b",
        "necessity": "required",
        "retention": "account",
        "transfer": "none",
        "covers_earlier": True,
        "text": _both("Your number, to deliver messages.", "Votre numéro, pour remettre les messages."),
    },
    {
        "id": "security",
        "purpose": "dpv:EnforceSecurity",
        "data": "pd:IPAddress",
        "recipients": ["us"],
        "legal_basis": "eu-gdpr:A6-1-f",
        "necessity": "required",
        "retention": "P90D",
        "transfer": "none",
        "covers_earlier": False,
        "text": _both("Our interest in keeping attackers out.", "Notre intérêt à écarter les attaquants."),
    },
    {
        "id": "hosting",
        "purpose": "dpv:TechnicalServiceProvision",
        "data": "pd:TelephoneNumber",
        "recipients": ["cloud"],
        "legal_basis": "eu-gdpr:A6-1-b",
        "necessity": "required",
        "retention": "account",
        "transfer": {"countries": ["US"], "safeguard": "eu-gdpr:SCCByCommission"},
        "covers_earlier": True,
        "text": _both("Computers that we rent.", "Des ordinateurs que nous louons."),
    },
    {
        "id": "ads",
        "purpose": "dpv:PersonalisedAdvertising",
        "data": "pd:TelephoneNumber",
        "recipients": ["sister", "us"],
        "legal_basis": "eu-gdpr:A6-1-a",
        "necessity": "optional",
        "retention": "P90D",
        "transfer": "none",
        "covers_earlier": False,
        "text": _both("Advertising, if you want it.", "De la publicité, si vous voulez."),
    },
]
_CONTACT = {"name": "Palabre", "address": "1 rue de la Paix, Paris", "email": "privacy@palabre.example"}
_POLICY: Dict = {
    "id": "terms",
    "version": "2",
    "kind": "material",
    "effective": "2021-05-15",
    "names": _both("Terms", "Conditions"),
    "controller": _CONTACT,
    "representative": _CONTACT,
    "data_protection_officer": _CONTACT,
    "rights": {
        "terms": [f"eu-gdpr:{article}" for article in ("A7-3", "A15", "A16", "A17", "A18", "A20", "A21", "A77")],
        "how": _both("Write to us.", "Écrivez-nous."),
        "complaint": _both("The CNIL.", "La CNIL."),
    },
    "recipients": {
        "us": {"name": "Palabre", "role": "controller", "country": "FR"},
        "cloud": {"name": "Cloud", "role": "processor", "country": "US"},
        "sister": {"name": "Sister", "role": "affiliate", "country": "FR", "address": "https://sister.example"},
        "shop": {"name": "Shop", "role": "third-party", "country": "DE", "address": "https://shop.example"},
    },
    "editions": [
        {"id": "europe", "countries": ["EEA"], "names": _both("Europe", "Europe"), "processing": _ROWS},
        {"id": "world", "countries": ["*"], "names": _both("World", "Monde"), "processing": _ROWS},
    ],
}
_PLAN: Dict = {
    "announce": "2021-01-06T00:00:00Z",
    "deadline": "2021-05-15T00:00:00Z",
    "notice_period": "P30D",
    "ladder": [
        {"step": "notice"},
        {"step": "reminder", "after_announce": "P14D"},
        {"step": "reminder", "before_deadline": "P7D"},
        {"step": "limited"},
        {"step": "locked", "after_deadline": "P14D"},
        {"step": "deletion_scheduled", "after_deadline": "P30D"},
        {"step": "deleted", "after_deadline": "P60D"},
    ],
    "editions": {"europe": {"deadline": "2021-06-15T00:00:00Z"}},
    "waves": [{"percent": 10}, {"countries": ["IN"], "after_announce": "P1D"}, {"after_announce": "P7D"}],
    "sms_reminders": 1,
}


def _copy(value: Dict) -> Dict:
    """Nothing in it is shared, unlike in a deep copy: an edit is in one place."""
    copied: Dict = msgspec.json.decode(msgspec.json.encode(value))
    return copied


_EDITION = re.compile(r"(editions\[|\()(?P<edition>\w+)")
"""How a place names the edition that it is in."""
_ANYWHERE = ("CELL-EMPTY", "ROLLOUT-DATE")
"""Rules that say the place only."""


class Draft:
    """The good version, to be edited before it is checked."""

    def __init__(self) -> None:
        self.policy: Dict = _copy(_POLICY)
        self.wording: Dict = {
            edition: {locale: {"summary": _SUMMARY[locale], "text": _TEXT[locale]} for locale in ("en", "fr")}
            for edition in ("europe", "world")
        }
        self.plan: Dict | None = _copy(_PLAN)
        self.earlier: list[Document] = []
        self.today: date | None = None

    def edition(self, edition_id: str = "europe") -> Dict:
        return next(edition for edition in self.policy["editions"] if edition["id"] == edition_id)

    def row(self, row_id: str, edition_id: str = "europe") -> Dict:
        return next(row for row in self.edition(edition_id)["processing"] if row["id"] == row_id)

    def text(self, locale: str = "en", edition_id: str = "europe") -> Dict:
        found: Dict = self.wording[edition_id][locale]
        return found

    @property
    def rollout(self) -> Dict:
        assert self.plan is not None
        return self.plan

    def step(self, name: str) -> Dict:
        return next(step for step in self.rollout["ladder"] if step["step"] == name)

    def without(self, *names: str) -> None:
        self.rollout["ladder"] = [step for step in self.rollout["ladder"] if step["step"] not in names]

    def move(self, name: str, **date: str) -> None:
        """Give a step another date."""
        step = self.step(name)
        step.clear()
        step.update(step=name, **date)

    def after(self, effective: str, edit: "Edit | None" = None, kind: str = "material") -> None:
        """Let there be an earlier version, different by `edit`."""
        before = Draft()
        before.policy |= {"version": str(len(self.earlier) + 1), "effective": effective, "kind": kind}
        if edit is not None:
            edit(before)
        self.earlier.append(before.folder().document)

    def acknowledge(self, code: str, reason: str = "We know.", edition: str | None = None) -> None:
        said = {"code": code, "reason": reason} | ({} if edition is None else {"edition": edition})
        self.policy.setdefault("acknowledgements", []).append(said)

    def folder(self) -> Folder:
        document = Document(
            policy=policy_from(self.policy), wording=msgspec.convert(self.wording, dict[str, dict[str, Wording]])
        )
        return Folder(document, None if self.plan is None else plan_from(self.plan))

    def check(self) -> list[Finding]:
        return check(self.folder(), self.earlier, self.today)

    def found(self, code: str) -> list[tuple[str, str]]:
        """Place and message of what the rule found."""
        return [(finding.place, finding.message) for finding in self.check() if finding.code == code]


Edit = Callable[[Draft], object]


Broken = list[tuple[str, Edit, list[tuple[str, str]]]]
"""Code, what to break, and the places and messages that the rule must then find: those and no others."""
Fine = list[tuple[str, Edit]]
"""Code, and what can be done without breaking the rule."""


def breaks(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    draft = Draft()
    edit(draft)
    found = [finding for finding in draft.check() if finding.code == code]
    assert [(finding.place, finding.message) for finding in found] == expected
    for finding in found:
        assert "None" not in finding.mend
        named = _EDITION.search(finding.place)
        assert code in _ANYWHERE or finding.edition == (named and named["edition"])


def passes(code: str, edit: Edit) -> None:
    breaks(code, edit, [])


def each(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(draft: Draft) -> None:
        for one in edits:
            one(draft)

    return edit
