"""Every error the bridge raises on purpose, and who must act on it.

BridgeError
├── SettingsError       the operator: a setting is wrong
│   └── SecretMissing   the operator: a secret's reference leads nowhere
├── StoreUnsafe         the operator: the store could lose what was accepted
├── StoreForeign        the operator: a version of the bridge too far from this one wrote the store
├── ClockAstray         the operator: this machine's clock is not the store's
├── StoreUnavailable    nobody: come again later
│   └── BlobsUnavailable  nobody: come again later
├── OriginalMissing     the operator: a delivery points to a mail that cannot be had
├── LaneFull            nobody: come again later
├── KeyConflict         the sender: one key, two contents
├── Overtaken           nobody: a sweep found something stale that is not
├── UserDataRefused     the sender: the API would refuse what the command carries
└── UnknownService      the sender or the operator: no such service is configured
"""


class BridgeError(Exception):
    """Something the bridge can name; its text is one sentence fit for a person."""


class SettingsError(BridgeError):
    """A setting is wrong; the text gives its path and the reason."""


class SecretMissing(SettingsError):
    """A secret's reference (`env:NAME`, `file:PATH`) leads nowhere."""


class StoreUnsafe(BridgeError):
    """The store evicts or does not persist, so it could lose what was accepted."""


class StoreForeign(BridgeError):
    """The store was written by a version of the bridge with which this one cannot share it."""


class ClockAstray(BridgeError):
    """The clock of this process is too far from the store's: leases would end too early or too late."""


class StoreUnavailable(BridgeError):
    """The store does not answer; nothing was accepted."""


class BlobsUnavailable(StoreUnavailable):
    """Where whole messages are kept does not answer; nothing was accepted."""


class OriginalMissing(BridgeError):
    """A delivery points to a mail that cannot be had, and coming again would change nothing."""


class LaneFull(BridgeError):
    """The conversation already has as many waiting commands as its service allows."""


class KeyConflict(BridgeError):
    """The idempotency key was used before, with another content."""

    def __init__(self, key: str, *, first: str, second: str, elsewhere: str = "") -> None:
        self.key = key
        #: The fingerprint of what was accepted under this key.
        self.first = first
        #: The fingerprint of what was submitted now.
        self.second = second
        #: The conversation for which it was accepted, where that is another one; empty otherwise.
        self.elsewhere = elsewhere
        where = f" for another conversation, {elsewhere!r}," if elsewhere else ""
        super().__init__(
            f"idempotency key {key!r} was accepted{where} with another content "
            f"(fingerprint {first}, now {second})"
        )


class Overtaken(BridgeError):
    """A sweep's command came too late: something newer was accepted for the conversation, or it has ended."""

    def __init__(self, external_id: str) -> None:
        super().__init__(
            f"conversation {external_id!r} is not as the sweep saw it: "
            "something newer was accepted, or it has ended"
        )


class UserDataRefused(BridgeError):
    """The user data names what belongs to the system, or is too large and cannot be shortened."""


class UnknownService(BridgeError):
    """The command names a service that is not configured."""
