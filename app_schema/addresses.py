"""Addresses that a server must not call because a user says so: those of its own machine, its network and its cloud.

A URL that a user enters, such as ``mcp_connections.server_url``, is called from inside the network. :func:`reachable` resolves it
and returns where to connect. A caller connects to one of those addresses and not to the name, which may resolve to another one a
moment later, and it follows no redirect.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from app_schema.errors import AddressRefused
from app_schema.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
METADATA = frozenset({IPv4Address("168.63.129.16")})  # Azure's, the only one that is of no private network
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))  # the last 32 bits are an IPv4 address: NAT64, and an old form
PARAMETER = re.compile(r"(?:^|[?&;#])([^=&;#]*)=")
CREDENTIALS = re.compile(
    r"(x[-_]?amz[-_]?(signature|credential|security[-_]?token)|x[-_]?goog[-_]?(signature|credential)|sig|signature|code|jwt|key|api[-_]?key"
    r"|(access|auth|refresh|id|session|bearer)?[-_]?token|pass(word|wd|phrase)?|pwd|(client[-_]?)?secret|credentials?|auth(orization)?)"
    r"(\[[^\]]*\])*",
    re.IGNORECASE,
)


def reachable(url: str) -> tuple[IPv4Address | IPv6Address, ...]:
    """Return the addresses of a URL that a server may call; connect to one of them.

    A name is resolved as the operating system does, which also reads ``127.1``, ``0x7f000001`` and ``2130706433`` as addresses.
    If any of its addresses is refused, so is the URL.

    Args:
        url: of http, https, ws or wss.

    Raises:
        AddressRefused: it is no such URL, holds credentials, cannot be resolved, or leads to a loopback, link-local, private,
            multicast, reserved or metadata address. The message repeats nothing of the URL.
    """
    try:
        parts = split_url(url)
    except ValueError:
        raise AddressRefused("the address is no URL; write https://host/path") from None
    if parts.scheme not in PORTS or not parts.hostname or "\\" in url or any(letter.isspace() for letter in url):
        raise AddressRefused("the address is no URL of http, https, ws or wss; write https://host/path")
    if parts.username is not None or parts.password is not None or any(holds_credentials(part) for part in (parts.query, parts.fragment)):
        raise AddressRefused("the address holds credentials; leave them out and seal them in secrets")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("the host of the address cannot be resolved; check its name") from None
    addresses = tuple(dict.fromkeys(ip_address(str(place[4][0]).partition("%")[0]) for place in found))
    if not all(is_public(address) for address in addresses):
        raise AddressRefused("the address leads to a machine of a private network, or to this one; name a public host")
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is of the public Internet, and so is every address that it stands for."""
    return all(each.is_global and not each.is_multicast and not each.is_reserved and each not in METADATA for each in _meant(address))


def holds_credentials(query: str) -> bool:
    """Whether a query names a parameter that usually holds a key, percent-encoded or not."""
    names = PARAMETER.findall(f"&{query}")
    return any(CREDENTIALS.fullmatch(unquote_plus(unquote_plus(name)).strip()) for name in names)


def _meant(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """Yield the addresses that one stands for: an IPv6 address may hold one of IPv4, which the packets then go to."""
    if isinstance(address, IPv4Address):
        yield address
        return
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in TRANSLATED):
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    held = [each for each in inner if each is not None]
    yield from held
    if address.ipv4_mapped is None and address not in TRANSLATED[0]:
        yield address
