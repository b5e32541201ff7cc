"""Who may ask the admin API, and what becomes of faults."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from console.api.clients import clients_of
from worker.console_settings import ConsoleSettings
from worker.errors import SettingsError
from worker.secrets import Secrets
from worker.store.redis import RedisStore

if TYPE_CHECKING:
    from tests.console.api.conftest import Office

Serve = Callable[[Callable[["Office"], Awaitable[None]]], None]


def settings(**clients: list[str]) -> ConsoleSettings:
    """Return settings with clients of the role viewer."""
    return ConsoleSettings.model_validate(
        {"clients": {name: {"role": "viewer", "tokens": tokens} for name, tokens in clients.items()}}
    )


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ({"a": "short"}, r"^console\.clients\.a\.tokens: a key of under 16 characters can be guessed"),
        ({"a": "with blanks in between"}, r"^console\.clients\.a\.tokens: a key may hold"),
        ({"a": "0123456789abcdef", "b": "0123456789abcdef"}, r"^console\.clients\.b\.tokens: client 'a' has"),
    ],
)
def test_unfit_tokens_are_refused_at_the_start(tmp_path: Path, tokens: dict[str, str], said: str) -> None:
    """Those that can be guessed, not be sent, or not be told apart."""
    for name, token in tokens.items():
        (tmp_path / name).write_text(token)
    with pytest.raises(SettingsError, match=said):
        clients_of(settings(**{name: [f"file:{name}"] for name in tokens}), Secrets(tmp_path))


def test_a_fault_of_ours_shows_nothing(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack trace, no error's text: the log has it."""

    async def fails(*_: object, **__: object) -> Any:  # noqa: ANN401 - it never returns
        raise KeyError("a secret")

    async def body(office: "Office") -> None:
        monkeypatch.setattr(RedisStore, "paused_channels", fails)
        answer = await office.ask("GET", "/v1/channels")
        assert answer.status_code == 503
        assert "secret" not in answer.text

    serve(body)


def test_too_much_is_refused(serve: Serve) -> None:
    """A body of over a megabyte, before it is read as JSON."""

    async def body(office: "Office") -> None:
        answer = await office.ask("POST", "/v1/services/support/pause", content=b"x" * 1_100_000)
        assert answer.status_code == 413

    serve(body)
