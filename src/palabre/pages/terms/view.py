"""What the pages show of a version: its table in plain words, its names, its wording as HTML."""

from datetime import UTC, datetime

import msgspec
from markupsafe import Markup

from ...core.dates import day_in_words
from ...policy.decisions.service import Shown
from ...policy.documents.models import Row, Version, Wording
from ...policy.documents.rendering import to_html
from ...policy.documents.wording import recipients_label, retention_label, term_label, transfer_label


class Line(msgspec.Struct, frozen=True):
    """A row of the processing table, readable."""

    id: str
    text: str
    purpose: str
    data: str
    recipients: str
    basis: str
    retention: str
    transfer: str
    """Empty where the data stays."""
    optional: bool
    earlier: bool


class Paper(msgspec.Struct, frozen=True):
    """A version as a page shows it."""

    policy: str
    version: str
    name: str
    edition: str
    edition_name: str
    locale: str
    """Of the wording; the page around it may be in another language."""
    effective: str
    address: str
    """The page that shows all of it."""


def line(row: Row, version: Version, locale: str) -> Line:
    return Line(
        row.id,
        in_locale(row.text, locale),
        term_label(row.purpose, locale),
        term_label(row.data, locale),
        recipients_label(row.recipients, locale, version.document),
        term_label(row.legal_basis, locale),
        retention_label(row.retention, locale),
        "" if row.transfer == "none" else transfer_label(row, locale),
        row.necessity == "optional",
        row.covers_earlier,
    )


def lines(rows: list[Row], shown: Shown) -> list[Line]:
    return [line(row, shown.version, shown.locale) for row in rows]


def paper(language: str, shown: Shown) -> Paper:
    policy, edition, locale = shown.version.document.policy, shown.edition, shown.locale
    effective = datetime.fromisoformat(policy.effective).replace(tzinfo=UTC)
    return Paper(
        policy.id,
        policy.version,
        in_locale(policy.names, locale),
        edition.id,
        in_locale(edition.names, locale),
        locale,
        day_in_words(int(effective.timestamp() * 1000), language),
        f"/account/terms/{policy.id}/{policy.version}",
    )


def summary(shown: Shown) -> Markup:
    return Markup(to_html(_wording(shown).summary, top=3))  # noqa: S704 (made safe by `to_html`)


def whole_text(shown: Shown) -> Markup:
    return Markup(to_html(_wording(shown).text, top=3))  # noqa: S704 (as above)


def _wording(shown: Shown) -> Wording:
    return shown.version.document.wording[shown.edition.id][shown.locale]


def in_locale(texts: dict[str, str], locale: str) -> str:
    return texts.get(locale) or next(iter(texts.values()))
