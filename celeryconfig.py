"""Celery's settings and nothing else, a reason beside each.

A message only says which service and partition to look at: what it loses or doubles costs a second, never a
command. The settings below make that second rare, and keep the worker light.
"""

from typing import Any

from kombu import Queue

from worker.brokers import Kind, read_broker
from worker.doorbell import DRAIN
from worker.settings import RING_VISIBILITY_S
from worker.wiring import broker_url as stated_broker_url
from worker.wiring import read_configuration

_settings, _secrets = read_configuration()
_drains = sum(service.partitions for service in _settings.services.values()) + len(_settings.subscriptions)

_broker = read_broker(stated_broker_url(_settings, _secrets))
_on_redis, _on_rabbitmq = _broker.kind is Kind.REDIS, _broker.kind is Kind.RABBITMQ

broker_url = _broker.url
broker_use_ssl = _broker.tls  # None leaves it to the URL's scheme
broker_connection_retry_on_startup = True  # a worker may start before its broker
broker_connection_max_retries = None  # and never gives it up
# READONLY after a failover behind one address; a queue that is deleted between declaring and consuming it
broker_channel_error_retry = _on_redis or _on_rabbitmq
broker_pool_limit = 32  # every thread may ring
broker_pool_acquire_timeout = 5  # the default waits for ever when all are taken

_redis_options: dict[str, Any] = {
    "visibility_timeout": RING_VISIBILITY_S,  # well over a drain and its last calls; ticks come sooner
    "unacked_restore_interval": 10,  # with the throttle: look every 10 s, the default makes it 100 s
    "unacked_restore_throttle": 1,
    "socket_timeout": 15,  # the default waits for ever on a half-open connection
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "max_connections": 128,  # threads plus spare: acknowledgements fail when the pool is empty
    "priority_steps": [0],  # one list per queue instead of four; the same in every process
    "global_keyprefix": "bridge-broker:",  # apart from anybody else's queues in this database
    "client_name": "bridge-celery",
    **_broker.options,
}
_rabbitmq_options: dict[str, Any] = {
    "confirm_publish": True,  # a ring counts as sent when the broker has written it
    "connect_timeout": 5,
    "read_timeout": 15,  # a broker that is out of disk or memory confirms nothing: the ring has failed then
    "write_timeout": 15,
}
broker_transport_options = _redis_options if _on_redis else _rabbitmq_options if _on_rabbitmq else {}
broker_heartbeat = 30 if _on_rabbitmq else None  # a connection that is half open is noticed in a minute
broker_native_delayed_delivery_queue_type = (
    "classic"  # Celery declares queues for delays beside quorum queues; nothing here is ever delayed by it
)

task_acks_late = True  # a killed worker's ring comes again
task_reject_on_worker_lost = True  # also when a prefork child is killed
task_acks_on_failure = True  # our state tells what failed; a poisoned message must not come back for ever
task_acks_on_timeout = True  # as above
task_retry_on_worker_lost = False  # it retries by ETA; the tick does without
task_ignore_result = True  # nobody reads results
result_backend = None
task_serializer = "json"  # never pickle: whoever reaches the broker must not run code
result_serializer = "json"
event_serializer = "json"
accept_content = ["json"]
task_publish_retry = True
task_publish_retry_policy = {
    "max_retries": 3,
    "interval_start": 0.1,
    "interval_max": 0.5,
}  # short: the tick retries
task_send_sent_event = False  # load without a reader
task_track_started = False

task_default_queue = "bridge.commands"
task_create_missing_queues = False  # a misspelt queue is an error, not a queue nobody reads
# on RabbitMQ most of its nodes keep each queue, so that another producer's command outlives any one of them
_kept = {"x-queue-type": "quorum"} if _on_rabbitmq else None
task_queues = tuple(
    Queue(name, routing_key=name, queue_arguments=_kept)
    for name in ("bridge.drain", "bridge.tick", "bridge.commands", "bridge.upkeep")
)
_upkeep = {"queue": "bridge.upkeep"}
task_routes = {
    DRAIN: {"queue": "bridge.drain"},
    "bridge.tick": {"queue": "bridge.tick"},
    "bridge.sweep": _upkeep,
    "bridge.reconcile": _upkeep,
    "bridge.audit": _upkeep,
    "bridge.prune": _upkeep,
}

worker_pool = (
    "threads"  # a task hands its coroutine to the process's event loop and waits: threads are enough
)
worker_concurrency = _drains + 8  # one for each drain that can run at once, and some for ticks and commands
worker_prefetch_multiplier = 1  # nothing is hoarded
worker_disable_prefetch = _on_redis  # not even one message more than there are threads
worker_cancel_long_running_tasks_on_connection_loss = (
    False  # threads cannot be cancelled; fences cover doubles
)
worker_soft_shutdown_timeout = 10  # for SIGQUIT only: a normal stop waits for drains, which are short
worker_enable_remote_control = False  # whoever reaches the broker must not stop workers
worker_send_task_events = False  # load without a reader
worker_hijack_root_logger = False  # structlog owns logging
worker_redirect_stdouts = False
worker_disable_rate_limits = True  # the gate limits, for all workers together

enable_utc = True
timezone = "UTC"

beat_scheduler = "celery.beat:Scheduler"  # in memory: the schedule is static, a shelve file only breaks
beat_max_loop_interval = 1  # as fine as the finest schedule


def _asked(task: str, every_s: float) -> dict[str, Any]:
    """Ask at least twice a slot, so that none is missed; whoever asks first takes it, in the store."""
    ask_s = min(every_s / 2, 60.0)
    return {"task": task, "schedule": ask_s, "options": {"queue": "bridge.upkeep", "expires": ask_s}}


beat_schedule = {
    "tick": {
        "task": "bridge.tick",
        "schedule": _settings.worker.tick_s,
        # an outage must not leave a burst behind
        "options": {"queue": "bridge.tick", "expires": 2 * _settings.worker.tick_s},
    },
    "sweep": _asked("bridge.sweep", 60.0),  # the shortest every_s that a service may have
    "reconcile": _asked("bridge.reconcile", _settings.schedule.reconcile_s),
    "audit": _asked("bridge.audit", _settings.schedule.audit_s),
    "prune": _asked("bridge.prune", _settings.schedule.prune_s),
}
