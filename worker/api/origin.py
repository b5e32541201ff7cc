"""Origin: where a server is (RFC 6454), and the path of its API there. Pure."""

from dataclasses import dataclass
from typing import Final, Self

import httpx

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A server, as a base URL names it."""

    #: A name in its ASCII form, or an address.
    host: str
    port: int
    tls: bool
    #: What `Host` says: the host, and the port where it is not the usual one.
    authority: str
    #: The path below which the API stands, encoded, without a slash at its end.
    path: str

    @classmethod
    def of(cls, base_url: str) -> Self:
        """Return the origin. Raises ValueError with one clause for a person."""
        try:
            url = httpx.URL(base_url)
        except httpx.InvalidURL as error:
            raise ValueError(f"is not a URL: {error}") from error
        port = url.port or _PORTS.get(url.scheme)
        if not url.host or port is None or url.userinfo:
            raise ValueError("must name a host of HTTP and hold no credentials")
        path = url.raw_path.partition(b"?")[0].decode("ascii").rstrip("/")
        host = url.raw_host.decode("ascii")
        return cls(host, port, url.scheme == "https", url.netloc.decode("ascii"), path)
