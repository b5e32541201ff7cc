"""The pages around the others."""

from http import HTTPStatus

from console.views import say


def test_what_is_said_is_escaped() -> None:
    """Whatever it holds."""
    answer = say(HTTPStatus.FORBIDDEN, "no <b>way</b>")
    assert answer.status_code == 403
    assert b"no &lt;b&gt;way&lt;/b&gt;" in bytes(answer.body)
    assert b'<html lang="en">' in bytes(answer.body)
