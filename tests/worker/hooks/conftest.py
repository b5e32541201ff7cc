"""A server with canned answers."""

import pytest

from tests.canned_server import Serve
from tests.canned_server import serve as serving


@pytest.fixture
def serve() -> Serve:
    """Open a remote that gives these replies."""
    return serving
