"""Visits: who is logged in at the console, from log-in to log-out."""

from pydantic import AwareDatetime

from worker.frozen import Frozen


class Visit(Frozen):
    """One log-in, known by the hash of a token that only the browser has."""

    person: str
    role: str
    #: `account` or `oidc`.
    how: str
    #: What the log-in rested on, as a hash: when an account's password changes, its visits end.
    rests_on: str
    began_at: AwareDatetime
    #: It ends then, whatever happens.
    ends_at: AwareDatetime
