"""Returning: where somebody goes after logging in, which is never anybody else's site."""

from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/"
_LONGEST: Final = 2000


def safe_return(wanted: str) -> str:
    r"""Return the path that was wanted where it is one of ours, else the first page.

    Browsers read `//host`, `/\host` and paths with tabs or line ends in them as other hosts.
    """
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and len(wanted) <= _LONGEST
    if not plain or not wanted.startswith("/") or wanted.startswith("//"):
        return HOME
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc or parts.path == "/login" else wanted
