"""Forms: decoding what a browser sends, and refusing what another site made it send."""

from urllib.parse import parse_qsl, urlsplit

from ..core import errors
from ..core.errors import ApiError
from ..http.request import Request

MAX_FIELDS = 50
MAX_VALUE = 4096


class Form(dict[str, str]):
    """The fields of a form, trimmed; a field that was not sent is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def read_form(request: Request, body: bytes, base_url: str) -> Form:
    """Decode an `application/x-www-form-urlencoded` body that comes from one of our own pages."""
    if not is_own(request, base_url):
        raise ApiError(403, "CROSS_SITE", "This form did not come from a page of this server.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except (UnicodeDecodeError, ValueError):
        raise errors.invalid_param("This is not a form.") from None
    return Form((name, value.replace("\x00", "").strip()[:MAX_VALUE]) for name, value in pairs)


def is_own(request: Request, base_url: str) -> bool:
    """Whether the browser says that one of our own pages sent this (protection against cross-site request forgery).

    Sec-Fetch-Site is sent to https and loopback servers by every current browser, Origin with every POST by older ones
    and over plain http. A request that carries neither is not a browser's.
    """
    site = request.header("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.header("origin")
    if origin is None or origin == "null":
        return False
    return origin == base_url or urlsplit(origin).netloc == request.header("host")
