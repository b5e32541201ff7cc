"""Which request lines are calls, and to what."""

import pytest

from sandbox.call import BASE, Call, read_call
from sandbox.refusal import RefusedError


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", b"s/interactions", Call(service="s", operation="create")),
        ("GET", b"s/interactions/ext_a", Call(service="s", operation="get", external_id="a")),
        ("POST", b"s/interactions/ext_a/stop", Call(service="s", operation="stop", external_id="a")),
        ("POST", b"s/interactions/ext_a/update", Call(service="s", operation="update", external_id="a")),
        ("GET", b"s/interactions/0A", Call(service="s", operation="get", interaction_id="0A")),
        ("POST", b"s/interactions/0A/stop", Call(service="s", operation="stop", interaction_id="0A")),
        ("POST", b"s/interactions/0A/update", Call(service="s", operation="update", interaction_id="0A")),
    ],
)
def test_the_seven_endpoints(method: str, path: bytes, expected: Call) -> None:
    """Each of the seven request lines is understood as its own operation."""
    assert read_call(method, BASE + path) == expected


@pytest.mark.parametrize("text", ["a/b", "a?b#c%d<e>@f g", "ü漢", "ext_a", "a/stop", "."])
def test_external_ids_are_decoded_once(text: str) -> None:
    """Whatever an external id holds, it comes out of the path as it was before the encoding."""
    encoded = "".join(f"%{octet:02x}" for octet in text.encode()).encode()
    assert read_call("GET", BASE + b"s/interactions/ext_" + encoded).external_id == text


def test_an_encoded_service() -> None:
    """A service's name may be percent-encoded too."""
    assert read_call("POST", BASE + b"a%20b/interactions").service == "a b"


@pytest.mark.parametrize("path", [b"s%FF/interactions", b"s/interactions/ext_%FF"])
def test_a_path_that_is_not_utf8(path: bytes) -> None:
    """A path that is not UTF-8 is still a call, marked as unreadable."""
    method = "POST" if path.endswith(b"s") else "GET"
    assert not read_call(method, BASE + path).readable


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"s",
        b"/interactions",
        b"s/others",
        b"s/interactions/",
        b"s/interactions/a/b",
        b"s/interactions/a/stop/b",
        b"s/interactions//stop",
    ],
)
def test_other_paths_are_not_found(path: bytes) -> None:
    """A path that is none of the seven is a 404."""
    with pytest.raises(RefusedError) as refused:
        read_call("GET", BASE + path)
    assert refused.value.status == 404


def test_wrong_methods_are_told_the_right_one() -> None:
    """A known path with another method is a 405 that names the right one."""
    with pytest.raises(RefusedError) as refused:
        read_call("DELETE", BASE + b"s/interactions")
    assert (refused.value.status, refused.value.headers) == (405, (("allow", "POST"),))
