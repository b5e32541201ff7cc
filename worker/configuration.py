"""Configuration: where settings come from.

Settings are read once, by entry points: the environment wins (`BRIDGE_STORE_URL`, `BRIDGE_HTTP_PORT`,
`BRIDGE_SERVICES='{…}'`, …) over the file. The file is the one `BRIDGE_CONFIG` names, else `bridge.toml` here,
else that of a bridge which runs on the data directory (`BRIDGE_DATA`, `bridge-data` by default), so that a
second terminal finds what `bridge up` started.
"""

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

    For entry points only. Raises SettingsError when what a bridge wrote there cannot be read.
    """
    if "BRIDGE_CONFIG" in os.environ or _HERE.exists():
        return
    places = Path(os.environ.get("BRIDGE_DATA", DEFAULT_DATA)) / PLACES
    if not places.exists():
        return
    try:
        written: dict[str, str] = json.loads(places.read_text(encoding="utf-8"))["environment"]
        for name, value in written.items():
            os.environ.setdefault(name, value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{places} is not what a running bridge writes there; remove it") from error


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
