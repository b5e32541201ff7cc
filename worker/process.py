"""The process: what one Celery worker process holds for all its tasks, from its start to its end."""

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from celery import Celery

from worker import pulse
from worker.errors import StoreUnavailable
from worker.events import DrainFailed
from worker.heartbeat import Heartbeat
from worker.loop import LoopThread
from worker.observing import Observer
from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.telemetry.health import loop_health
from worker.upkeep_events import WorkerStuck
from worker.watchdog import watch
from worker.wiring import Bridge, read_configuration, store_url

T = TypeVar("T")

#: How long a starting worker waits for its store before it gives up, to be started again.
_STORE_PATIENCE_S: Final = 60.0
#: The exit code of a process that ended itself: EX_SOFTWARE of sysexits.h.
STUCK: Final = 70


class Process:
    """One event loop, one bridge and one API client for all threads of a process."""

    def __init__(self, celery: Celery) -> None:
        """Raise SettingsError, StoreUnsafe, or StoreUnavailable when the store stays away."""
        settings, secrets = read_configuration()
        self._celery = celery
        self._observer = Observer(settings, secrets, "worker")
        self._loop = LoopThread()

        async def build() -> Bridge:
            return Bridge(settings, secrets, celery, self._observer.listen)

        self.bridge = self.run(build())
        self._await_store()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the process's loop and wait for it."""
        return self._loop.run(work)

    def guard(self) -> None:
        """From now on, end this process should it no longer look for work that is due; see `watchdog_s`.

        The guard has a thread, a loop and a connection of its own: whatever hangs does not hang it.
        """
        if self.bridge.settings.worker.watchdog_s:
            threading.Thread(target=self._guard, name="bridge-watchdog", daemon=True).start()

    def show(self) -> None:
        """From now on, let people see that this process is there."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        self._loop.begin(pulse.beat(self.bridge.store, name, clock=self.bridge.clock, sleep=asyncio.sleep))

    def tell(self) -> None:
        """From now on, tell metrics and health where there is a port for it. Raises SettingsError."""
        bridge = self.bridge
        health = loop_health(self._loop.loop, bridge.store.ping, leaving=lambda: bool(bridge.stopping))
        self._observer.serve(health, self._celery)

    def beat(self, heart: Heartbeat) -> None:
        """From now on, let the event loop keep a heartbeat file fresh."""
        self._loop.begin(heart.keep(asyncio.sleep))

    def close(self) -> None:
        """Give everything back."""
        self._loop.calm()
        self.run(self.bridge.aclose())
        self._loop.close()
        self._observer.close()

    def _guard(self) -> None:
        stuck = asyncio.run(self._watch())
        self.bridge.listen(stuck)
        sys.stderr.flush()
        # Whatever hangs would hang an orderly end as well.
        os._exit(STUCK)

    async def _watch(self) -> WorkerStuck:
        bridge, settings = self.bridge, self.bridge.settings
        url = store_url(settings, bridge.secrets)
        store = RedisStore.open(url, Limits.of(settings), timeout_s=settings.store.timeout_s)
        return await watch(
            store,
            partitions=bridge.partitions,
            looked_at=bridge.looked_at,
            patience_s=settings.worker.watchdog_s,
            clock=bridge.clock,
            monotonic=time.monotonic,
            sleep=asyncio.sleep,
        )

    def _await_store(self) -> None:
        deadline = time.monotonic() + _STORE_PATIENCE_S
        while True:
            try:
                self.run(self.bridge.start())
            except StoreUnavailable as error:
                if time.monotonic() > deadline:
                    raise
                self.bridge.listen(DrainFailed("", "", f"waiting for the store: {error}"))
                time.sleep(1)
            else:
                return


class ProcessHolder:
    """The process's own `Process`, made when it is first needed: after a fork, never before."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._lock = threading.Lock()
        self._held: tuple[int, Process] | None = None

    def get(self) -> Process:
        """Return this process's `Process`, made now if it is the first time."""
        with self._lock:
            if self._held is None or self._held[0] != os.getpid():
                self._held = (os.getpid(), Process(self._celery))
            return self._held[1]

    def stop(self) -> None:
        """Ask the drains to come to an end, where there are any."""
        if self._held and self._held[0] == os.getpid():
            self._held[1].bridge.stopping.raise_flag()

    def close(self) -> None:
        """Give everything back, where there is anything."""
        with self._lock:
            if self._held and self._held[0] == os.getpid():
                self._held[1].close()
            self._held = None
