"""Sharing within a group of companies: what India and the Union ask for. And consumer law."""

import pytest

from .examples import EUROPE, EUROPEAN_LADDER, LADDER, WORLD, Broken, Edit, Fine, breaks, each, passes

CONDITION = "Sharing with Sister for dpv:ServicePersonalisation is a condition of using the service."
REFUSAL = "The roll-out limits who does not accept, and the summary never mentions refusing."

BREAKS: Broken = [
    (
        "CCI-CONDITION",
        lambda d: d.row("ads", "world").update(necessity="required", purpose="dpv:ServicePersonalisation"),
        [(f"{WORLD}.processing[ads]", CONDITION)],
    ),
    (
        "CCI-CONDITION",
        each(
            lambda d: d.edition().update(countries=["EEA", "IN"]),
            lambda d: d.row("ads").update(necessity="required", purpose="dpv:ServicePersonalisation"),
        ),
        [(f"{EUROPE}.processing[ads]", CONDITION)],
    ),
    (
        "CCI-ADVERTISING",
        lambda d: d.row("ads", "world").update(necessity="required"),
        [
            (
                f"{WORLD}.processing[ads]",
                "Sharing with Sister for dpv:PersonalisedAdvertising, which is advertising, "
                "is a condition of using the service.",
            )
        ],
    ),
    (
        "CCI-OPT-IN",
        lambda d: d.row("ads", "world").update(legal_basis="eu-gdpr:A6-1-f"),
        [
            (
                f"{WORLD}.processing[ads]",
                "Sharing with Sister for advertising is optional, but its basis is eu-gdpr:A6-1-f, not consent.",
            )
        ],
    ),
    (
        "DMA-5-2-COMBINE",
        lambda d: d.row("ads").update(necessity="required", purpose="dpv:ServicePersonalisation"),
        [(f"{EUROPE}.processing[ads]", CONDITION)],
    ),
    (
        "DMA-5-2-COMBINE",
        each(
            lambda d: d.policy["recipients"].update(brother=d.policy["recipients"]["sister"] | {"name": "Brother"}),
            lambda d: d.row("security").update(recipients=["shop", "sister", "us", "brother"]),
        ),
        [
            (
                f"{EUROPE}.processing[security]",
                "Sharing with Sister, Brother for dpv:EnforceSecurity is a condition of using the service.",
            )
        ],
    ),
    (
        "DMA-5-2-CONSENT",
        lambda d: d.row("ads").update(legal_basis="eu-gdpr:A6-1-f"),
        [
            (
                f"{EUROPE}.processing[ads]",
                "Sharing with Sister is optional, but its basis is eu-gdpr:A6-1-f, not consent.",
            )
        ],
    ),
    (
        "CPC-DISMISSIBLE",
        lambda d: d.without("reminder"),
        [(place, "Steps before the first limit that people can put off: 1.") for place in (EUROPEAN_LADDER, LADDER)],
    ),
    (
        "CPC-DISMISSIBLE",  # a reminder together with the limit is none before it
        lambda d: d.rollout.update(
            ladder=[{"step": "notice"}, {"step": "reminder", "before_deadline": "P0D"}, {"step": "limited"}]
        ),
        [(place, "Steps before the first limit that people can put off: 1.") for place in (EUROPEAN_LADDER, LADDER)],
    ),
    (
        "CPC-REFUSAL",
        lambda d: d.text("fr").update(summary="Vos données changent de main."),
        [("fr.summary.md (europe)", REFUSAL)],
    ),
]
FINE: Fine = [
    ("CCI-CONDITION", lambda d: d.row("ads").update(necessity="required", purpose="dpv:ServicePersonalisation")),
    ("CCI-CONDITION", lambda d: d.row("ads", "world").update(necessity="required")),
    ("CCI-CONDITION", lambda d: d.row("ads", "world").update(purpose="dpv:ServicePersonalisation")),
    ("CCI-CONDITION", lambda d: d.row("security", "world").update(recipients=["shop"])),
    ("CCI-CONDITION", lambda d: d.row("messages", "world").update(recipients=["sister"])),
    (
        "CCI-CONDITION",
        lambda d: d.row("messages", "world").update(recipients=["sister"], purpose="dpv:LegalCompliance"),
    ),
    ("CCI-ADVERTISING", lambda d: d.row("ads").update(necessity="required")),
    ("CCI-ADVERTISING", lambda d: d.row("ads", "world").update(legal_basis="eu-gdpr:A6-1-f")),
    (
        "CCI-ADVERTISING",
        lambda d: d.row("ads", "world").update(necessity="required", purpose="dpv:ServicePersonalisation"),
    ),
    ("CCI-OPT-IN", lambda d: d.row("ads", "world").update(legal_basis="eu-gdpr:A6-1-f", necessity="required")),
    (
        "CCI-OPT-IN",
        lambda d: d.row("ads", "world").update(legal_basis="eu-gdpr:A6-1-f", purpose="dpv:ServicePersonalisation"),
    ),
    ("CCI-OPT-IN", lambda d: d.row("ads", "world").update(legal_basis="dpv:ExpressedConsent")),
    ("CCI-OPT-IN", lambda d: d.row("ads").update(legal_basis="eu-gdpr:A6-1-f")),
    ("DMA-5-2-COMBINE", lambda d: d.row("ads", "world").update(necessity="required")),
    ("DMA-5-2-COMBINE", lambda d: d.row("ads").update(legal_basis="eu-gdpr:A6-1-f")),
    ("DMA-5-2-CONSENT", lambda d: d.row("ads").update(legal_basis="eu-gdpr:A6-1-f", necessity="required")),
    ("DMA-5-2-CONSENT", lambda d: d.row("ads", "world").update(legal_basis="eu-gdpr:A6-1-f")),
    (
        "CPC-DISMISSIBLE",
        lambda d: d.rollout.update(
            ladder=[{"step": "notice"}, {"step": "notice", "after_announce": "P9D"}, {"step": "limited"}]
        ),
    ),
    ("CPC-DISMISSIBLE", lambda d: d.rollout.update(ladder=[{"step": "notice"}])),
    (
        "CPC-DISMISSIBLE",  # the ladder of people elsewhere
        each(
            lambda d: d.edition("world").update(id="asia", countries=["IN"]),
            lambda d: d.wording.update(asia=d.wording.pop("world")),
            lambda d: d.edition().update(countries=["*"]),
            lambda d: d.rollout["editions"].update(asia={"ladder": [{"step": "notice"}, {"step": "limited"}]}),
        ),
    ),
    ("CPC-REFUSAL", lambda d: d.text("fr", "world").update(summary="Vos données changent de main.")),
    (
        "CPC-REFUSAL",
        each(
            lambda d: d.text("fr").update(summary="Vos données changent de main."),
            lambda d: d.rollout.update(ladder=[{"step": "notice"}]),
        ),
    ),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)
