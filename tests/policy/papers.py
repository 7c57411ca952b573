"""Two versions of a policy as people would read them, in two editions and both languages, for tests of pages."""

from typing import Any

from msgspec.structs import replace

from palabre.policy.documents.hashing import document_hash
from palabre.policy.documents.models import (
    Contact,
    Document,
    Edition,
    Kind,
    Policy,
    Recipient,
    Rights,
    Row,
    Transfer,
    Version,
    Wording,
)

from .operator import BY, LADDER, Operator, day

OURS = Contact(name="Palabre", address="1 rue de la Paix, Paris", email="privacy@palabre.example")
OFFICER = Contact(name="Mariam Traoré", address="1 rue de la Paix, Paris", email="dpo@palabre.example")


def _row(row_id: str, en: str, fr: str, **more: Any) -> Row:
    usual: dict[str, Any] = {
        "purpose": "dpv:ServiceProvision",
        "data": "pd:TelephoneNumber",
        "recipients": ["palabre"],
        "legal_basis": "eu-gdpr:A6-1-b",
        "necessity": "required",
        "retention": "account",
        "transfer": "none",
        "covers_earlier": False,
    }
    return Row(id=row_id, text={"en": en, "fr": fr}, **{**usual, **more})


NUMBER = _row("number", "Your phone number is your account.", "Votre numéro de téléphone est votre compte.")
ADDRESS = _row(
    "address",
    "Your internet address is kept for security.",
    "Votre adresse internet est gardée pour la sécurité.",
    purpose="dpv:MisusePreventionAndDetection",
    data="pd:IPAddress",
    legal_basis="eu-gdpr:A6-1-f",
    retention="P90D",
)
SHARED = _row(
    "number-shared",
    "Your phone number goes to our sister companies, so that they recognise you.",
    "Votre numéro de téléphone va à nos sociétés sœurs, pour qu'elles vous reconnaissent.",
    purpose="dpv:ServicePersonalisation",
    recipients=["lobi", "sankofa"],
    transfer=Transfer(countries=["US"], safeguard="eu-gdpr:SCCByCommission"),
    covers_earlier=True,
)
SUGGESTIONS = _row(
    "suggestions",
    "We suggest people you may know, from the contacts that you sent.",
    "Nous vous suggérons des personnes, à partir des contacts que vous avez envoyés.",
    purpose="dpv:ServicePersonalisation",
    data="pd:Contact",
    legal_basis="eu-gdpr:A6-1-a",
    necessity="optional",
    retention="P1Y",
)
ADVERTISING = _row(
    "advertising",
    "Lobi shows you advertising that fits what you bought.",
    "Lobi vous montre de la publicité selon ce que vous avez acheté.",
    purpose="dpv:PersonalisedAdvertising",
    data="pd:Transaction",
    recipients=["lobi"],
    legal_basis="eu-gdpr:A6-1-a",
    necessity="optional",
    retention="P6M",
)

SUMMARY = {
    "en": "We run a messenger. **We never read your messages**: they are encrypted from end to end.\n\n"
    "- You need a phone number, nothing else.\n- What is optional is off until you turn it on.\n",
    "fr": "Nous tenons une messagerie. **Nous ne lisons jamais vos messages** : ils sont chiffrés de bout en bout.\n\n"
    "- Il vous faut un numéro de téléphone, rien d'autre.\n- Ce qui est facultatif reste désactivé sans vous.\n",
}
TEXT = {
    "en": "# Privacy policy\n\nThis is the whole text.\n\n## Who we are\n\nPalabre, in Paris.\n\n## What we keep\n\n"
    "Your phone number, as long as you have an account.\n",
    "fr": "# Politique de confidentialité\n\nVoici le texte entier.\n\n## Qui nous sommes\n\nPalabre, à Paris.\n\n"
    "## Ce que nous gardons\n\nVotre numéro de téléphone, tant que vous avez un compte.\n",
}


def _editions(world: list[Row], europe: list[Row]) -> list[Edition]:
    return [
        Edition(
            id="europe",
            countries=["FR", "DE"],
            names={"en": "European Union", "fr": "Union européenne"},
            processing=europe,
        ),
        Edition(
            id="world", countries=["*"], names={"en": "Rest of the world", "fr": "Reste du monde"}, processing=world
        ),
    ]


def paper(
    number: int, version: str, editions: list[Edition], *, kind: Kind = "material", policy: str = "privacy"
) -> Version:
    document = Document(
        policy=Policy(
            id=policy,
            version=version,
            kind=kind,
            effective=f"{version}-02-08",
            names={"en": "Privacy policy", "fr": "Politique de confidentialité"},
            controller=OURS,
            data_protection_officer=OFFICER,
            rights=Rights(
                terms=["eu-gdpr:A15", "eu-gdpr:A17"],
                how={
                    "en": "You can see, correct and delete what we have of you on your account page.",
                    "fr": "Sur la page de votre compte, vous voyez, corrigez et supprimez ce que nous avons de vous.",
                },
                complaint={
                    "en": "You can complain to the CNIL, www.cnil.fr.",
                    "fr": "Vous pouvez vous plaindre à la CNIL, www.cnil.fr.",
                },
            ),
            recipients={
                "palabre": Recipient(name="Palabre", role="controller", country="FR"),
                "lobi": Recipient(name="Lobi", role="affiliate", country="US"),
                "sankofa": Recipient(name="Sankofa", role="affiliate", country="US"),
            },
            editions=editions,
        ),
        wording={
            edition.id: {locale: Wording(summary=SUMMARY[locale], text=TEXT[locale]) for locale in ("en", "fr")}
            for edition in editions
        },
    )
    return Version(policy, version, number, document_hash(document), 0, document)


FIRST = paper(1, "2030", _editions([NUMBER, ADDRESS, SUGGESTIONS], [NUMBER, ADDRESS, SUGGESTIONS]))
SECOND = paper(
    2,
    "2031",
    _editions(
        [NUMBER, ADDRESS, SHARED, SUGGESTIONS, ADVERTISING],
        [NUMBER, ADDRESS, SHARED, SUGGESTIONS, ADVERTISING],
    ),
)
THIRD = paper(3, "2032", _editions([NUMBER, ADDRESS], [NUMBER, ADDRESS]))
BROADER = paper(2, "2031", _editions([NUMBER], [NUMBER, ADDRESS, replace(SUGGESTIONS, retention="account")]))
REWORDED = paper(3, "2032", SECOND.document.policy.editions, kind="editorial")


async def start(operator: Operator, version: Version) -> str:
    """Roll out what is published already."""
    ladder = LADDER if version.document.policy.kind == "material" else LADDER[:1]
    plan = {"announce": day(0), "deadline": day(33), "ladder": ladder}
    body = {"policy": version.policy, "version": version.version, "plan": plan, **BY}
    rollout_id: str = (await operator.call("POST", "/_palabre/admin/v1/rollouts", body, status=201))["rollout_id"]
    await operator.operate(rollout_id, "start")
    return rollout_id
