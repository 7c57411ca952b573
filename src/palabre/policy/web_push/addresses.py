"""Addresses that people give us to send to must lead out of this network, not into it.

The form is looked at when somebody subscribes. The name is resolved where the connection is made, each time, and the
connection goes to the very address that was looked at: a name that points elsewhere a moment later changes nothing.
"""

import asyncio
import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from ...core import errors

_NAT64 = IPv6Network("64:ff9b::/96")


class ForbiddenAddressError(httpx.ConnectError):
    """The name leads to an address that is not public, or to none."""


def check(endpoint: str, *, local: bool) -> None:
    """Raises 400 for what is no `https` address of a public host. With `local`, `http` and any host will do."""
    try:
        url = httpx.URL(endpoint)
    except httpx.InvalidURL:
        raise errors.invalid_param("endpoint must be an address as the browser gave it.") from None
    if not url.host or url.userinfo or url.fragment or not endpoint.isascii():
        raise errors.invalid_param("endpoint must be an address as the browser gave it.")
    if local and url.scheme in ("http", "https"):
        return
    if url.scheme != "https":
        raise errors.invalid_param("endpoint must begin with https://.")
    if _is_number(url.host) and not is_public(url.host):
        raise errors.invalid_param("endpoint must be at a public address.")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet at large; of one that stands for an IPv4 address, whether that
    does.
    """
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


class PublicTransport(httpx.AsyncHTTPTransport):
    """Connects to public addresses only. Certificates are checked against the name, as ever.

    Connections are not kept: the pool knows them by their address, which different names may share.
    """

    def __init__(self, verify: ssl.SSLContext | bool = True) -> None:
        super().__init__(verify, limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises `ForbiddenAddressError`."""
        host = request.url.host
        address = await resolve(host, request.url.port or 443)
        extensions = {**request.extensions, "sni_hostname": host}
        there = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions=extensions,
        )
        return await super().handle_async_request(there)


async def resolve(host: str, port: int) -> str:
    """The first address of `host`, if all of them are public. Raises `ForbiddenAddressError`."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ForbiddenAddressError("no such name") from None
    addresses = [str(address[0]) for *_, address in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise ForbiddenAddressError("not a public address")
    return addresses[0]


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
