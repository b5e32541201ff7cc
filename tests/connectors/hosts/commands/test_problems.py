"""Every problem is documented, where its type leads and in the integrator's page."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.hosts.commands.problems import KINDS, Kind, Problem

if TYPE_CHECKING:
    from tests.connectors.hosts.commands.conftest import Shop

PAGE = Path(__file__).parents[4] / "docs/api.md"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_type_leads_to_its_explanation(shop: "Shop", kind: Kind) -> None:
    """On the server that sent it, for anybody."""
    told = shop.ask("GET", kind.type, bearer=None).json()
    assert told == {"type": kind.type, "title": kind.title, "status": kind.status, "meaning": kind.meaning}


def test_the_page_has_every_problem() -> None:
    """With its status, in the order of the table."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    written = [
        (row.split("`")[1], int(row.split("|")[2])) for row in rows if row.split("|")[2].strip().isdigit()
    ]
    assert written == [(kind.name, kind.status) for kind in KINDS.values()]


def test_a_problem_is_what_rfc_9457_asks_for() -> None:
    """Its members, and more where there is more to say."""
    response = Problem(KINDS["lane-full"], "Five wait.", first_fingerprint="ab").response()
    assert (response.status_code, response.media_type) == (503, "application/problem+json")
    assert bytes(response.body) == (
        b'{"type":"/v1/problems/lane-full","title":"Too many commands wait for this interaction",'
        b'"status":503,"detail":"Five wait.","first_fingerprint":"ab"}'
    )
    assert response.headers["retry-after"] == "5"
