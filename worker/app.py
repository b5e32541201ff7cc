"""The Celery application: `celery -A worker.app worker` and `celery -A worker.app beat` begin here."""

from celery import Celery

app = Celery("openmedia-bridge", config_source="celeryconfig", include=["worker.tasks"])
