"""`bridge channel new`: a new channel's settings, commented, to be printed or put into the settings file."""

import json
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from bridge.home import write_private
from connectors.inbound.kinds import INBOUND
from connectors.kind import Kind
from connectors.registry import kind
from worker import configuration
from worker.commands import Name
from worker.errors import BridgeError, SettingsError

_NAME: Final = TypeAdapter(Name)
#: What a scheme is that a channel has to name itself, to begin with.
_USUAL_SCHEME: Final = "hmac"


class NotAChannel(BridgeError):
    """What was asked for cannot be a channel."""


@dataclass(frozen=True, slots=True)
class Block:
    """A new channel."""

    #: What belongs into the settings file.
    text: str
    #: Where its secret is to be, beneath the settings file; empty where it has none.
    secret: str
    #: Whether the bridge may make the secret up.
    makes_secret: bool


def block(wanted: str, *, name: str, service: str) -> Block:
    """Return the settings of a channel. Raises SettingsError where there is no such kind, or NotAChannel."""
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise NotAChannel(
            f"{name!r} cannot be a channel's name: letters, digits, '-', '_' and '.'"
        ) from error
    found = kind(wanted)
    scheme = found.verify or _USUAL_SCHEME
    secret = "" if scheme == "none" else f"secrets/{name}.key"
    lines = [
        f"# {found.summary}.",
        (
            f"# See docs/connectors/{_page(wanted)}.md; "
            f"`bridge channel try {name} FILE` shows what a delivery does."
        ),
        *([] if wanted == "email" else [f"# POST /channels/{name}"]),
        f"[channels.{_key(name)}]",
        f"connector = {_text(wanted)}",
        f"service = {_text(service)}",
        *_verification(found, scheme, secret),
        *_options(found, name),
    ]
    return Block("\n".join(lines) + "\n", secret, found.makes_secret or not found.verify)


def append(new: Block, name: str) -> tuple[Path, Path | None]:
    """Put a block at the end of the settings file, and make its secret if that is ours to choose.

    Returns the settings file, and the secret's file where one was made. For entry points only. Raises
    SettingsError where there is no settings file, or NotAChannel when it has the channel already.
    """
    path = configuration.config_path()
    if path is None or not path.exists():
        raise SettingsError("there is no settings file to put it into; write bridge.toml, or use --config")
    text = path.read_text(encoding="utf-8")
    if name in _parsed(path, text).get("channels", {}):
        raise NotAChannel(f"{path} has a channel {name!r} already; choose another name with --name")
    addition = f"\n{new.text}" if text.endswith("\n") else f"\n\n{new.text}"
    _parsed(path, text + addition)
    with path.open("a", encoding="utf-8") as file:
        file.write(addition)
    secret = path.parent / new.secret if new.secret and new.makes_secret else None
    if secret is None or secret.exists():
        return path, None
    secret.parent.mkdir(exist_ok=True, mode=0o700)
    write_private(secret, secrets.token_hex(24) + "\n")
    return path, secret


def the_service(named: str) -> str:
    """Return the service a new channel is for: the one that is named, or the only one. Raises NotAChannel."""
    if named:
        return named
    path = configuration.config_path()
    services = _parsed(path, path.read_text(encoding="utf-8")).get("services", {}) if path else {}
    if len(services) == 1:
        return str(next(iter(services)))
    known = ", ".join(services) or "none"
    raise NotAChannel(f"say with --service for which service it is; configured are: {known}")


def _verification(found: Kind, scheme: object, secret: str) -> list[str]:
    if not secret:
        return []
    lines = []
    if not found.verify:
        lines = [
            '# How its deliveries are signed: docs/connectors/signatures.md. "none" takes anything.',
            f"verify = {_text(str(scheme))}",
        ]
    what = found.secret or "what the sender signs with"
    return [
        *lines,
        f"# The secret: {what}. Several are allowed, so that it can be changed.",
        f'secrets = ["file:{secret}"]',
    ]


def _page(wanted: str) -> str:
    """Return the document of a kind; the kinds of mail by a provider share one."""
    return "inbound" if wanted in INBOUND else wanted


def _options(found: Kind, name: str) -> list[str]:
    head = f"[channels.{_key(name)}.options]"
    if found.sample:
        return [head, *found.sample.rstrip().splitlines()]
    return [
        "# Properties and rules of your own stand before those that the kind comes with:",
        f"# [channels.{_key(name)}.options.user_data]",
        '# Team = { value = "EMEA" }',
    ]


def _parsed(path: Path, text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _key(name: str) -> str:
    return _text(name) if "." in name else name


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
