"""A version as JSON-LD in terms of the Data Privacy Vocabulary 2.3.

The context is inside the document, so that it can be read with no connection. What DPV has no term for (whether data
collected earlier is covered) is under a name of our own.
"""

from datetime import UTC, datetime
from typing import Any

from .models import REST_OF_THE_WORLD, Contact, Edition, Recipient, Row, Version

DPV = "https://w3id.org/dpv#"
PREFIXES = {
    "dpv": DPV,
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "risk": "https://w3id.org/dpv/risk#",
    "tech": "https://w3id.org/dpv/tech#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
NOT_IN_DPV = frozenset({"AC", "TA", "XK"})
"""Regions with a calling code that DPV's list of locations does not have."""
ROLES = {
    "controller": "dpv:DataController",
    "processor": "dpv:DataProcessor",
    "affiliate": "dpv:DataController",
    "business": "dpv:ThirdParty",
    "third-party": "dpv:ThirdParty",
}
_TERMS = (
    "hasPurpose",
    "hasPersonalData",
    "hasRecipient",
    "hasLegalBasis",
    "hasNecessity",
    "hasStorageCondition",
    "hasDuration",
    "hasThirdCountry",
    "hasProcessing",
    "hasTechnicalOrganisationalMeasure",
    "hasProcess",
    "hasPersonalDataProcess",
    "hasJurisdiction",
    "hasCountry",
    "hasDataController",
    "hasRepresentative",
    "hasDataProtectionOfficer",
    "hasRight",
)
_TEXTS = ("hasName", "hasAddress", "hasContact")
CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    **PREFIXES,
    **{name: {"@id": f"dpv:{name}", "@type": "@id"} for name in _TERMS},
    **{name: f"dpv:{name}" for name in _TEXTS},
    "title": {"@id": "dct:title", "@container": "@language"},
    "description": {"@id": "dct:description", "@container": "@language"},
    "identifier": "dct:identifier",
    "hasVersion": "dct:hasVersion",
    "issued": {"@id": "dct:issued", "@type": "xsd:dateTime"},
    "valid": {"@id": "dct:valid", "@type": "xsd:date"},
    "duration": {"@id": "http://www.w3.org/1999/02/22-rdf-syntax-ns#value", "@type": "xsd:duration"},
    "coversEarlierData": {"@id": "urn:palabre:coversEarlierData", "@type": "xsd:boolean"},
}


def to_jsonld(version: Version, address: str) -> dict[str, Any]:
    """`address` is where the version is published, without a slash at the end."""
    policy = version.document.policy
    controller: dict[str, Any] = _contact(policy.controller, "dpv:DataController")
    if policy.representative is not None:
        controller["hasRepresentative"] = _contact(policy.representative, "dpv:Representative")
    if policy.data_protection_officer is not None:
        controller["hasDataProtectionOfficer"] = _contact(policy.data_protection_officer, "dpv:DataProtectionOfficer")
    recipients = {key: _recipient(one, f"{address}#recipient-{key}") for key, one in policy.recipients.items()}
    return {
        "@context": CONTEXT | _prefixes(version),
        "@id": address,
        "@type": "dpv:PrivacyNotice",
        "title": policy.names,
        "hasVersion": policy.version,
        "identifier": version.hash,
        "issued": datetime.fromtimestamp(version.published / 1000, UTC).isoformat(),
        "valid": policy.effective,
        "hasDataController": controller,
        "hasRight": policy.rights.terms,
        "hasRecipient": list(recipients.values()),
        "hasProcess": [_edition(edition, address) for edition in policy.editions],
    }


def _prefixes(version: Version) -> dict[str, str]:
    """Those of laws of one country that the policy uses, such as `legal-us`."""
    rows = [row for edition in version.document.policy.editions for row in edition.processing]
    used = {term.partition(":")[0] for row in rows for term in (row.purpose, row.data, row.legal_basis)}
    used |= {row.transfer.safeguard.partition(":")[0] for row in rows if row.transfer != "none"}
    laws = sorted(prefix for prefix in used if prefix.startswith("legal-"))
    return {prefix: f"https://w3id.org/dpv/legal/{prefix.removeprefix('legal-')}#" for prefix in laws}


def _contact(contact: Contact, kind: str) -> dict[str, Any]:
    return {"@type": kind, "hasName": contact.name, "hasAddress": contact.address, "hasContact": contact.email}


def _recipient(recipient: Recipient, iri: str) -> dict[str, Any]:
    node: dict[str, Any] = {
        "@id": iri,
        "@type": ["dpv:Recipient", ROLES[recipient.role]],
        "hasName": recipient.name,
        "hasCountry": _country(recipient.country),
    }
    if recipient.address is not None:
        node["hasContact"] = recipient.address
    return node


def _edition(edition: Edition, address: str) -> dict[str, Any]:
    """A process with the countries whose people it concerns."""
    return {
        "@id": f"{address}#{edition.id}",
        "@type": "dpv:Process",
        "title": edition.names,
        "hasJurisdiction": [_country(code) for code in edition.countries if code != REST_OF_THE_WORLD]
        or {"@type": "dpv:Jurisdiction", "identifier": "the rest of the world"},
        "hasPersonalDataProcess": [_row(row, edition, address) for row in edition.processing],
    }


def _row(row: Row, edition: Edition, address: str) -> dict[str, Any]:
    process: dict[str, Any] = {
        "@id": f"{address}#{edition.id}-{row.id}",
        "@type": "dpv:PersonalDataProcess",
        "description": row.text,
        "hasPurpose": row.purpose,
        "hasPersonalData": row.data,
        "hasRecipient": [f"{address}#recipient-{key}" for key in row.recipients],
        "hasLegalBasis": row.legal_basis,
        "hasNecessity": "dpv:Required" if row.necessity == "required" else "dpv:Optional",
        "hasStorageCondition": {"@type": "dpv:StorageDuration", "hasDuration": _duration(row.retention)},
        "coversEarlierData": row.covers_earlier,
    }
    if row.transfer != "none":
        process["hasProcessing"] = "dpv:Transfer"
        process["hasThirdCountry"] = [_country(code) for code in row.transfer.countries]
        process["hasTechnicalOrganisationalMeasure"] = row.transfer.safeguard
    return process


def _duration(retention: str) -> dict[str, Any]:
    if retention == "account":
        return {"@type": "dpv:UntilEventDuration", "description": {"en": "until the account is deleted"}}
    return {"@type": "dpv:TemporalDuration", "duration": retention}


def _country(code: str) -> str | dict[str, Any]:
    return {"@type": "dpv:Location", "identifier": code} if code in NOT_IN_DPV else f"loc:{code}"
