"""What a policy version is: the machine-readable part of it, with terms of the Data Privacy Vocabulary (DPV 2.3)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Term = Annotated[str, Meta(pattern=r"^(dpv|pd|eu-gdpr|loc|risk|tech|legal-[a-z]+):[A-Za-z0-9-]+$")]
"""A term of DPV 2.3 with its usual prefix: `pd:TelephoneNumber`, `dpv:ServiceProvision`, `eu-gdpr:A6-1-a`."""
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
ByLocale = dict[str, Text]
Retention = Annotated[str, Meta(pattern=r"^(account|P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?)$", min_length=3)]
"""`account`, as long as the account exists, or an ISO 8601 duration: `P90D`, `P2Y`."""
Country = Annotated[str, Meta(pattern=r"^([A-Z]{2}|\*)$")]

REST_OF_THE_WORLD = "*"

Kind = Literal["material", "editorial"]
Necessity = Literal["required", "optional"]
Role = Literal["controller", "processor", "affiliate", "business", "third-party"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Base of everything in a policy: nothing unknown is taken, nothing changes once read."""


class Recipient(Part, frozen=True, kw_only=True):
    """Somebody who gets data."""

    name: Text
    role: Role
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    address: Text | None = None
    """Where to reach them: an e-mail or web address."""


class Transfer(Part, frozen=True, kw_only=True):
    """Data leaves the person's jurisdiction. GDPR chapter V."""

    countries: list[Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]]
    safeguard: Term
    """`eu-gdpr:SCCByCommission`, `eu-gdpr:A45-3` (adequacy), …"""


class Row(Part, frozen=True, kw_only=True):
    """One line of the processing table. `id` stays the same from version to version, so that lines can be compared."""

    id: Slug
    purpose: Term
    data: Term
    recipients: list[Slug]
    legal_basis: Term
    necessity: Necessity
    """`required`: a condition of the service. `optional`: the person chooses, and unless they do it is off."""
    retention: Retention
    transfer: Transfer | Literal["none"]
    covers_earlier: bool
    """Whether data collected before the person accepted is covered too."""
    text: ByLocale
    """The line in plain words."""


class Edition(Part, frozen=True, kw_only=True):
    """The terms of a set of countries. Everybody has exactly one edition, by the country of their phone number."""

    id: Slug
    countries: list[Country]
    """ISO 3166-1 alpha-2; `*` for every country that no other edition names."""
    names: ByLocale
    processing: list[Row]

    def row(self, row_id: str) -> Row | None:
        return next((row for row in self.processing if row.id == row_id), None)

    @property
    def optional(self) -> list[Row]:
        return [row for row in self.processing if row.necessity == "optional"]


class Contact(Part, frozen=True, kw_only=True):
    """Somebody who answers for the processing. GDPR article 13(1)(a) and (b)."""

    name: Text
    address: Text
    email: Text


class Rights(Part, frozen=True, kw_only=True):
    """What people can do, and where. GDPR article 13(2)(b) to (d)."""

    terms: list[Term]
    """`eu-gdpr:A15` (access), `eu-gdpr:A17` (erasure), …"""
    how: ByLocale
    complaint: ByLocale
    """The supervisory authority to complain to."""


class Acknowledgement(Part, frozen=True, kw_only=True):
    """The operator knows of a warning of the linter and publishes all the same. Published with the policy."""

    code: str
    reason: Text
    edition: Slug | None = None
    """None: wherever the finding is."""


class Policy(Part, frozen=True, kw_only=True):
    """`policy.yaml`."""

    id: Slug
    version: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    kind: Kind
    """Only `material` versions ask people again."""
    effective: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """The day from which the version applies, `2021-02-08`."""
    names: ByLocale
    controller: Contact
    representative: Contact | None = None
    """In the Union, where the controller is not. GDPR article 27."""
    data_protection_officer: Contact | None = None
    rights: Rights
    recipients: dict[Slug, Recipient]
    editions: list[Edition]
    acknowledgements: list[Acknowledgement] = []

    @property
    def locales(self) -> list[str]:
        return list(self.names)


class Wording(Part, frozen=True, kw_only=True):
    """What people read of one edition in one locale: Markdown."""

    summary: Text
    text: Annotated[str, Meta(min_length=1)]


class Document(Part, frozen=True, kw_only=True):
    """A policy version as a whole. Its JSON, canonical by RFC 8785, is what is hashed and signed for."""

    policy: Policy
    wording: dict[str, dict[str, Wording]]
    """Edition id -> locale -> wording."""

    def edition(self, edition_id: str) -> Edition:
        return next(edition for edition in self.policy.editions if edition.id == edition_id)

    def edition_for(self, region: str | None) -> Edition:
        """The edition of a country; of no known country, the rest of the world's."""
        rest = self.policy.editions[-1]
        for edition in self.policy.editions:
            if region is not None and region in edition.countries:
                return edition
            if REST_OF_THE_WORLD in edition.countries:
                rest = edition
        return rest


class Version(msgspec.Struct, frozen=True):
    """A published version: immutable."""

    policy: str
    version: str
    number: int
    """1 for the first version of the policy, and so on in the order of publishing."""
    hash: str
    """`sha256:` and 64 hexadecimal digits, of the canonical JSON of `document`."""
    published: int
    """Milliseconds since 1970."""
    document: Document
