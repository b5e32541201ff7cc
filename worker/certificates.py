"""Certificates: what to say where a server's one is not believed, whoever's library found that out. Pure."""

import re
from typing import Final

#: What OpenSSL says, behind which Python's versions differ; some libraries keep nothing of it but this text.
_FAILED: Final = re.compile(r"certificate verify failed: (.+?)\.?(?: \(_ssl|$)", re.IGNORECASE)


def distrust(error: BaseException) -> str:
    """Return why a certificate was not believed; empty where that is not what went wrong."""
    seen: list[BaseException] = []
    while error not in seen:
        if found := _FAILED.search(str(error)):
            return found[1]
        seen.append(error)
        error = error.__cause__ or error.__context__ or error
    return ""


def told(what: str, setting: str, why: str) -> str:
    """Return the sentence for an operator: whose certificate, why it is not believed, and what to do."""
    return (
        f"the {what}'s certificate is not believed ({why}): name the file of the authority that signed it in "
        f"{setting} (?ssl_ca_certs=FILE), or give the {what} a certificate for the name by which it is called"
    )
