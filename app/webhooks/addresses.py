"""Where a webhook may go: the form of its address, and the machines its name may lead to.

An institution chooses the address and this service makes the call, from inside the operator's network. Everything that
is not plainly a public machine is therefore refused: the form once, when the address is given, and the machine at
every delivery, because a name may lead elsewhere tomorrow.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST = 500
# What RFC 3986 allows, without `@` (userinfo), backslash, fragment, or anything that is not ASCII.
WRITTEN = re.compile(
    r"https?://(?P<place>[A-Za-z0-9.\-]+|\[::1\])(?::(?P<port>[0-9]{1,5}))?(?:/[A-Za-z0-9\-._~!$&'()*+,;=:/%]*)?(?:\?.*)?"
)
QUERY = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:/%?]*")
LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# WHATWG: a host whose last label is a number is an IPv4 address, in decimal, octal or hexadecimal.
NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
INTERNAL = frozenset(
    {
        "localhost",
        "local",
        "localdomain",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "private",
        "arpa",
        "onion",
    }
)
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_V4_REFUSED = [
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's metadata, on a public address
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
# Global unicast alone: mapped, compatible, NAT64, unique local, link local and multicast forms all lie outside.
_V6_GLOBAL = ipaddress.IPv6Network("2000::/3")
_V6_REFUSED = [
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]
_ISATAP = (0x00005EFE, 0x02005EFE)


class Refused(ValueError):
    """This address may not be called; the message says why, in words for the institution."""


@dataclass(frozen=True)
class Reach:
    """What the operator admits: ports, and for development this machine over plain http."""

    ports: frozenset[int] = frozenset({443})
    loopback: bool = False


@dataclass(frozen=True)
class Target:
    """An address taken apart: whom to call, and what to ask there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the `Host` header."""
        usual = 443 if self.scheme == "https" else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def read(url: str, reach: Reach) -> Target:
    """Take an address apart, refusing every form but a plain one.

    Raises
    ------
    Refused
        Not https, userinfo, a numeric host in any notation, an internal name, a port that is not admitted.
    """
    written = WRITTEN.fullmatch(url) if len(url) <= LONGEST else None
    if written is None or not QUERY.fullmatch(url.partition("?")[2]):
        raise Refused("expected https://name/path, in ASCII, without user, password or fragment")
    parts = urlsplit(url)
    place = written["place"].lower().removesuffix(".")
    port = int(written["port"] or (443 if parts.scheme == "https" else 80))
    if not 0 < port <= 65535:
        raise Refused("there is no such port")
    target = Target(
        parts.scheme, place, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    )
    if reach.loopback and place in LOOPBACK_NAMES:
        return target
    if parts.scheme != "https":
        raise Refused("expected https")
    if port not in reach.ports:
        admitted = ", ".join(str(one) for one in sorted(reach.ports))
        raise Refused(f"port {port} is not admitted, only {admitted}")
    labels = place.split(".")
    if len(place) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise Refused("the host is not a name")
    if NUMBER.fullmatch(labels[-1]):
        raise Refused("the host is a number; expected a name")
    if len(labels) < 2 or labels[-1] in INTERNAL:
        raise Refused("the host is not a public name")
    return target


def is_public(address: str, reach: Reach) -> bool:
    """Whether a machine may be called: globally routed, and none of the forms that wrap another address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if reach.loopback and found in (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1")):
        return True
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in block for block in _V4_REFUSED)
    wraps = (int(found) >> 32) & 0xFFFFFFFF in _ISATAP
    return found in _V6_GLOBAL and not wraps and not any(found in block for block in _V6_REFUSED)


def admitted(addresses: Sequence[str], reach: Reach) -> Sequence[str]:
    """The machines a name leads to, if all of them may be called.

    Raises
    ------
    Refused
        One of them may not: a name that leads to both is not trusted with either.
    """
    if not addresses:
        raise Refused("the name leads nowhere")
    if not all(is_public(address, reach) for address in addresses):
        raise Refused("the name leads to an address that is not public")
    return addresses
