"""Trust: what a server we believe says about the sender (Authentication-Results, RFC 8601)."""

from email.message import Message
from enum import StrEnum
from itertools import takewhile

from authres import AuthenticationResultsHeader

from connectors.email import header
from connectors.email.characters import one_line

_RESULTS = "authentication-results"


class Verdict(StrEnum):
    """Whether the sender is who it says."""

    PASS = "pass"  # noqa: S105 - a verdict of RFC 8601
    FAIL = "fail"
    NONE = "none"  #: nobody we believe says anything that decides it


def verdict(mail: Message, servers: frozenset[str]) -> Verdict:
    """Return what the believed servers say about the mail's sender.

    DMARC decides where it has a result. Otherwise DKIM or SPF passes if its domain is the sender's (or one is
    beneath the other), and it failed where one of them failed and none passed so.
    """
    if not servers:
        return Verdict.NONE
    domain = header.mailbox(mail, "from")[1].rpartition("@")[2].casefold()
    dmarc: set[str] = set()
    passed, failed = False, False
    for result in _results(mail, servers):
        method, outcome = str(result.method).casefold(), str(result.result).casefold()
        if method == "dmarc":
            dmarc.add(outcome)
        elif method in {"dkim", "spf"}:
            passed |= outcome == "pass" and _is_aligned(result, domain)
            failed |= outcome in {"fail", "permerror"}
    if "fail" in dmarc:
        return Verdict.FAIL
    if "pass" in dmarc or passed:
        return Verdict.PASS
    return Verdict.FAIL if failed else Verdict.NONE


def _results(mail: Message, servers: frozenset[str]) -> list[AuthenticationResultsHeader]:
    """Return the results of the headers that a believed server wrote."""
    found: list[AuthenticationResultsHeader] = []
    for written in _believed(mail, servers):
        try:
            found += AuthenticationResultsHeader.parse_value(written).results
        except Exception:  # noqa: BLE001, S112 - a header we cannot read decides nothing
            continue
    return [each for each in found if hasattr(each, "method")]


def _believed(mail: Message, servers: frozenset[str]) -> list[str]:
    """Return the believed headers: those on top, which the last server wrote, else the topmost alone.

    Whoever sends the mail may have written more of them, with whatever id, but only beneath what the servers
    put on top of it.
    """
    pairs = [(name.casefold(), str(value)) for name, value in mail.items()]
    on_top = list(takewhile(lambda pair: pair[0] != "received", pairs))
    ours = [value for name, value in on_top if name == _RESULTS and _is_by(value, servers)]
    if ours and len(on_top) < len(pairs):
        return ours
    return [value for name, value in pairs if name == _RESULTS and _is_by(value, servers)][:1]


def _is_by(value: str, servers: frozenset[str]) -> bool:
    words = one_line(value).partition(";")[0].split()
    return bool(words) and words[0].casefold() in servers


def _is_aligned(result: AuthenticationResultsHeader, domain: str) -> bool:
    """Say whether a result is about the sender's domain (RFC 7489, section 3.1, without the suffix list)."""
    told = {
        str(each.value).rpartition("@")[2].casefold() for each in result.properties if each.name in _DOMAINS
    }
    return bool(domain) and any(
        one == domain or one.endswith(f".{domain}") or (_is_long(one) and domain.endswith(f".{one}"))
        for one in told
    )


_DOMAINS = frozenset({"d", "i", "mailfrom"})


def _is_long(domain: str) -> bool:
    """Say whether a domain has a name beneath its top level."""
    return "." in domain
