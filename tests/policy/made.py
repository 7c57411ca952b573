"""Versions, roll-outs and decisions made up for tests of the rules: no database, no clock."""

from typing import Any

from palabre.policy.decisions.models import Decision, DecisionKind
from palabre.policy.documents.models import (
    Contact,
    Document,
    Edition,
    Kind,
    Necessity,
    Policy,
    Recipient,
    Rights,
    Row,
    Version,
    Wording,
)
from palabre.policy.rollouts.models import Anchor, Ladder, Level, Rollout, Step, Subject, Terms, Wave

DAY = 24 * 3600 * 1000
LOCALES = ("en", "fr")
CONTACT = Contact(name="Palabre", address="1 rue de la Paix, Paris", email="privacy@palabre.example")


def words(text: str) -> dict[str, str]:
    return dict.fromkeys(LOCALES, text)


def row(
    row_id: str,
    necessity: Necessity = "required",
    *,
    data: str = "pd:TelephoneNumber",
    to: tuple[str, ...] = ("us",),
    earlier: bool = False,
) -> Row:
    """A line of the processing table. The purpose says no more than the id, so that lines do not overlap."""
    return Row(
        id=row_id,
        purpose=f"dpv:{row_id.title().replace('-', '')}",
        data=data,
        recipients=list(to),
        legal_basis="eu-gdpr:A6-1-a" if necessity == "optional" else "eu-gdpr:A6-1-b",
        necessity=necessity,
        retention="account",
        transfer="none",
        covers_earlier=earlier,
        text=words(row_id),
    )


def edition(edition_id: str, countries: list[str], *rows: Row) -> Edition:
    return Edition(id=edition_id, countries=countries, names=words(edition_id), processing=list(rows))


WORLD = edition("world", ["*"], row("service"))


def version(number: int, *editions: Edition, kind: Kind = "material", policy: str = "terms") -> Version:
    editions = editions or (WORLD,)
    document = Document(
        policy=Policy(
            id=policy,
            version=f"v{number}",
            kind=kind,
            effective="2021-02-08",
            names=words("Terms"),
            controller=CONTACT,
            rights=Rights(terms=["eu-gdpr:A15"], how=words("Write to us."), complaint=words("The CNIL.")),
            recipients={
                name: Recipient(name=name, role="controller", country="FR") for name in ("us", "affiliate", "partner")
            },
            editions=list(editions),
        ),
        wording={
            own.id: {locale: Wording(summary="Short.", text=f"Version {number}.") for locale in LOCALES}
            for own in editions
        },
    )
    return Version(policy, f"v{number}", number, f"sha256:{number:064x}", 0, document)


def step(level: Level, day: float, anchor: Anchor = "deadline") -> Step:
    return Step(level, int(day * DAY), anchor)


NOTICE = step(Level.NOTICE, 0, "announce")
REMINDER = step(Level.REMINDER, 10, "announce")
LADDER = Ladder(
    30 * DAY,
    (
        NOTICE,
        REMINDER,
        step(Level.LIMITED, 30),
        step(Level.LOCKED, 40),
        step(Level.DELETION_SCHEDULED, 50),
        step(Level.DELETED, 80),
    ),
)


def rollout(of: Version, rollout_id: str = "", **changes: Any) -> Rollout:
    """Announced on day 0, deadline on day 30 with as much notice, then a step every ten days; deletion on day 80."""
    usual: dict[str, Any] = {
        "rollout_id": rollout_id or f"r{of.number}",
        "terms": Terms.of(of),
        "state": "started",
        "announce": 0,
        "notice_period": 30 * DAY,
        "ladder": LADDER,
    }
    return Rollout(**{**usual, **changes})


def wave(day: float, percent: int = 100, *countries: str) -> Wave:
    return Wave(int(day * DAY), percent, countries or None)


def subject(since: float = -1, region: str | None = "FR", user_id: str = "@ana:test.local") -> Subject:
    return Subject(user_id, region, int(since * DAY))


def decision(
    kind: DecisionKind,
    number: int = 1,
    at: float = 0,
    choices: dict[str, bool] | None = None,
    *,
    edition: str = "world",
    policy: str = "terms",
) -> Decision:
    return Decision(
        decision_id=f"{kind}-{number}-{at}",
        user_id="@ana:test.local",
        number=1,
        policy=policy,
        version=f"v{number}",
        version_number=number,
        edition=edition,
        region="FR",
        locale="fr",
        hash="sha256:",
        kind=kind,
        choices=choices or {},
        at=int(at * DAY),
        channel="page",
        gpc=False,
    )
