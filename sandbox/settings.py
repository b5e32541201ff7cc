"""What a sandbox process is told when it starts. Read once; everything else changes through `/sandbox/*`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.behaviour import Behaviour
from sandbox.fault import Fault

#: The service and key of a sandbox that was told nothing, so that it can be tried at once.
DEMO: Mapping[str, frozenset[str]] = {"demo": frozenset({"demo-key"})}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where to listen, whom to serve, what to remember."""

    host: str = "127.0.0.1"
    #: 0 is any free port; the line printed at the start names it.
    port: int = 8099
    #: Service name to the API keys that open it. Kept out of `repr`, which ends up in logs.
    services: Mapping[str, frozenset[str]] = field(default_factory=lambda: DEMO, repr=False)
    #: The journal that lets interactions survive a restart; None is memory only.
    data: Path | None = None
    #: Makes ids and the dice of faults repeatable; None is different every time.
    seed: int | None = None
    #: The reading of the contract to start with.
    behaviour: Behaviour = field(default_factory=Behaviour)
    #: The rules in force from the start, and the script for the first calls.
    faults: tuple[Fault, ...] = ()
    script: tuple[Fault, ...] = ()
    #: How many audit entries are kept; the oldest go first.
    audit_limit: int = 200_000
    #: How many ended interactions are remembered; the oldest go first.
    ended_limit: int = 100_000
