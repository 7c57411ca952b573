"""Which of our languages somebody reads."""

from ..http.request import Request

LOCALES = ("en", "fr")
DEFAULT = "en"


def normal_locale(tag: str | None) -> str | None:
    """The catalogue for a language tag (`fr-CA` gives `fr`), None where there is none."""
    language = (tag or "").strip().replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else None


def preferred_locale(request: Request) -> str:
    """The first of our languages in Accept-Language. Browsers list them in order, so weights are not looked at."""
    for part in (request.header("accept-language") or "").split(","):
        if locale := normal_locale(part.partition(";")[0]):
            return locale
    return DEFAULT
