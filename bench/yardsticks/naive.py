"""The script people write: a Celery task for each event, which opens a client and makes the call."""

import os

import httpx
from celery import Celery

app = Celery(broker=os.environ.get("BENCH_BROKER", "memory://"))
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@app.task(name="naive.create", autoretry_for=(httpx.HTTPError,), retry_backoff=True, max_retries=5)
def create(external_id: str, user_data: dict[str, str]) -> None:
    """Open one interaction."""
    url = f"{os.environ['BENCH_STUB']}/nexus/v3/openmedia/support/interactions"
    with httpx.Client(headers={"x-api-key": "bench"}) as client:
        answer = client.post(url, json={"data": {"externalId": external_id, "userData": user_data}})
        answer.raise_for_status()
