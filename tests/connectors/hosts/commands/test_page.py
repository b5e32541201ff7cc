"""The page loads what it needs from here, and may load nothing from elsewhere."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.connectors.hosts.commands.conftest import Shop


def test_everything_the_page_names_is_served(shop: "Shop") -> None:
    """Scripts, styles and the icon, each with its type; no key is needed to read."""
    page = shop.ask("GET", "/docs", bearer=None)
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) == 4
    types = {path: shop.ask("GET", path, bearer=None).headers["content-type"] for path in named}
    assert types == {
        "/docs/favicon-32x32.png": "image/png",
        "/docs/swagger-ui.css": "text/css; charset=utf-8",
        "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "/docs/start.js": "text/javascript; charset=utf-8",
    }


def test_it_is_swagger_ui_on_our_description(shop: "Shop") -> None:
    """The start script calls what the bundle defines, with the description's path."""
    start = shop.ask("GET", "/docs/start.js", bearer=None).text
    assert start.startswith("SwaggerUIBundle({")
    assert 'url: "/openapi.json"' in start
    assert "SwaggerUIBundle" in shop.ask("GET", "/docs/swagger-ui-bundle.js", bearer=None).text


def test_nothing_comes_from_elsewhere(shop: "Shop") -> None:
    """No inline script, no foreign host, no frame around it."""
    page = shop.ask("GET", "/docs", bearer=None)
    assert "http" not in page.text
    assert "<script>" not in page.text
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self'")
    assert (policy["connect-src"], policy["frame-ancestors"]) == ("'self'", "'none'")
    assert page.headers["x-content-type-options"] == "nosniff"
