"""Celery is set as the notes on what it really does ask for.

Each import happens in a process of its own: `celeryconfig` reads its environment once.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPORT = """
import json
import celeryconfig
from celery.app.defaults import NAMESPACES, flatten
from worker.app import app

known = {name for name, _ in flatten(NAMESPACES)}
written = {name for name in vars(celeryconfig) if name.islower() and not name.startswith("_")}
written -= {"stated_broker_url", "read_configuration", "read_broker"}
report = {name: app.conf[name] for name in written & known if name != "task_queues"}
report["unknown"] = sorted(written - known)
report["kept"] = {
    queue.name: (queue.queue_arguments or {}).get("x-queue-type") for queue in app.conf.task_queues
}
report["queues"] = {queue.name: queue.routing_key for queue in app.conf.task_queues}
app.loader.import_default_modules()
report["tasks"] = sorted(name for name in app.tasks if name.startswith("bridge."))
print(json.dumps(report))
"""
SERVICES = json.dumps(
    {
        name: {"base_url": "http://127.0.0.1:1", "api_key": "env:KEY", "partitions": partitions}
        for name, partitions in {"support": 2, "sales": 3}.items()
    }
)

SUBSCRIPTIONS = json.dumps({"crm": {"url": "https://crm.example/", "secrets": ["env:SECRET"]}})


def run(directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the app in a process with these variables and return what it reports."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", REPORT],
        env={**inherited, **variables},
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def on_redis(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The settings with a Redis broker and two services."""
    done = run(
        tmp_path_factory.mktemp("redis"),
        BRIDGE_BROKER_URL="redis://127.0.0.1:1/1",
        BRIDGE_SERVICES=SERVICES,
        BRIDGE_SUBSCRIPTIONS=SUBSCRIPTIONS,
        BRIDGE_WORKER_TICK_S="0.5",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


#: Setting → value, as the notes' table has it.
WANTED = {
    "broker_url": "redis://127.0.0.1:1/1",
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_channel_error_retry": True,
    "broker_pool_limit": 32,
    "broker_pool_acquire_timeout": 5,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_acks_on_failure": True,
    "task_acks_on_timeout": True,
    "task_retry_on_worker_lost": False,
    "task_ignore_result": True,
    "result_backend": None,
    "task_serializer": "json",
    "result_serializer": "json",
    "event_serializer": "json",
    "accept_content": ["json"],
    "task_publish_retry": True,
    "task_send_sent_event": False,
    "task_track_started": False,
    "task_default_queue": "bridge.commands",
    "task_create_missing_queues": False,
    "worker_pool": "threads",
    "worker_concurrency": 14,  # 2 + 3 partitions, a subscription and 8 spare
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_soft_shutdown_timeout": 10,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_disable_rate_limits": True,
    "enable_utc": True,
    "timezone": "UTC",
    "beat_scheduler": "celery.beat:Scheduler",
    "beat_max_loop_interval": 1,
}


@pytest.mark.parametrize("name", WANTED)
def test_each_setting_is_what_it_should_be(on_redis: dict[str, Any], name: str) -> None:
    """As Celery itself reads it."""
    assert on_redis[name] == WANTED[name]


def test_celery_knows_every_setting(on_redis: dict[str, Any]) -> None:
    """A misspelt one would be lost in silence."""
    assert on_redis["unknown"] == []


def test_redis_loses_and_hangs_as_little_as_it_can(on_redis: dict[str, Any]) -> None:
    """No call waits for ever, unacknowledged messages come back, and our keys are apart."""
    options = on_redis["broker_transport_options"]
    assert options["visibility_timeout"] == 300
    assert (options["unacked_restore_interval"], options["unacked_restore_throttle"]) == (10, 1)
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (15, 5)
    assert options["socket_keepalive"] is True
    assert options["health_check_interval"] == 10
    assert options["max_connections"] >= 64
    assert options["max_connections"] >= on_redis["worker_concurrency"] + 20
    assert options["priority_steps"] == [0]
    assert options["global_keyprefix"] == "bridge-broker:"
    assert options["client_name"] == "bridge-celery"
    assert "retry_on_timeout" not in options


def test_publishing_gives_up_soon(on_redis: dict[str, Any]) -> None:
    """The tick is the long retry."""
    policy = on_redis["task_publish_retry_policy"]
    assert policy["max_retries"] <= 5
    assert policy["interval_max"] <= 1


def test_each_kind_of_task_has_its_queue(on_redis: dict[str, Any]) -> None:
    """Rings, ticks and commands do not wait behind one another."""
    queues = ["bridge.commands", "bridge.drain", "bridge.tick", "bridge.upkeep"]
    assert sorted(on_redis["queues"]) == queues
    assert all(name == key for name, key in on_redis["queues"].items())
    assert on_redis["task_routes"] == {
        "bridge.drain": {"queue": "bridge.drain"},
        "bridge.tick": {"queue": "bridge.tick"},
        **{f"bridge.{name}": {"queue": "bridge.upkeep"} for name in ("sweep", "reconcile", "audit", "prune")},
    }


def test_the_tick_is_scheduled(on_redis: dict[str, Any]) -> None:
    """As often as the settings say, and an outage leaves no burst behind."""
    assert on_redis["beat_schedule"]["tick"] == {
        "task": "bridge.tick",
        "schedule": 0.5,
        "options": {"queue": "bridge.tick", "expires": 1.0},
    }


def test_sweeps_are_rung_for_more_often_than_any_of_them_is_due(on_redis: dict[str, Any]) -> None:
    """Each turn is taken once in the store, whoever rings."""
    assert on_redis["beat_schedule"]["sweep"] == {
        "task": "bridge.sweep",
        "schedule": 30.0,
        "options": {"queue": "bridge.upkeep", "expires": 30.0},
    }


def test_upkeep_is_asked_for_twice_a_slot_and_once_a_minute_at_least(on_redis: dict[str, Any]) -> None:
    """So no slot is missed; what nobody heard in time is not made up for."""
    schedule = on_redis["beat_schedule"]
    for name, ask_s in (("reconcile", 15.0), ("audit", 60.0), ("prune", 60.0)):
        assert schedule[name] == {
            "task": f"bridge.{name}",
            "schedule": ask_s,
            "options": {"queue": "bridge.upkeep", "expires": ask_s},
        }


def test_a_worker_brings_the_bridges_tasks(on_redis: dict[str, Any]) -> None:
    """They are imported with the app's other modules, not with the app itself."""
    assert on_redis["tasks"] == [
        "bridge.audit",
        "bridge.create_interaction",
        "bridge.drain",
        "bridge.prune",
        "bridge.reconcile",
        "bridge.stop_interaction",
        "bridge.sweep",
        "bridge.tick",
        "bridge.update_interaction",
    ]


def test_another_broker_gets_no_options_of_redis(tmp_path: Path) -> None:
    """They mean nothing there, or something else."""
    done = run(tmp_path, BRIDGE_BROKER_URL="memory://")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["broker_transport_options"] == {}
    assert (report["worker_disable_prefetch"], report["broker_channel_error_retry"]) == (False, False)
    assert report["worker_concurrency"] == 8


@pytest.mark.parametrize("scheme", ["amqp", "amqps", "pyamqp"])
def test_rabbitmq_confirms_what_it_was_sent(tmp_path: Path, scheme: str) -> None:
    """Without that a ring would count as sent when it had only been written to a socket."""
    done = run(tmp_path, BRIDGE_BROKER_URL=f"{scheme}://127.0.0.1")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    options = report["broker_transport_options"]
    assert options.pop("confirm_publish") is True
    assert options == {"connect_timeout": 5, "read_timeout": 15, "write_timeout": 15}
    assert set(report["kept"].values()) == {"quorum"}
    assert (report["worker_disable_prefetch"], report["broker_channel_error_retry"]) == (False, True)


@pytest.mark.parametrize(
    "url", ["rediss://127.0.0.1:1/1", "valkey://127.0.0.1:1/1", "sentinel://127.0.0.1:1/main"]
)
def test_every_kind_of_redis_is_set_as_redis(tmp_path: Path, on_redis: dict[str, Any], url: str) -> None:
    """Behind TLS or sentinels it is the same transport."""
    done = run(tmp_path, BRIDGE_BROKER_URL=url)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    options = report["broker_transport_options"]
    assert {**options, **on_redis["broker_transport_options"]} == options
    assert options.get("master_name", "main") == "main"
    assert set(report["kept"].values()) == {None}
    assert (report["worker_disable_prefetch"], report["broker_channel_error_retry"]) == (True, True)


def test_a_broker_that_nobody_named_is_an_error_for_the_operator(tmp_path: Path) -> None:
    """The text says what to do."""
    done = run(tmp_path)
    assert done.returncode != 0
    assert "broker.url is not set and no bridge runs here: start one with `bridge up`" in done.stderr
