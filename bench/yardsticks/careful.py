"""The careful script: a task for each event, late acknowledgement, and one client for all threads."""

import os

import httpx
from celery import Celery

app = Celery(broker=os.environ.get("BENCH_BROKER", "memory://"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)
_limits = httpx.Limits(max_connections=128, max_keepalive_connections=128)
_client = httpx.Client(headers={"x-api-key": "bench"}, limits=_limits, timeout=10)


@app.task(name="careful.create", autoretry_for=(httpx.HTTPError,), retry_backoff=True, max_retries=5)
def create(external_id: str, user_data: dict[str, str]) -> None:
    """Open one interaction."""
    url = f"{os.environ['BENCH_STUB']}/nexus/v3/openmedia/support/interactions"
    answer = _client.post(url, json={"data": {"externalId": external_id, "userData": user_data}})
    answer.raise_for_status()
