"""Everybody reads the same, in whichever language."""

from collections.abc import Iterator

from ...documents.models import ByLocale, Wording
from .. import prose
from ..case import Case
from ..models import Found, Rule, found

_DUTY = "GDPR article 12(1): intelligible to everybody who is asked, in their language."
_HALF = 2
"""A translation of less than one part in so many of the longest text has something missing."""


def _locales(case: Case) -> list[str]:
    """Every locale that anything is written in."""
    locales = {locale for _, _, text in _texts(case) for locale in text}
    for _, locale, _ in case.wordings():
        locales.add(locale)
    return sorted(locales)


def _texts(case: Case) -> Iterator[tuple[str, str | None, ByLocale]]:
    """Place, edition and text of everything in `policy.yaml` that is written in each locale."""
    policy = case.policy
    yield "policy.yaml: names", None, policy.names
    yield "policy.yaml: rights.how", None, policy.rights.how
    yield "policy.yaml: rights.complaint", None, policy.rights.complaint
    for place, edition in case.editions():
        yield f"{place}.names", edition.id, edition.names
    for place, edition, row in case.rows():
        yield f"{place}.text", edition.id, row.text


def _missing(case: Case) -> Iterator[Found]:
    for place, edition, text in _texts(case):
        for locale in _locales(case):
            if locale not in text:
                yield found(place, edition, locale=locale)
    for _, one in case.editions():
        for locale in _locales(case):
            if locale not in case.document.wording.get(one.id, {}):
                yield found(f"{locale}.md ({one.id})", one.id, locale=locale)


def _stray(case: Case) -> Iterator[Found]:
    for edition in sorted(case.document.wording.keys() - {edition.id for edition in case.policy.editions}):
        yield found("wording", edition=edition)


def _structure(case: Case) -> Iterator[Found]:
    for edition, locale, wording, reference, first in _translations(case):
        here, there = len(prose.headings(wording.text)), len(prose.headings(first.text))
        if here != there:
            yield found(f"{locale}.md ({edition})", edition, here=here, there=there, reference=reference)


def _shorter(case: Case) -> Iterator[Found]:
    for edition, locale, wording, reference, first in _translations(case):
        here, there = prose.words(wording.text), prose.words(first.text)
        if min(here, there) * _HALF < max(here, there):
            yield found(f"{locale}.md ({edition})", edition, here=here, there=there, reference=reference)


def _untranslated(case: Case) -> Iterator[Found]:
    for edition, locale, wording, reference, first in _translations(case):
        if wording.text == first.text:
            yield found(f"{locale}.md ({edition})", edition, reference=reference)
        if wording.summary == first.summary:
            yield found(f"{locale}.summary.md ({edition})", edition, reference=reference)


def _translations(case: Case) -> Iterator[tuple[str, str, Wording, str, Wording]]:
    """Of each edition every wording but that of the first locale, beside that one."""
    for _, edition in case.editions():
        wordings = sorted(case.document.wording.get(edition.id, {}).items())
        for locale, wording in wordings[1:]:
            yield edition.id, locale, wording, *wordings[0]


RULES = (
    Rule(
        "LOCALE-MISSING",
        "error",
        _DUTY,
        "There is nothing in the locale {locale}, which other parts of the policy have.",
        "Translate it, or leave the locale out everywhere.",
        _missing,
    ),
    Rule(
        "WORDING-STRAY",
        "error",
        _DUTY,
        "There is a text for the edition {edition}, which does not exist.",
        "Name the file after an edition of policy.yaml, or delete it.",
        _stray,
    ),
    Rule(
        "LOCALE-STRUCTURE",
        "warning",
        _DUTY,
        "The number of headings is {here}; in {reference}.md it is {there}.",
        "Give both texts the same sections, in the same order.",
        _structure,
    ),
    Rule(
        "LOCALE-LENGTH",
        "warning",
        _DUTY,
        "It has {here} words, but {reference}.md has {there}: one of them says much less.",
        "Translate everything that one of them leaves out.",
        _shorter,
    ),
    Rule(
        "LOCALE-UNTRANSLATED",
        "warning",
        _DUTY,
        "It is word for word the text of the locale {reference}.",
        "Translate it.",
        _untranslated,
    ),
)
