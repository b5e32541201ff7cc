"""The collector: how much Python's garbage collector looks at in a process that serves."""

import gc
from typing import Final

#: So many new objects let it look at the young ones; Python's own figure is 700.
COLLECTED_AFTER: Final = 10_000


def leave_alone_what_stays() -> None:
    """Have it pass over what is there now, which stays until the end, and look less often at the rest.

    Neither a delivery at a door nor one to the API leaves more than a cycle or two behind, and hardly
    anything outlives it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)
