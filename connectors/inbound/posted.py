"""Posted: a mail without its provider's wrapping."""

from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.base import Delivery, Handshake, Ignored


@dataclass(frozen=True, slots=True)
class Posted:
    """One mail."""

    #: As it came to the provider, or as it was composed of what the provider said of it.
    raw: bytes = field(repr=False)
    #: The sender in the envelope, empty for none; None where the provider does not say.
    mail_from: str | None = field(default=None, repr=False)
    #: The recipients in the envelope, as far as the provider says.
    rcpt_tos: tuple[str, ...] = field(default=(), repr=False)


#: Undoes a provider's wrapping. Raises UnreadableDelivery. The same bytes give the same mails.
Unwrap = Callable[[Delivery], tuple[Posted, ...] | Ignored | Handshake]
