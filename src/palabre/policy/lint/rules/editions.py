"""Everybody has exactly one edition: the editions partition the world."""

from collections import Counter
from collections.abc import Iterator

from ...documents.models import REST_OF_THE_WORLD
from ..case import Case
from ..models import Found, Rule, found
from ..vocabulary import COUNTRIES

_DUTY = "GDPR article 5(1)(a): whoever is asked must be able to know which terms are theirs."


def _overlap(case: Case) -> Iterator[Found]:
    counts = Counter(country for _, edition in case.editions() for country in edition.countries)
    for country, count in sorted(counts.items()):
        if count > 1 and country != REST_OF_THE_WORLD:
            having = [edition.id for _, edition in case.editions() if country in edition.countries]
            yield found("policy.yaml: editions", country=country, editions=", ".join(having))


def _rest(case: Case) -> Iterator[Found]:
    count = sum(edition.countries.count(REST_OF_THE_WORLD) for _, edition in case.editions())
    if count != 1:
        yield found("policy.yaml: editions", count=count)


def _unknown_countries(case: Case) -> Iterator[Found]:
    for place, edition in case.editions():
        for country in edition.countries:
            if country != REST_OF_THE_WORLD and country not in COUNTRIES:
                yield found(f"{place}.countries", edition.id, country=country)
    for key, recipient in case.policy.recipients.items():
        if recipient.country not in COUNTRIES:
            yield found(f"policy.yaml: recipients.{key}.country", country=recipient.country)
    for place, edition, row in case.rows():
        for country in () if row.transfer == "none" else row.transfer.countries:
            if country not in COUNTRIES:
                yield found(f"{place}.transfer.countries", edition.id, country=country)


RULES = (
    Rule(
        "EDITION-OVERLAP",
        "error",
        _DUTY,
        "{country} is named more than once: {editions}.",
        "Leave the country in one edition only.",
        _overlap,
    ),
    Rule(
        "EDITION-REST",
        "error",
        _DUTY,
        "{count} times `*` (every other country): it must be there exactly once.",
        "Write `*` in the countries of exactly one edition.",
        _rest,
    ),
    Rule(
        "COUNTRY-UNKNOWN",
        "error",
        _DUTY,
        "{country} is no country.",
        "Use ISO 3166-1 codes of two letters: `GB`, not `UK`.",
        _unknown_countries,
    ),
)
