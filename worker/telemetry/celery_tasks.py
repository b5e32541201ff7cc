"""Celery's own: which tasks came, what became of them and how long they took, by Celery's signals."""

import time
from typing import Any, Final

from celery import Celery, signals
from prometheus_client import CollectorRegistry, Counter, Histogram

from worker.telemetry.instruments import PREFIX

_PREFIX: Final = f"{PREFIX}celery_"
#: From a tick to a drain's slice and its last call, in seconds.
_BUCKETS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40)
#: The label of a message whose task nobody here knows: its name is the sender's choice.
_UNKNOWN: Final = "unknown"


class CeleryTasks:
    """Counts what a worker does with Celery's messages."""

    def __init__(self, celery: Celery, registry: CollectorRegistry) -> None:
        self._celery = celery
        self._received = Counter(
            f"{_PREFIX}tasks_received_total",
            "Messages that came from the broker.",
            ["task"],
            registry=registry,
        )
        self._sent = Counter(
            f"{_PREFIX}tasks_sent_total",
            "Messages that were given to the broker.",
            ["task"],
            registry=registry,
        )
        self._ended = Counter(
            f"{_PREFIX}tasks_total", "Tasks that ended, by how.", ["task", "state"], registry=registry
        )
        self._runtime = Histogram(
            f"{_PREFIX}task_runtime_seconds",
            "How long tasks ran.",
            ["task"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._began: dict[str, float] = {}

    def listen(self) -> None:
        """Hear of every task from now on."""
        for signal, listener in self._listening():
            signal.connect(listener, weak=False)

    def close(self) -> None:
        """Hear of nothing more."""
        for signal, listener in self._listening():
            signal.disconnect(listener)

    def _listening(self) -> tuple[tuple[Any, Any], ...]:
        return (
            (signals.after_task_publish, self._on_sent),
            (signals.task_received, self._on_received),
            (signals.task_prerun, self._on_prerun),
            (signals.task_postrun, self._on_postrun),
            (signals.task_unknown, self._on_unknown),
            (signals.task_rejected, self._on_rejected),
        )

    def _on_sent(self, sender: str, **_: object) -> None:
        self._sent.labels(sender).inc()

    def _on_received(self, request: Any, **_: object) -> None:  # noqa: ANN401 - Celery's request has no type
        self._received.labels(self._known(request.name)).inc()

    def _on_prerun(self, task_id: str, **_: object) -> None:
        self._began[task_id] = time.perf_counter()

    def _on_postrun(self, task_id: str, task: Any, state: str | None = None, **_: object) -> None:  # noqa: ANN401 - as above
        began = self._began.pop(task_id, None)
        if began is not None:
            self._runtime.labels(task.name).observe(time.perf_counter() - began)
        self._ended.labels(task.name, (state or "rejected").lower()).inc()

    def _on_unknown(self, **_: object) -> None:
        self._ended.labels(_UNKNOWN, "unknown").inc()

    def _on_rejected(self, **_: object) -> None:
        self._ended.labels(_UNKNOWN, "rejected").inc()

    def _known(self, name: str) -> str:
        return name if name in self._celery.tasks else _UNKNOWN
