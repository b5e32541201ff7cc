"""A socket is made for an address that is allowed, and for no other."""

import socket

import pytest

from worker.sockets import AddressInfo, sockets_to

ADDRESS: AddressInfo = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))


def test_an_allowed_address_gets_its_socket() -> None:
    """Of the kind that was asked for."""
    with sockets_to(lambda address: address == "127.0.0.1")(ADDRESS) as made:
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)


def test_another_one_is_an_error_of_the_network() -> None:
    """Which names the address: whoever connects takes it for a connection that could not be made."""
    with pytest.raises(OSError, match=r"127\.0\.0\.1 is not a public address"):
        sockets_to(lambda _: False)(ADDRESS)
