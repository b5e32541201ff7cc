"""Celery's own tasks are counted and timed by its signals."""

from types import SimpleNamespace

from celery import Celery, signals
from prometheus_client import CollectorRegistry

from worker.telemetry.celery_tasks import CeleryTasks


def rest() -> None:
    """Do nothing."""


def test_a_task_is_counted_from_its_message_to_its_end() -> None:
    """Sent, received, ended and timed; a name that nobody here knows is no label."""
    celery = Celery("test", broker="memory://", set_as_current=False)
    task = celery.task(name="test.rest")(rest)
    registry = CollectorRegistry()
    tasks = CeleryTasks(celery, registry)
    tasks.listen()

    signals.after_task_publish.send(sender="test.rest")
    for name in ("test.rest", "whatever.a.stranger.says"):
        signals.task_received.send(sender=None, request=SimpleNamespace(name=name))
    signals.task_prerun.send(sender=task, task_id="t1", task=task)
    signals.task_postrun.send(sender=task, task_id="t1", task=task, state="SUCCESS")
    signals.task_postrun.send(sender=task, task_id="t2", task=task, state=None)
    signals.task_unknown.send(sender=None, name="whatever.a.stranger.says")
    signals.task_rejected.send(sender=None)
    tasks.close()
    signals.task_rejected.send(sender=None)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"openmedia_bridge_celery_{name}", labels)

    assert value("tasks_sent_total", task="test.rest") == 1
    assert value("tasks_received_total", task="test.rest") == 1
    assert value("tasks_received_total", task="unknown") == 1
    assert value("tasks_total", task="test.rest", state="success") == 1
    assert value("tasks_total", task="test.rest", state="rejected") == 1
    assert value("tasks_total", task="unknown", state="unknown") == 1
    assert value("tasks_total", task="unknown", state="rejected") == 1
    assert value("task_runtime_seconds_count", task="test.rest") == 1
