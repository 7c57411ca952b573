"""Terms, rows and changes in plain words, in French and in English.

A document may have more locales than that; what this module says of it is in English then.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

from ...core.countries import country_name
from ...core.text import Texts
from .diff import Change, Diff, countries, gained_recipients
from .models import Document, Row

_HERE = Path(__file__).parent
_UNITS = (("Y", "years"), ("M", "months"), ("W", "weeks"), ("D", "days"))


@cache
def texts() -> Texts:
    return Texts.load(_HERE / "texts")


@cache
def terms() -> dict[str, dict[str, str]]:
    """Term -> language -> label."""
    return tomllib.loads((_HERE / "terms.toml").read_text(encoding="utf-8"))


def term_label(term: str, locale: str) -> str:
    """A DPV term in plain words: `pd:TelephoneNumber` -> "your phone number". Of one we have no words for, its name."""
    labels = terms().get(term)
    if labels is not None:
        return labels[_language(locale)].replace("'", "’")
    name = term.partition(":")[2]
    return name if "-" in name else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def retention_label(retention: str, locale: str) -> str:
    """`P1Y6M` -> "1 year and 6 months"."""
    language = _language(locale)
    if retention == "account":
        return texts().get(language, "say.account")
    parts = [
        texts().count(language, unit, int(match[1]))
        for letter, unit in _UNITS
        if (match := re.search(rf"(\d+){letter}", retention))
    ]
    return listing(parts, locale)


def transfer_label(row: Row, locale: str) -> str:
    """Where the data goes abroad, and what protects it there."""
    if row.transfer == "none":
        return texts().get(_language(locale), "say.nowhere")
    names = listing((country_name(code, _language(locale)) for code in row.transfer.countries), locale)
    safeguard = term_label(row.transfer.safeguard, locale)
    return texts().get(_language(locale), "say.transfer", countries=names, safeguard=safeguard)


def recipients_label(keys: Iterable[str], locale: str, document: Document) -> str:
    """The names of recipients; of one that the document does not know any more, its key."""
    known = document.policy.recipients
    return listing((known[key].name if key in known else key for key in keys), locale)


def listing(items: Iterable[str], locale: str) -> str:
    """`a, b and c`."""
    *first, last = list(items) or [""]
    return texts().get(_language(locale), "say.and", list=", ".join(first), last=last) if first else last


def sentences(diff: Diff, locale: str, document: Document) -> list[str]:
    """One sentence or two a change. `document` is the newer one: it has the names of the recipients."""
    if not diff.changes:
        return [texts().get(_language(locale), "diff.none")]
    # A name that ends in a full stop ("Example, Inc.") ends the sentence too.
    return [_sentence(diff, change, locale, document).replace("..", ".") for change in diff.changes]


def to_html(diff: Diff, locale: str, document: Document) -> str:
    """The same as a list, without any frame. What gives more is marked by a class, and by the words themselves."""
    said = sentences(diff, locale, document)
    if not diff.changes:
        return f"<p>{escape(said[0])}</p>\n"
    items = (
        f'<li class="{"wider" if change.wider else "same"}">{escape(sentence)}</li>\n'
        for change, sentence in zip(diff.changes, said, strict=True)
    )
    return f'<ul class="changes">\n{"".join(items)}</ul>\n'


def _language(locale: str) -> str:
    return texts().choose(locale)


def _sentence(diff: Diff, change: Change, locale: str, document: Document) -> str:
    row = change.after or change.before
    assert row is not None
    language = _language(locale)
    data, purpose = term_label(row.data, locale), term_label(row.purpose, locale)
    recipients = recipients_label(row.recipients, locale, document)
    what = texts().get(language, "say.what", data=data, purpose=purpose, recipients=recipients)
    if change.kind == "added":
        return texts().get(language, f"diff.added_{row.necessity}", what=what)
    if change.before is None or change.after is None:
        return texts().get(language, "diff.removed", what=what)
    before, after = change.before, change.after
    if change.kind == "new_recipients":
        who = recipients_label(gained_recipients(before, after, diff.replaced), locale, document)
        return texts().get(language, "diff.new_recipients", data=data, purpose=purpose, recipients=who)
    if change.kind == "longer_retention":
        return texts().get(
            language,
            "diff.longer_retention",
            data=data,
            purpose=purpose,
            after=retention_label(after.retention, locale),
            before=retention_label(before.retention, locale),
        )
    if change.kind in ("became_required", "became_optional"):
        return texts().get(language, f"diff.{change.kind}", what=what)
    details = " ".join(_detail(field, before, after, locale, document) for field in change.fields)
    return texts().get(language, f"diff.{change.kind}", data=data, purpose=purpose, details=details)


def _detail(field: str, before: Row, after: Row, locale: str, document: Document) -> str:
    """What is different in one cell."""

    def said(key: str, **values: str) -> str:
        return texts().get(_language(locale), f"detail.{key}", **values)

    if field in ("purpose", "data", "legal_basis"):
        return said(
            field, after=term_label(getattr(after, field), locale), before=term_label(getattr(before, field), locale)
        )
    if field == "covers_earlier":
        return said("covers_earlier" if after.covers_earlier else "covers_later")
    if field == "recipients":
        gone = [key for key in before.recipients if key not in after.recipients]
        return said("recipients", recipients=recipients_label(gone, locale, document))
    if field == "retention":
        return said(
            "retention",
            after=retention_label(after.retention, locale),
            before=retention_label(before.retention, locale),
        )
    if field == "transfer":
        key = "transfer" if countries(before) != countries(after) else "safeguard"
        return said(key, after=transfer_label(after, locale), before=transfer_label(before, locale))
    return said("text", text=after.text.get(locale) or next(iter(after.text.values())))
