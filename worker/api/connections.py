"""Connections: the sockets beneath the calls, one pool for all services of a process.

httpx on aiohttp's pool: httpx's own is quadratic in the requests in flight, and one TLS context costs as much
CPU as dozens of calls.
"""

import math

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream
from yarl import URL

# Shorter than what servers commonly grant an idle connection (5 s is the shortest usual one), so that it is
# us who close it: a request on a connection that the server just closed ends in doubt.
_IDLE_S = 4.0
# Room for the sweeps' looks beside the drain's calls.
_SPARE_CONNECTIONS = 16


class ExactTransport(AiohttpTransport):
    """aiohttp beneath httpx, with the URL's bytes as they were built and the errors as they were raised.

    The stock transport lets yarl rewrite the URL, which decodes `%3B` to `;` (where many servers cut the path
    segment short) and `%2E%2E` to a step upwards. It also reports connections that broke after sending as
    connect time-outs, which would have a create taken for unsent that took effect.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request once and return as soon as the answer's headers are read.

        aiohttp repeats a GET once when a kept connection turns out to be closed; never a POST.
        """
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        answer = await self.client.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=request.headers,
            data=request.content or None,
            allow_redirects=False,
            timeout=_connect_within(request.extensions["timeout"]["connect"]),
        )
        return httpx.Response(
            answer.status,
            headers=answer.raw_headers,
            stream=AiohttpResponseStream(answer),
            request=request,
        )


def open_client(*, in_flight: int) -> httpx.AsyncClient:
    """Return the client that all services of a process share; it belongs to the loop of its first call.

    TLS is always verified, against `SSL_CERT_FILE` or `SSL_CERT_DIR` where the operator set one. Nothing else
    is taken from the environment: neither a proxy nor a .netrc may change where calls and keys go. Redirects
    are not followed, for they would carry the key away.

    Args:
        in_flight: How many calls are made at once.
    """
    context = httpx.create_ssl_context()

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=in_flight + _SPARE_CONNECTIONS,
            keepalive_timeout=_IDLE_S,
            ssl=context,
        )
        # Cookies would travel between calls, and between services of one host.
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            # Without a body it would claim application/octet-stream, which a strict server answers with 415.
            skip_auto_headers=["Content-Type"],
        )

    transport = ExactTransport(verify=context, client=session)
    return httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)


def _connect_within(limit_s: float) -> aiohttp.ClientTimeout:
    # Covers waiting for a free connection, the name, the connection and TLS. aiohttp rounds long time-outs up
    # to whole seconds unless told not to, and that could outlast the call's own deadline.
    return aiohttp.ClientTimeout(connect=limit_s, ceil_threshold=math.inf)
