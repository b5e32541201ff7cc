"""What is not strict JSON is refused, and says why."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hosts.commands.document import check_type, read
from connectors.hosts.commands.problems import MALFORMED, WRONG_TYPE, Problem
from connectors.nesting import DEPTH

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(texts, values, max_size=5))
def test_every_object_is_read_as_it_is(document: dict[str, object]) -> None:
    """What JSON can say everywhere arrives unchanged, with a byte order mark or without."""
    body = json.dumps(document).encode()
    assert read(body) == read(b"\xef\xbb\xbf" + body) == document


@given(st.binary(max_size=200) | st.text(alphabet='{}[]:,"1eE.-\\u0dNaIn\x00 ', max_size=60).map(str.encode))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    """There is no third way, and what is read can be said again."""
    try:
        found, refused = read(body), None
    except Problem as problem:
        found, refused = {}, problem.kind
    assert refused in {None, MALFORMED}
    assert orjson.loads(orjson.dumps(found)) == found


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "strict JSON"),
        (b"{", "strict JSON"),
        (b"[1]", "one JSON object"),
        (b'"text"', "one JSON object"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"deep":{"a":1,"a":1}}', "twice"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":1e999}', "beyond the range"),
        (b'{"a":123456789012345678901234567890}', "not every JSON reader"),
        (b'{"a":' + b"9" * 5000 + b"}", "strict JSON"),
        (rb'{"a":"\ud800"}', "not every JSON reader"),
        (rb'{"\udc00":1}', "not every JSON reader"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "nested"),
    ],
)
def test_what_is_no_strict_json_is_explained(body: bytes, word: str) -> None:
    """Each fault has its own words."""
    with pytest.raises(Problem, match=word) as refused:
        read(body)
    assert refused.value.kind is MALFORMED


def test_the_depth_is_exact() -> None:
    """So many levels are read, and one more is not."""
    deepest = b'{"a":' * (DEPTH - 1) + b"{}" + b"}" * (DEPTH - 1)
    assert read(deepest)
    with pytest.raises(Problem, match="nested"):
        read(b'{"a":' + deepest + b"}")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"; x=y'],
)
def test_json_may_say_that_it_is_utf8(content_type: str) -> None:
    """The media type is read as RFC 9110 asks, whatever the letter case."""
    check_type(content_type, "")
    check_type(content_type, "identity")


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("", ""),
        ("text/plain", ""),
        ("application/x-www-form-urlencoded", ""),
        ("application/jsonp", ""),
        ("application/json; charset=utf-16", ""),
        ("application/json; charset=latin-1", ""),
        ("application/json", "gzip"),
        ("application/json", "br, gzip"),
        ("\u00ff/json", ""),
    ],
)
def test_anything_else_is_the_wrong_type(content_type: str, encoding: str) -> None:
    """Another type, another charset and anything compressed are refused unread."""
    with pytest.raises(Problem) as refused:
        check_type(content_type, encoding)
    assert refused.value.kind is WRONG_TYPE
