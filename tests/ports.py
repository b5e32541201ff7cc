"""Ports of loopback for the servers that tests start."""

import contextlib
import secrets
import socket

#: Below the range from which Linux takes the ports of outgoing connections.
_LOWEST, _PORTS = 15_000, 17_000


def free_port() -> int:
    """Return a port that nobody listens on, and that no other call returns while this process lives.

    A server binds its port some time after it was chosen, and one that needs several has all of them chosen
    before. What was handed out is therefore kept by a datagram socket of the same number, which is in no
    server's way, and which every process of the tests sees.
    """
    while True:
        port = _LOWEST + secrets.randbelow(_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                claim.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                raise
            claim.detach()
            return port
