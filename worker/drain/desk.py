"""The desk: what the deliveries of one service work with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from worker.drain.holds import nobody
from worker.gate_settings import RetrySettings
from worker.lanes import Partition
from worker.notices import NoticeKind
from worker.ports import Api, Clock, Dice, Ids, Lanes, Listener


class Stopping:
    """A flag that a process on its way out raises once."""

    def __init__(self) -> None:
        self._raised = False

    def __bool__(self) -> bool:
        return self._raised

    def raise_flag(self) -> None:
        """Ask every drain to claim no more, and every delivery to end after its present command."""
        self._raised = True


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a delivery touches; one for each service of a process."""

    service: str
    lanes: Lanes
    api: Api
    clock: Clock
    dice: Dice
    #: Returns after so many seconds.
    sleep: Callable[[float], Awaitable[None]]
    ids: Ids
    listen: Listener
    stopping: Stopping
    retry: RetrySettings
    lease: timedelta
    #: The longest that one call can take.
    longest_call: timedelta
    #: What our user data keys begin with; empty sends none.
    mark: str = ""
    #: Whether waiting updates may go out as one call.
    merging: bool = True
    #: What somebody subscribed to.
    watched: frozenset[NoticeKind] = frozenset()
    #: Says, without waiting, that notices were written in a partition.
    written: Callable[[Partition], None] = lambda _partition: None
    #: Gives the channels whose commands wait until a person lets them go, each with the reason.
    held: Callable[[], Awaitable[Mapping[str, str]]] = nobody
