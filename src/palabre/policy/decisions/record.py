"""Consent records: ISO/IEC TS 27560:2023 in the DPV-27560 profile, as JSON-LD.

https://w3id.org/dpv/schema/dpv-27560. A record is one decision in full: who decided, about which exact text, what
processing that text names, and what was given, refused, withdrawn or put off. It is computed, never stored: from the
decision, the immutable version and the choices before it, always with the same bytes.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ...accounts import phone
from ...core.json import JsonObject
from ..catalogue.service import Catalogues
from ..documents.hashing import canonical
from ..documents.models import Contact, Edition, Recipient, Row, Version
from .context import RECORD_PROFILE, context
from .models import Answers, Decision, DecisionKind, fold
from .service import DecisionService

_STATUS: dict[DecisionKind, str] = {
    "accept": "dpv:ConsentGiven",
    "choose": "dpv:ConsentGiven",
    "decline": "dpv:ConsentRefused",
    "later": "dpv:ConsentRequestDeferred",
    "withdraw": "dpv:ConsentWithdrawn",
}
_METHODS = {
    "page": "Button on the page with the terms",
    "api": "Request of an app that the person is signed in to",
    "sign_up": "Confirmation while making the account",
}
_GPC = "Sec-GPC: 1 (Global Privacy Control)"
_ROLES = {"controller": "dpv:DataController", "processor": "dpv:DataProcessor"}
_OTHER_ROLE = "dpv:ThirdParty"
_PARTS_OF_SAINT_HELENA = ("AC", "TA")
"""Countries of phone numbers that ISO 3166-1, and with it DPV, counts as SH."""
_WITHOUT_TERM = ("XK",)
_LEGAL_BASIS = re.compile(r"eu-gdpr:A\d|.*LegalBasis$")


class Records:
    """The records of what people decided."""

    def __init__(self, decisions: DecisionService, catalogues: Catalogues, public_url: str) -> None:
        self._decisions = decisions
        self._catalogues = catalogues
        self._public_url = public_url

    async def of(self, user_id: str, decision_id: str) -> JsonObject:
        """Raises 404 for what is not a decision of this person."""
        decision = await self._decisions.get(user_id, decision_id)
        history = await self._decisions.history(user_id)
        earlier = fold(other for other in history if other.number < decision.number)
        version = (await self._catalogues.now()).versions[decision.policy, decision.version]
        return record(decision, version, self._public_url, _before(decision, earlier.get(decision.policy)))


def _before(decision: Decision, answers: Answers | None) -> dict[str, bool]:
    """The choices that a decision changes: those made with the version that it is about, or that it follows."""
    acceptances = answers.acceptances if answers is not None else ()
    if decision.kind in ("choose", "withdraw"):
        acceptances = tuple(accepted for accepted in acceptances if accepted.version == decision.version)
    return acceptances[-1].choices if acceptances else {}


def record(
    decision: Decision, version: Version, public_url: str, before: Mapping[str, bool] | None = None
) -> JsonObject:
    """The consent record of a decision about `version`.

    `before` are the choices that were in force before it: they tell a row that is withdrawn from one that is refused.
    """
    policy = version.document.policy
    edition = version.document.edition(decision.edition)
    root = f"{public_url}/_palabre/v1/policies/{quote(policy.id)}/{quote(policy.version)}"
    content: JsonObject = {
        "@context": context([*(row.legal_basis for row in edition.processing), *policy.rights.terms]),
        "@id": f"urn:uuid:{decision.decision_id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD_PROFILE,
        "dct:identifier": decision.decision_id,
        "dct:created": _time(decision.at),
        "dpv:hasDataSubject": {
            "@id": _person(decision.user_id),
            "@type": "dpv:DataSubject",
            "dpv:hasIdentifier": decision.user_id,
        },
        "dpv:hasNotice": _notice(decision, version, root),
        "dpv:hasDataController": f"{root}#controller",
        "dpv:hasJurisdiction": _jurisdiction(decision.region, edition, policy.recipients),
        "dpv:hasProcess": [_process(row, decision, root, before or {}) for row in edition.processing],
        "dpv:hasConsentControl": {
            "@type": ["dpv:ProvideConsent", "dpv:RefuseConsent", "dpv:WithdrawConsent"],
            "dpv:isExercisedAt": f"{public_url}/account/terms",
        },
        "dpv:hasRight": [
            {
                "@type": ["dpv:DataSubjectRight", right],
                "dct:description": _said(policy.rights.how, decision.locale),
            }
            for right in policy.rights.terms
        ],
        "dpv:hasAuthority": {
            "@type": "dpv:Authority",
            "dct:description": _said(policy.rights.complaint, decision.locale),
        },
        "dpv:hasConsentStatus": _event(_STATUS[decision.kind], decision),
        "dpv:hasEntity": [
            _contact(policy.controller, f"{root}#controller", "dpv:DataController"),
            *(_recipient(recipient, f"{root}#{name}") for name, recipient in _named(edition, policy.recipients)),
        ],
    }
    if policy.representative is not None:
        content["dpv:hasRepresentative"] = _contact(
            policy.representative, f"{root}#representative", "dpv:Representative"
        )
    if policy.data_protection_officer is not None:
        content["dpv:hasDataProtectionOfficer"] = _contact(
            policy.data_protection_officer, f"{root}#data-protection-officer", "dpv:DataProtectionOfficer"
        )
    return content


def record_bytes(content: JsonObject) -> bytes:
    """Canonical JSON (RFC 8785): what is downloaded, and what a receipt signs."""
    return canonical(content)


def _notice(decision: Decision, version: Version, root: str) -> JsonObject:
    """The very text that was shown. Its hash is that of the edition in that language; that of the version as a whole
    stands beside it.
    """
    return {
        "@id": f"{root}/{quote(decision.locale)}?edition={quote(decision.edition)}",
        "@type": "dpv:ConsentNotice",
        "dct:identifier": decision.hash,
        "dct:language": decision.locale,
        "dct:date": version.document.policy.effective,
        "dct:isVersionOf": root.rpartition("/")[0],
        "dct:source": {"@id": f"{root}/document.json", "dct:identifier": version.hash},
        "schema:version": version.version,
    }


def _process(row: Row, decision: Decision, root: str, before: Mapping[str, bool]) -> JsonObject:
    process: JsonObject = {
        "@id": f"{root}#{decision.edition}/{row.id}",
        "@type": "dpv:Process",
        "dct:identifier": row.id,
        "dct:description": _said(row.text, decision.locale),
        "dpv:hasPurpose": row.purpose,
        "dpv:hasPersonalData": {
            "@type": "dpv:PersonalData",
            "skos:broader": row.data,
            # An interval of ISO 8601-2: open to both sides, or from the decision on.
            "dct:coverage": "../.." if row.covers_earlier else f"{_time(decision.at)}/..",
        },
        "dpv:hasNecessity": "dpv:Required" if row.necessity == "required" else "dpv:Optional",
        "dpv:hasLegalBasis": row.legal_basis,
        "dpv:hasRecipient": [f"{root}#{recipient}" for recipient in row.recipients],
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "dpv:hasDuration": _storage(row.retention)},
    }
    if row.transfer != "none":
        safeguard = row.transfer.safeguard
        relation = "dpv:hasLegalBasis" if _LEGAL_BASIS.match(safeguard) else "dpv:hasLegalMeasure"
        process["dpv:hasProcessing"] = {
            "@type": "dpv:CrossBorderTransfer",
            "dpv:hasLocation": [_place(country) for country in row.transfer.countries],
            relation: safeguard,
        }
    status = _row_status(row, decision, before)
    if status is not None:
        process["dpv:hasConsentStatus"] = _event(status, decision)
    return process


def _row_status(row: Row, decision: Decision, before: Mapping[str, bool]) -> str | None:
    """Of a row that the person chooses; a row that comes with the terms has the status of the terms."""
    if decision.choices.get(row.id):
        return "dpv:ConsentGiven"
    decided = row.id in decision.choices
    if before.get(row.id) and (decided or (decision.kind == "withdraw" and row.necessity == "optional")):
        return "dpv:ConsentWithdrawn"
    return "dpv:ConsentRefused" if decided else None


def _event(status: str, decision: Decision) -> JsonObject:
    given = status == "dpv:ConsentGiven"
    return {
        "@type": [status, "dpv:ExpressedConsent"] if given else [status],
        "dpv:isIndicatedAtTime": _time(decision.at),
        "dpv:isIndicatedBy": _person(decision.user_id),
        "dpv:hasIndicationMethod": [_METHODS[decision.channel], *([_GPC] if decision.gpc else [])],
        "dpv:hasDuration": {
            "@type": "dpv:UntilEventDuration",
            "rdf:value": "Withdrawal, or closure of the account" if given else "Another decision of the person",
        },
    }


def _storage(retention: str) -> JsonObject:
    if retention == "account":
        return {"@type": "dpv:UntilEventDuration", "rdf:value": "Closure of the account"}
    return {"@type": "dpv:TemporalDuration", "rdf:value": retention}


def _contact(contact: Contact, iri: str, role: str) -> JsonObject:
    return {
        "@id": iri,
        "@type": role,
        "dpv:hasIdentifier": iri,
        "dpv:hasName": contact.name,
        "schema:contactPoint": [
            {"@type": "schema:ContactPoint", "schema:email": contact.email},
            {"@type": "schema:PostalAddress", "schema:streetAddress": contact.address},
        ],
    }


def _recipient(recipient: Recipient, iri: str) -> JsonObject:
    entity: JsonObject = {
        "@id": iri,
        "@type": ["dpv:Recipient", _ROLES.get(recipient.role, _OTHER_ROLE)],
        "dpv:hasIdentifier": iri,
        "dpv:hasName": recipient.name,
        "dpv:hasLocation": _place(recipient.country),
    }
    if recipient.address is not None:
        way = "schema:url" if recipient.address.startswith("https://") else "schema:description"
        way = "schema:email" if "@" in recipient.address else way
        entity["schema:contactPoint"] = [{"@type": "schema:ContactPoint", way: recipient.address}]
    return entity


def _named(edition: Edition, recipients: Mapping[str, Recipient]) -> list[tuple[str, Recipient]]:
    """Those that a row of the edition names."""
    names = {name for row in edition.processing for name in row.recipients}
    return [(name, recipients[name]) for name in sorted(names)]


def _jurisdiction(region: str | None, edition: Edition, recipients: Mapping[str, Recipient]) -> list[Any]:
    """The person's country; where it is not known, those of who decides about their data."""
    if region is not None and region != phone.WORLD:
        return [_place(region)]
    named = [recipient for _, recipient in _named(edition, recipients)]
    deciding = [recipient for recipient in named if recipient.role == "controller"] or named
    return [_place(country) for country in sorted({recipient.country for recipient in deciding})]


def _place(country: str) -> str | JsonObject:
    if country in _WITHOUT_TERM:
        return {"@type": "dpv:Country", "dct:identifier": country}
    return "loc:SH" if country in _PARTS_OF_SAINT_HELENA else f"loc:{country}"


def _said(text: Mapping[str, str], locale: str) -> JsonObject:
    spoken = locale if locale in text else next(iter(text))
    return {"@value": text[spoken], "@language": spoken}


def _person(user_id: str) -> str:
    """The `matrix:` URI of a person. Appendices, "Matrix URI scheme"."""
    return "matrix:u/" + quote(user_id.removeprefix("@"), safe=":")


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
