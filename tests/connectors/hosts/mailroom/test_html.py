"""HTML of a stranger does nothing, asks for nothing, and takes little time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hosts.mailroom.html import CHARACTERS, clean

PICTURES = {"logo": "data:image/png;base64,AAAA"}


def cleaned(html: str) -> str:
    """Return what is shown of it."""
    found = clean(html, PICTURES)
    return found.html if found else ""


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p onclick=x()>Hi <b>there</b></p>", "<p>Hi <b>there</b></p>"),
        ("<p>a</p><script>alert(1)</script>", "<p>a</p>"),
        ("<p>a</p><style>p{background:url(http://x)}</style>", "<p>a</p>"),
        (
            '<p>a <a href="javascript:x">b</a></p>',
            '<p>a <a rel="noopener noreferrer nofollow" target="_blank">b</a></p>',
        ),
        ('<p style="color:red;position:fixed;background:url(//x)">a</p>', '<p style="color:red">a</p>'),
        ('<form action="//x">a<input name=b></form>', "a"),
        ('<p>a</p><iframe src="//x"></iframe><object data="//x"></object><embed src="//x">', "<p>a</p>"),
        ('<p>a</p><meta http-equiv=refresh content="0;//x"><base href="//x"><link href="//x">', "<p>a</p>"),
        (
            '<p>a <img src="cid:logo" alt="Logo"></p>',
            '<p>a <img alt="Logo" src="data:image/png;base64,AAAA"></p>',
        ),
        ('<p>a <img src="cid:other" alt="1 > 0"></p>', "<p>a 1 &gt; 0</p>"),
        ('<p>a <img src="https://x/t.gif" srcset="https://y" alt="&lt;b&gt;"></p>', "<p>a &lt;b&gt;</p>"),
        ('<p>a <img src="data:image/svg+xml,x"></p>', "<p>a </p>"),
        ('<td background="//x">a</td>', "a"),
    ],
)
def test_what_is_shown(html: str, shown: str) -> None:
    """Elements, attributes, styles, links and pictures by allow-lists."""
    assert sorted(re.findall(r"[a-z]+=\"[^\"]*\"|[^ ]", cleaned(html))) == sorted(
        re.findall(r"[a-z]+=\"[^\"]*\"|[^ ]", shown)
    )


def test_pictures_from_elsewhere_are_counted() -> None:
    """So that the page can say that there were any."""
    found = clean('<p>a<img src="http://x/1"><img src="HTTPS://x/2"><img src="cid:logo"></p>', PICTURES)
    assert found is not None
    assert found.left_out == 2


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 90_000,
        "".join(f"<b a={number}><p>" for number in range(30_000)),
        "".join(f"<a href={number}><b c={number}><table>" for number in range(9000)),
        "<table>" + "<b>x" * 50_000,
        "<svg><desc>" * 40_000,
        "<p " + "a=1 " * 100_000 + ">",
        "<!--" * 100_000,
    ],
    ids=["deep", "overlapping", "links", "foster", "svg", "attributes", "comments"],
)
def test_nothing_takes_long(html: str) -> None:
    """What is written to cost minutes costs a second or two at the most, on a busy machine."""
    began = time.process_time()
    clean(html, {})
    assert time.process_time() - began < 5


def test_too_much_is_not_shown() -> None:
    """Beyond the size nobody reads it as HTML; beneath it one does."""
    assert clean("x" * (CHARACTERS + 1), {}) is None
    assert clean("", {}) is None
    assert clean("x" * CHARACTERS, {}) is not None


@given(st.text(alphabet="<>/=\"' abipsrconef:&;{}\x00-!", max_size=200))
def test_no_soup_has_anything_to_run_or_to_load(html: str) -> None:
    """Whatever is written, no handler, no address but a link's comes out."""
    shown = cleaned(f"<p>{html}</p>")
    tags = re.findall(r"<([a-z0-9]+)((?: [a-z]+=\"[^\"]*\")*)>", shown)
    assert "<" not in re.sub(r"</?[a-z0-9]+(?: [a-z]+=\"[^\"]*\")*>", "", shown)
    for name, attributes in tags:
        assert name not in {
            "script",
            "style",
            "iframe",
            "object",
            "form",
            "svg",
            "math",
            "base",
            "meta",
            "link",
        }
        assert not re.search(r" (on[a-z]+|srcset|action|background)=", attributes)
        assert name == "img" or " src=" not in attributes
