"""Groups of terms of the Data Privacy Vocabulary that rules tell apart, and groups of countries.

What counts as the service itself follows what regulators said about messengers: improving it, securing it and
advertising are not what a person asked for.
"""

from phonenumbers import SUPPORTED_REGIONS

COUNTRIES = frozenset(SUPPORTED_REGIONS) | frozenset(("AQ", "BV", "GS", "HM", "PN", "TF", "UM"))
"""ISO 3166-1, and the few codes more that a phone number can have (`XK`, `AC`, `TA`)."""
INDIA = frozenset(("IN",))

SERVICE = frozenset(
    f"dpv:{term}"
    for term in (
        "AccountManagement",
        "CommunicationForCustomerCare",
        "CommunicationManagement",
        "CustomerCare",
        "CustomerOrderManagement",
        "DeliveryOfGoods",
        "EnforceAccessControl",
        "EstablishContractualAgreement",
        "FulfilmentOfContractualObligation",
        "IdentityAuthentication",
        "PaymentManagement",
        "RequestedServiceProvision",
        "SearchFunctionalities",
        "ServiceAccessDetermination",
        "ServiceProvision",
        "ServiceRegistration",
        "TechnicalServiceProvision",
    )
)
"""Purposes that a messenger cannot do without."""
OBLIGATIONS = frozenset(
    f"dpv:{term}" for term in ("CounterMoneyLaundering", "FulfilmentOfObligation", "LegalCompliance")
)
"""Purposes that a law demands."""
ADVERTISING = frozenset(
    f"dpv:{term}"
    for term in (
        "Advertising",
        "DirectMarketing",
        "Marketing",
        "PersonalisedAdvertising",
        "SellDataToThirdParties",
        "SellInsightsFromData",
        "SocialMediaMarketing",
        "TargetedAdvertising",
    )
)
PEOPLE_AROUND = frozenset(
    f"pd:{term}" for term in ("Acquaintance", "Association", "Connection", "Friend", "SocialNetwork")
)
"""Data that is also about others, who may not use the service: an address book."""

_ARTICLE_6 = frozenset(
    f"dpv:{term}"
    for term in (
        "LegalObligation",
        "OfficialAuthorityOfController",
        "PublicInterest",
        "VitalInterest",
        "VitalInterestOfDataSubject",
        "VitalInterestOfNaturalPerson",
    )
)
_CONTRACT = frozenset(f"dpv:{term}" for term in ("Contract", "ContractPerformance", "EnterIntoContract"))
_SAFEGUARDS = frozenset(
    f"eu-gdpr:{term}"
    for term in (
        "AdHocContractualClauses",
        "AdequacyDecision",
        "BindingCorporateRules",
        "CertificationMechanismsForDataTransfers",
        "CodesOfConductForDataTransfers",
        "SCCByCommission",
        "SCCBySupervisoryAuthority",
        "StandardContractualClauses",
    )
)


def is_consent(basis: str) -> bool:
    """GDPR article 6(1)(a) or 9(2)(a)."""
    return basis.startswith(("eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a")) or basis.endswith("Consent")


def is_contract(basis: str) -> bool:
    """GDPR article 6(1)(b)."""
    return basis.startswith("eu-gdpr:A6-1-b") or basis in _CONTRACT


def is_interest(basis: str) -> bool:
    """GDPR article 6(1)(f)."""
    return basis.startswith(("eu-gdpr:A6-1-f", "dpv:LegitimateInterest"))


def is_basis(basis: str) -> bool:
    """Whether the law knows it as a basis: GDPR article 6(1) or 9(2)."""
    return (
        basis.startswith(("eu-gdpr:A6-1-", "eu-gdpr:A9-2-"))
        or basis in _ARTICLE_6
        or is_consent(basis)
        or is_contract(basis)
        or is_interest(basis)
    )


def is_safeguard(safeguard: str) -> bool:
    """Whether data may leave the Union under it: GDPR articles 45, 46 and 49."""
    return safeguard.startswith(("eu-gdpr:A45-", "eu-gdpr:A46-", "eu-gdpr:A49-")) or safeguard in _SAFEGUARDS
