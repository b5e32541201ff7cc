"""Kinds: what there is to know of a kind of connector before a channel of it is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from connectors.base import Connector
from connectors.prover import Prover
from worker.settings import ChannelSettings

#: Makes a connector of a channel's name, its settings and what proves its deliveries. Raises pydantic's
#: ValidationError for the channel's options.
Builder = Callable[[str, ChannelSettings, Prover], Connector]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of connector: how its channels are built, and what is said to whoever sets one up."""

    build: Builder
    #: What it is for, in one line.
    summary: str
    #: How its senders sign, as a channel's `verify`; empty where each channel has to say it.
    verify: str | Mapping[str, JsonValue] = ""
    #: Where the secret comes from, in words; empty where there is none, or where that depends on `verify`.
    secret: str = ""
    #: Whether it is ours to choose, so that the bridge may make one up.
    makes_secret: bool = False
    #: Options to begin with, as TOML beneath `[channels.NAME.options]`.
    sample: str = ""
    #: The options it comes with, beneath those of the channel.
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    #: For kinds of other packages: the folder of deliveries with which the conformance suite tries them.
    fixtures: Path | None = None
