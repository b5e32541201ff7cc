"""The site: under which names the console is reached, and whether a request comes from its own pages.

A console that knows nobody by name trusts whoever reaches this machine's own address. A page elsewhere could
make a browser here send it requests, and a name that is made to lead here (DNS rebinding) could even read the
answers: so it answers to this machine's own names only, and to nothing that came through a proxy.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from connectors.hosts.origin import FORWARDED, Believer
from console.links import is_loopback
from worker.console_settings import ConsoleSettings
from worker.errors import SettingsError
from worker.settings import HttpSettings

#: From where a browser says that a request was made, where that is our own page or the person themselves.
_OUR_SITES: Final = frozenset({"same-origin", "none"})
_COOKIE: Final = "bridge-console"


def check(settings: ConsoleSettings) -> None:
    """Refuse a console that strangers would reach or no log-in could return to. Raises SettingsError."""
    beyond = not is_loopback(settings.host)
    if not settings.knows_people and (beyond or settings.public_url):
        what = f"console.host is {settings.host}" if beyond else "console.public_url is set"
        raise SettingsError(
            f"{what}, but nobody would have to log in: name people in [console.accounts.NAME] or set "
            '[console.oidc], or serve this machine only with console.host = "127.0.0.1" and no public_url'
        )
    if settings.oidc and beyond and not settings.public_url:
        raise SettingsError("console.oidc needs console.public_url: the provider sends people back to it")


@dataclass(frozen=True, slots=True)
class Site:
    """What the console answers to."""

    settings: ConsoleSettings
    believer: Believer

    @classmethod
    def of(cls, settings: ConsoleSettings) -> "Site":
        """Return the site of a console. Raises SettingsError for one that would be open to strangers."""
        check(settings)
        seen = HttpSettings(public_url=settings.public_url, trusted_proxies=settings.trusted_proxies)
        return cls(settings, Believer(seen))

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.settings.public_url.startswith("https:")

    @property
    def cookie(self) -> str:
        """The name of the cookie; with TLS one that no other host of the domain can set."""
        return f"__Host-{_COOKIE}" if self.secure else _COOKIE

    def peer(self, scope: Scope) -> str:
        """Return the address of whoever asks, as far as it is believed."""
        return self.believer.origin(scope).peer

    def base(self, scope: Scope) -> str:
        """Return what the asking browser knows the console by."""
        if self.settings.public_url:
            return self.settings.public_url
        return f"http://{Headers(scope=scope).get('host', '')}"

    def objection(self, scope: Scope) -> str:
        """Return why a request is not for this console, empty where it is."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._answers_to(host):
            return (
                f"This console does not answer to the name {_shown(host)}. "
                "Set console.public_url to the address under which people reach it."
            )
        if not self.settings.knows_people and FORWARDED.intersection(headers):
            return (
                "This request came through a proxy, and nobody would have to log in: "
                "name people in [console.accounts.NAME] or set [console.oidc]."
            )
        return ""

    def is_cross_site(self, scope: Scope) -> bool:
        """Say whether a browser made this request for a page that is not ours."""
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None and site not in _OUR_SITES:
            return True
        origin = headers.get("origin")
        ours = {self.settings.public_url, f"http://{headers.get('host', '')}"}
        return origin is not None and origin not in ours

    def _answers_to(self, host: str) -> bool:
        public = urlsplit(self.settings.public_url).netloc
        if public and host.lower() == public.lower():
            return True
        try:
            named = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if is_loopback(named):
            return True
        return self.settings.knows_people and not public


def _shown(host: str) -> str:
    return ascii(host[:100])
