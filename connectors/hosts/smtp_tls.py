"""TLS for the mail doors: a certificate with its key, read again when its files change."""

import ssl
from pathlib import Path
from typing import Any, Self

import structlog

from worker.errors import SettingsError

_log: Any = structlog.get_logger()


class Certificate:
    """A certificate chain and its private key as a TLS context; connections keep what they began with."""

    def __init__(self, chain: Path, key: Path) -> None:
        self._files = (chain, key)
        self._read = self._changed()
        #: What servers encrypt with.
        self.context = self._load()

    @classmethod
    def read(cls, chain: Path, key: Path) -> Self:
        """Return the certificate. Raises SettingsError."""
        try:
            return cls(chain, key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SettingsError(
                f"smtp.certificate {chain} with smtp.private_key {key} cannot be used: {_reason(error)}"
            ) from error

    def refresh(self) -> None:
        """Read the files again if they changed; what cannot be used yet leaves the old ones in use."""
        changed = self._changed()
        if changed == self._read:
            return
        self._read = changed
        try:
            self._load()  # a context that takes only half of a pair would be of no use to anybody
            self.context.load_cert_chain(*self._files)
        except (OSError, ValueError) as error:
            _log.error("certificate_not_renewed", file=str(self._files[0]), reason=_reason(error))
        else:
            _log.info("certificate_renewed", file=str(self._files[0]))

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self._files)
        return context

    def _changed(self) -> tuple[int, ...]:
        return tuple(each.stat().st_mtime_ns if each.exists() else 0 for each in self._files)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
