"""Addresses on this server: where somebody is, where they go back to, where they sign in."""

from urllib.parse import urlencode

from ..http.request import Request

SIGN_IN = "/account/sign-in"
HOME = "/account"


class Elsewhere(Exception):  # noqa: N818  (it is an answer, not a failure)
    """Raised by a page that has nothing to show before the person has been at `location`."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def own_address(request: Request) -> str:
    """Path and query of the request, to come back to."""
    query = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["raw_path"].decode("latin-1")
    return path + ("?" + query if query else "")


def sign_in_address(continue_to: str, *, again: bool = False) -> str:
    """Where to send somebody who must sign in first; `again`: even if they are signed in."""
    return SIGN_IN + "?" + urlencode({"continue": continue_to, **({"again": "1"} if again else {})})


def local_path(target: str) -> str | None:
    """`target` when it is an address on this server, else None: nobody is sent elsewhere by a crafted link.

    Browsers read a backslash as a slash and skip control characters, so neither may occur.
    """
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    return target if target.isascii() and target.isprintable() and " " not in target else None
