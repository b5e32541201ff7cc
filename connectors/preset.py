"""Presets: kinds of connector that are nothing but rules in a TOML file.

The file's `[options]` are those of a webhook channel. What a channel says for itself stands before them: its
rules are looked at first, and of what both name, the channel's word wins.
"""

import tomllib
from collections.abc import Mapping
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, ValidationError

from connectors.explanation import explain
from connectors.kind import Kind
from connectors.prover import Prover
from connectors.webhook.connector import WebhookConnector, build_webhook
from worker.errors import SettingsError
from worker.frozen import Frozen
from worker.settings import ChannelSettings

Options = Mapping[str, JsonValue]


class _Written(Frozen):
    summary: str = Field(min_length=1)
    verify: str | Options = ""
    secret: str = ""
    makes_secret: bool = False
    sample: str = ""
    options: Options


def read_preset(file: Traversable | Path, *, fixtures: Path | None = None) -> Kind:
    """Return the kind that a file describes. Raises SettingsError with what is wrong in it.

    Args:
        file: The preset.
        fixtures: For presets of other packages: the folder of deliveries that the conformance suite tries.
    """
    try:
        written = _Written.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the preset {file} cannot be read: {error}") from error
    except ValidationError as error:
        raise SettingsError(explain(error, f"the preset {file}")) from error
    fields: dict[str, Any] = {name: getattr(written, name) for name in _Written.model_fields}
    return Kind(build=partial(_build, written.options), fixtures=fixtures, **fields)


def merged(preset: Options, channel: Options) -> dict[str, JsonValue]:
    """Return a preset's options with a channel's own before them."""
    found = {**preset, **channel}
    for name, theirs in preset.items():
        own = channel.get(name)
        if isinstance(theirs, dict) and isinstance(own, dict):
            found[name] = {**theirs, **own}
        elif isinstance(theirs, list) and isinstance(own, list | tuple) and name == "rules":
            found[name] = [*own, *theirs]
    return found


def _build(preset: Options, channel: str, settings: ChannelSettings, prover: Prover) -> WebhookConnector:
    options = merged(preset, settings.options)
    return build_webhook(channel, settings.model_copy(update={"options": options}), prover)
