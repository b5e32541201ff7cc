"""A link leads to its message, for as long as it should, and to nothing else."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from connectors.hosts.mailroom.routes import Mailroom
from connectors.links import Links
from tests.connectors.hosts.mailroom.test_view import mail
from worker.blob import BlobName
from worker.blobs.directory import DirectoryBlobs
from worker.ports import Clock

RAW = mail().as_bytes()
NAME = BlobName.of("mail", RAW)
LINKS = Links("http://testserver", lambda: ("key",))
LINK = LINKS.to("mail", RAW)
LIFETIME = timedelta(days=30)


class Visitor:
    """A browser without cookies and patience."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def get(self, url: str) -> httpx.Response:
        """Look at a page."""
        return asyncio.run(self._ask("GET", url))

    def post(self, url: str) -> httpx.Response:
        """Send something to it."""
        return asyncio.run(self._ask("POST", url))

    async def _ask(self, method: str, url: str) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.request(method, url)


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    """Come to the pages at a time; the message was kept now."""

    def come(*, after: timedelta = timedelta(0), kept: bool = True) -> Visitor:
        blobs = DirectoryBlobs(tmp_path / "blobs")
        if kept:
            asyncio.run(blobs.put(NAME, RAW))
        clock: Clock = lambda: datetime.now(UTC) + after  # noqa: E731 - one line says it
        return Visitor(Starlette(routes=Mailroom(blobs, LINKS, lifetime=LIFETIME, clock=clock).routes()))

    return come


def test_the_page_shows_the_message(visit: Visit) -> None:
    """Escaped, with its frame, its attachments and the day on which the link ends."""
    answer = visit().get(LINK)
    assert answer.status_code == 200
    assert "Jörg &lt;joerg@example.org&gt;" in answer.text
    assert f'src="{LINK.removeprefix("http://testserver")}/body"' in answer.text
    assert "a.pdf" in answer.text
    assert (datetime.now(UTC) + LIFETIME).strftime("%Y-%m-%d") in answer.text


@pytest.mark.parametrize("path", ["", "/body", "/1", "/2", "/3", "/message.eml"])
def test_a_browser_may_do_nothing_with_any_of_it(visit: Visit, path: str) -> None:
    """No scripts, no guessing of types, no referrer, no index, no cache."""
    answer = visit().get(LINK + path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy.replace("allow-scripts", "script")
    assert ("sandbox" in policy) is (path != "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "no-store" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers


def test_the_frame_holds_cleaned_html(visit: Visit) -> None:
    """And pictures of the mail itself."""
    answer = visit().get(LINK + "/body")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<img src="data:image/png;base64,' in answer.text


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/2", "application/pdf", "a.pdf"),
        ("/3", "application/octet-stream", "x.html"),
        ("/message.eml", "application/octet-stream", "message.eml"),
    ],
)
def test_files_are_downloads(visit: Visit, path: str, kind: str, name: str) -> None:
    """Never pages, whatever their sender calls them."""
    answer = visit().get(LINK + path)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}"')


def test_the_whole_message_is_what_came(visit: Visit) -> None:
    """Byte for byte."""
    assert visit().get(LINK + "/message.eml").content == RAW


@pytest.mark.parametrize("path", ["", "/body", "/1", "/message.eml"])
def test_a_link_ends_with_its_time(visit: Visit, path: str) -> None:
    """The second before it works, the second after it is gone, and the page says why."""
    second = timedelta(seconds=1)
    assert visit(after=LIFETIME - second).get(LINK + path).status_code == 200
    answer = visit(after=LIFETIME + second).get(LINK + path)
    assert answer.status_code == 410
    assert "expired" in answer.text


def test_a_deleted_message_is_gone(visit: Visit) -> None:
    """Its link was ours, so it says that it is over."""
    assert visit(kept=False).get(LINK).status_code == 410


@pytest.mark.parametrize(
    "path",
    ["/mail/mail/made-up", "/mail/other/" + LINK.rpartition("/")[2], "/mail/mail/x.y/2"],
    ids=["made up", "of another channel", "of an attachment"],
)
def test_a_link_of_a_stranger_leads_nowhere(visit: Visit, path: str) -> None:
    """It is not told whether there is such a message."""
    assert visit().get(path).status_code == 404


def test_there_is_no_attachment_beyond_the_last(visit: Visit) -> None:
    """Nor one that is no number."""
    assert visit().get(LINK + "/4").status_code == 404
    assert visit().get(LINK + "/99999999999999999999").status_code == 404
    assert visit().get(LINK + "/x").status_code == 404


def test_only_reading_is_possible(visit: Visit) -> None:
    """There is nothing to post."""
    assert visit().post(LINK).status_code == 405


def test_blobs_that_are_away_are_said_to_be(tmp_path: Path) -> None:
    """Come again, and no stack trace."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    room = Mailroom(DirectoryBlobs(loop), LINKS, lifetime=LIFETIME, clock=lambda: datetime.now(UTC))
    answer = Visitor(Starlette(routes=room.routes())).get(LINK)
    assert answer.status_code == 503
