"""The app is a name and a source of settings; nothing is read before it is needed."""

from celery import Celery

from worker.app import app


def test_the_app_reads_its_settings_from_celeryconfig() -> None:
    """Which settings those are is tested where a process may read them: in test_celeryconfig."""
    assert isinstance(app, Celery)
    assert app.main == "openmedia-bridge"
    assert app._config_source == "celeryconfig"
