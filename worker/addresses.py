"""Addresses: which of them are anybody's on the Internet. Pure; whoever connects for a stranger asks first.

What a stranger names may lead to the machine itself, to its neighbours or to a cloud's metadata (SSRF).
"""

import ipaddress
from typing import Final

#: IPv6 that leads on to an IPv4 address inside it, which may be private: NAT64 (RFC 6052), 6to4, Teredo.
_TUNNELS: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "2002::/16", "2001::/32")))


def is_public(address: str) -> bool:
    """Say whether an IP address is a host's on the public Internet; False for what is no IP address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in tunnel for tunnel in _TUNNELS):
            return False
    return found.is_global and not found.is_multicast
