"""Configuration: where settings come from.

Settings are read once, by entry points: the environment wins (`BRIDGE_STORE_URL`, `BRIDGE_HTTP_PORT`,
`BRIDGE_SERVICES='{…}'`, …) over the file. The file is the one `BRIDGE_CONFIG` names, else `bridge.toml` here,
else that of a bridge which runs on the data directory (`BRIDGE_DATA`, `bridge-data` by default). Where such a
bridge runs with the file that is meant, what it brought along completes the environment, so that a second
terminal finds what `bridge up` started.
"""

import fcntl
import json
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from worker.errors import SettingsError
from worker.settings import Settings

#: What a running bridge writes into its data directory, for others to find it.
PLACES = "places.json"
#: What a running bridge keeps locked in its data directory.
LOCK = "lock"
DEFAULT_DATA = "bridge-data"
_HERE = Path("bridge.toml")


class _Sourced(Settings, BaseSettings):
    """The settings as their sources give them."""

    model_config = SettingsConfigDict(
        env_prefix="BRIDGE_", env_nested_delimiter="_", env_nested_max_split=1, extra="forbid", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)


def find_running() -> None:
    """Complete the environment by that of a bridge running on the data directory, where nothing else is said.

    A bridge that runs with other settings than those meant here is left alone, and so is what one left behind
    that no longer runs. For entry points only. Raises SettingsError when what a bridge wrote cannot be read.
    """
    directory = data_directory()
    if not ((directory / PLACES).exists() and _locked(directory / LOCK)):
        return
    written, named = _written(directory / PLACES), config_path()
    if named is None or named.absolute() == Path(written.get("BRIDGE_CONFIG", "")):
        for name, value in written.items():
            os.environ.setdefault(name, value)


def _locked(path: Path) -> bool:
    # freed by the kernel whatever its holder dies of; a process id may be somebody else's by then
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    return False


def _written(places: Path) -> dict[str, str]:
    try:
        written = json.loads(places.read_text(encoding="utf-8"))["environment"]
        return {name: _text(value) for name, value in written.items()}
    except FileNotFoundError:
        return {}  # the bridge ended just now
    except OSError as error:
        raise SettingsError(f"{places} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{places} is not what a running bridge writes there; remove it") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def data_directory() -> Path:
    """Return the data directory: the one `BRIDGE_DATA` names, else `bridge-data`. For entry points only."""
    return Path(os.environ.get("BRIDGE_DATA", DEFAULT_DATA))


def config_path() -> Path | None:
    """Return the settings file, None when there is none."""
    if named := os.environ.get("BRIDGE_CONFIG"):
        return Path(named)
    return _HERE if _HERE.exists() else None


def load() -> Settings:
    """Return the settings. Raises SettingsError with the path of each wrong key and the reason."""
    path = config_path()
    written = _read(path) if path else {}
    try:
        return _Sourced(**written)
    except ValidationError as error:
        raise SettingsError(_explain(error, path)) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _explain(error: ValidationError, path: Path | None) -> str:
    source = path or "the environment"
    reasons = []
    for each in error.errors(include_url=False):
        where = ".".join(str(part) for part in each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        reasons.append(f"{where}: {message}" if where else message)
    return f"{source}: {'; '.join(reasons)}"
