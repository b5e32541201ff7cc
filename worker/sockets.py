"""Sockets: made only for addresses that may be connected to.

Whoever connects for a stranger must check the very address that it connects to. Here that is done where the
socket is made, after a name was resolved: a name that resolves differently a moment later (DNS rebinding)
gains nothing, and neither does an address in whatever notation.
"""

import errno
import socket
from collections.abc import Callable

#: Family, kind, protocol, canonical name and address, as `socket.getaddrinfo` has them.
AddressInfo = tuple[int, int, int, str, tuple[str | int, ...]]
#: Makes the socket for an address. Raises OSError for one that may not be connected to.
SocketMaker = Callable[[AddressInfo], socket.socket]


def sockets_to(allowed: Callable[[str], bool]) -> SocketMaker:
    """Return a maker of sockets that raises OSError for an address which is not allowed."""

    def make(found: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = found
        if not allowed(str(address[0])):
            raise OSError(errno.EACCES, f"{address[0]} is not a public address")
        return socket.socket(family, kind, protocol)

    return make
