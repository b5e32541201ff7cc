"""Whether a failed call was sent: the table is complete, and careful."""

from collections.abc import Iterator

import aiohttp
import pytest

from worker.hooks.failures import CAUGHT, UNSENT, UNSURE, of_answer, of_call
from worker.outcomes import Evidence, Failed, Unknown


def _family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from _family(child)


EVERY_ERROR = sorted(
    {error for error in _family(aiohttp.ClientError) if error.__module__.partition(".")[0] == "aiohttp"},
    key=str,
)


@pytest.mark.parametrize("error", EVERY_ERROR)
def test_the_table_names_every_error(error: type[Exception]) -> None:
    """Every exception of aiohttp stands in exactly one half of the table, and is caught."""
    assert (error in UNSENT) + (error in UNSURE) == 1
    assert issubclass(error, CAUGHT)


def test_the_table_names_nothing_else() -> None:
    """A row for an error that no longer exists would mislead."""
    assert {*UNSENT, *UNSURE} == {*EVERY_ERROR, OSError}


def test_whatever_derives_from_an_unsent_error_was_not_sent() -> None:
    """No error in doubt hides beneath a certain one, but for redirects, which are never followed."""
    for certain in UNSENT:
        beneath = {error for error in _family(certain) if error in UNSURE}
        assert beneath <= {aiohttp.InvalidUrlRedirectClientError, aiohttp.NonHttpUrlRedirectClientError}


def test_an_unsent_call_did_not_reach_anybody() -> None:
    """A refused connection is a failure that never reached the server."""
    outcome = of_call(aiohttp.ConnectionTimeoutError("too late"))
    assert outcome == Failed(
        Evidence(detail="no connection was made in time (ConnectionTimeoutError: too late)"), reached=False
    )


def test_a_broken_call_leaves_doubt() -> None:
    """A connection that broke may have carried the request before; an error without text has none to show."""
    assert of_call(aiohttp.ServerDisconnectedError()) == Unknown(
        Evidence(
            detail="the server closed the connection without an answer "
            "(ServerDisconnectedError: Server disconnected)"
        )
    )
    assert of_call(aiohttp.SocketTimeoutError("")) == Unknown(
        Evidence(detail="no answer came in time (SocketTimeoutError)")
    )
    assert type(of_call(ConnectionResetError())) is Unknown


def test_an_error_of_a_later_version_is_judged_by_its_ancestor() -> None:
    """A class that the table does not know is judged by the nearest one that it does."""

    class Newer(aiohttp.ClientConnectorError):
        """Some later aiohttp's."""

        def __init__(self) -> None:
            """Skip the parent's arguments."""

        def __str__(self) -> str:
            return "newer"

    assert type(of_call(Newer())) is Failed


def test_an_error_nobody_knows_leaves_doubt() -> None:
    """Whoever is in doubt is unsure."""
    assert of_call(RuntimeError("?")) == Unknown(Evidence(detail="the transport failed (RuntimeError: ?)"))


def test_once_an_answer_began_the_request_was_sent() -> None:
    """Even an error from the certain half means doubt when it comes in the middle of an answer."""
    outcome = of_answer(aiohttp.ConnectionTimeoutError(""), status=200)
    assert outcome == Unknown(Evidence(200, "the answer was cut short (ConnectionTimeoutError)"))
