"""Completion: names that the shell offers behind Tab, from the settings; where there are none, nothing."""
# ruff: noqa: PLC0415 - what reads settings is imported only when somebody presses Tab

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.settings import Settings


def services(incomplete: str) -> list[str]:
    """Return the services, and the subscriptions by the services that stand for them."""
    return _named(incomplete, lambda settings: (*settings.services, *settings.hooks))


def channels(incomplete: str) -> list[str]:
    """Return the channels."""
    return _named(incomplete, lambda settings: settings.channels)


def subscriptions(incomplete: str) -> list[str]:
    """Return the subscriptions."""
    return _named(incomplete, lambda settings: settings.subscriptions)


def kinds(incomplete: str) -> list[str]:
    """Return the kinds that a channel may be of."""
    from connectors import registry

    return [name for name in registry.kinds() if name.startswith(incomplete)]


def _named(incomplete: str, of: "Callable[[Settings], Iterable[str]]") -> list[str]:
    from worker import configuration
    from worker.errors import SettingsError

    try:
        configuration.find_running()
        settings = configuration.load()
    except SettingsError:
        return []  # a shell that completes is no place to complain
    return [name for name in of(settings) if name.startswith(incomplete)]
