"""People: who somebody is to the console, and what that lets them do."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from worker.errors import BridgeError


class Role(IntEnum):
    """What somebody may do; each role may do what those before it may."""

    VIEWER = 1  #: look, with personal data masked
    OPERATOR = 2  #: act, and look at personal data
    ADMIN = 3  #: read what others did, log them out

    @property
    def label(self) -> str:
        """The role as it is written in settings and on screen."""
        return self.name.lower()

    @classmethod
    def labelled(cls, label: str) -> "Role":
        """Return the role that is written like this."""
        return cls[label.upper()]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known."""

    name: str
    role: Role
    #: How they are known: `loopback`, `account`, `oidc`, `token` or `terminal`.
    how: str


#: Everybody who reaches a console that serves this machine only and knows nobody by name.
LOCAL: Final = Person("local", Role.ADMIN, "loopback")


class NotAllowed(BridgeError):
    """A person's role does not reach for what they asked."""


def require(person: Person, role: Role, *, what: str) -> None:
    """Raise NotAllowed unless a person has at least this role."""
    if person.role < role:
        raise NotAllowed(f"{person.name} is {_article(person.role)}, and {what} takes {_article(role)}")


def _article(role: Role) -> str:
    return f"an {role.label}" if role.label[0] in "aeiou" else f"a {role.label}"
