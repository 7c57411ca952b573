"""The JSON-LD context of consent records, small and embedded in each, so that a record can be read without a network.

Names are written as the DPV-27560 profile writes them (`dpv:hasPurpose`); what is left to say is what the prefixes
stand for, and which values are names (IRIs) and which are times.
"""

from collections.abc import Iterable
from typing import Any

RECORD_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record"
RECEIPT_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt"

PREFIXES = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "risk": "https://w3id.org/dpv/risk#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "tech": "https://w3id.org/dpv/tech#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_NAMES = (
    "dct:conformsTo",
    "dct:isVersionOf",
    "dct:source",
    "dpv:hasAuthority",
    "dpv:hasConsentControl",
    "dpv:hasConsentStatus",
    "dpv:hasDataController",
    "dpv:hasDataProtectionOfficer",
    "dpv:hasDataSubject",
    "dpv:hasDuration",
    "dpv:hasEntity",
    "dpv:hasJurisdiction",
    "dpv:hasLegalBasis",
    "dpv:hasLegalMeasure",
    "dpv:hasLocation",
    "dpv:hasNecessity",
    "dpv:hasNotice",
    "dpv:hasPersonalData",
    "dpv:hasProcess",
    "dpv:hasProcessing",
    "dpv:hasPurpose",
    "dpv:hasRecipient",
    "dpv:hasRecordOfActivity",
    "dpv:hasRepresentative",
    "dpv:hasRight",
    "dpv:hasStorageCondition",
    "dpv:isExercisedAt",
    "dpv:isIndicatedBy",
    "schema:contactPoint",
    "schema:url",
    "skos:broader",
)

CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    **PREFIXES,
    **{name: {"@id": name, "@type": "@id"} for name in _NAMES},
    "dct:created": {"@id": "dct:created", "@type": "xsd:dateTime"},
    "dct:date": {"@id": "dct:date", "@type": "xsd:date"},
    "dpv:isIndicatedAtTime": {"@id": "dpv:isIndicatedAtTime", "@type": "xsd:dateTime"},
}


def context(terms: Iterable[str]) -> dict[str, Any]:
    """The context of a document that names these terms; laws of single countries (`legal-de:…`) have a prefix each."""
    laws = {prefix for prefix, _, _ in (term.partition(":") for term in terms) if prefix.startswith("legal-")}
    return {**CONTEXT, **{law: f"https://w3id.org/dpv/legal/{law.removeprefix('legal-')}#" for law in sorted(laws)}}
