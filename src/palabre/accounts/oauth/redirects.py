"""Where a client may have people sent (Client-Server API, "Redirect URI validation"; RFC 8252 section 7)."""

from urllib.parse import SplitResult, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def split(uri: str) -> SplitResult | None:
    """The parts of an address, or None for what is no clean one."""
    if not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri or len(uri) > 2048:
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and "@" not in parts.netloc else None


def is_web_page(uri: str, own: str) -> bool:
    """An https address without user or password; plain http only on this server (`own`) itself."""
    parts = split(uri)
    if parts is None or not parts.hostname:
        return False
    return parts.scheme == "https" or origin(parts) == own


def origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"


def is_below(uri: str, client_uri: str) -> bool:
    """Whether `uri` is on the host of the client's page or on a subdomain of it."""
    host, base = urlsplit(uri).hostname or "", urlsplit(client_uri).hostname or ""
    return host == base or host.endswith("." + base)


def is_redirect(uri: str, application_type: str, client_uri: str, own: str) -> bool:
    """Whether a client with this page and of this type may register `uri`."""
    parts = split(uri)
    if parts is None or "#" in uri:
        return False
    if is_web_page(uri, own):
        return is_below(uri, client_uri)
    if application_type != "native":
        return False
    if parts.scheme == "http":
        return parts.hostname in LOOPBACK and parts.port is None
    reverse = ".".join(reversed((urlsplit(client_uri).hostname or "").split(".")))
    private = parts.scheme == reverse or parts.scheme.startswith(reverse + ".")
    return private and "." in reverse and not uri[len(parts.scheme) + 1 :].startswith("//")


def same_redirect(registered: str, asked: str) -> bool:
    """Exact comparison, but for the port of a loopback address, which the app learns only when it starts to listen."""
    if registered == asked:
        return True
    ours, theirs = split(registered), split(asked)
    if ours is None or theirs is None or ours.scheme != "http" or ours.hostname not in LOOPBACK or ours.port:
        return False
    return (
        "#" not in asked
        and theirs.hostname == ours.hostname
        and ((ours.scheme, ours.path, ours.query) == (theirs.scheme, theirs.path, theirs.query))
    )
