"""Failures: what an error of the transport says about whether the request was sent. Pure.

The whole answer is one literal table. A class stands under *unsent* only where no byte of a request can have
left us; whoever is in doubt is *unsure*, because a create that is wrongly taken for unsent is not looked for.
"""

from collections.abc import Mapping

import aiohttp

from worker.api.evidence import sentence
from worker.outcomes import Evidence, Failed, Unknown

#: No connection was made, so nothing was sent.
UNSENT: Mapping[type[Exception], str] = {
    aiohttp.ClientConnectorError: "no connection could be made",
    aiohttp.ClientConnectorDNSError: "the host name leads nowhere",
    aiohttp.ClientConnectorSSLError: "TLS could not be agreed",
    aiohttp.ClientConnectorCertificateError: "the server's certificate is not trusted",
    aiohttp.ClientSSLError: "TLS could not be agreed",
    aiohttp.client_exceptions.UnixClientConnectorError: "no connection could be made",
    aiohttp.ClientProxyConnectionError: "no connection to the proxy could be made",
    aiohttp.ClientHttpProxyError: "the proxy made no connection",
    aiohttp.ServerFingerprintMismatch: "the server's certificate is not the expected one",
    aiohttp.ConnectionTimeoutError: "no connection was made in time",
    aiohttp.InvalidURL: "the URL cannot be used",
    aiohttp.InvalidUrlClientError: "the URL cannot be used",
    aiohttp.NonHttpUrlClientError: "the URL is not one of HTTP",
}

#: The request, or part of it, may have been read and acted upon.
UNSURE: Mapping[type[Exception], str] = {
    OSError: "the connection broke",
    aiohttp.ClientError: "the transport failed",
    aiohttp.ClientConnectionError: "the connection broke",
    aiohttp.ClientConnectionResetError: "the connection was reset",
    aiohttp.ClientOSError: "the connection broke",
    aiohttp.ServerConnectionError: "the server broke the connection",
    aiohttp.ServerDisconnectedError: "the server closed the connection without an answer",
    aiohttp.ServerTimeoutError: "no answer came in time",
    aiohttp.SocketTimeoutError: "no answer came in time",
    aiohttp.ClientPayloadError: "the answer's body was cut short",
    aiohttp.ClientResponseError: "the answer is not HTTP",
    aiohttp.ContentTypeError: "the answer has an unexpected content type",
    aiohttp.WSServerHandshakeError: "the answer is not HTTP",
    aiohttp.TooManyRedirects: "the answer is a redirect, which is not followed",
    aiohttp.RedirectClientError: "the answer is a redirect, which is not followed",
    aiohttp.InvalidUrlRedirectClientError: "the answer is a redirect, which is not followed",
    aiohttp.NonHttpUrlRedirectClientError: "the answer is a redirect, which is not followed",
    aiohttp.client_exceptions.UploadAbortedError: "the request was sent in part",
}

#: Everything that a call can end with and that says something about the network.
CAUGHT = (OSError, aiohttp.ClientError)


def of_call(error: Exception) -> Failed | Unknown:
    """Return what an error means that came before the first byte of an answer."""
    for kind in type(error).__mro__:
        if kind in UNSENT:
            return Failed(_evidence(UNSENT[kind], error), reached=False)
        if kind in UNSURE:
            return Unknown(_evidence(UNSURE[kind], error))
    return Unknown(_evidence("the transport failed", error))


def of_answer(error: Exception, *, status: int) -> Unknown:
    """Return what an error means that came after the answer had begun: the request was certainly sent."""
    return Unknown(_evidence("the answer was cut short", error, status=status))


def _evidence(words: str, error: Exception, *, status: int | None = None) -> Evidence:
    named = f"{type(error).__name__}: {error}".rstrip(": ")
    return Evidence(status, sentence(f"{words} ({named})"))
