"""Telemetry settings: where metrics are scraped from, and where traces go."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from worker.frozen import Frozen
from worker.measures import Port, Seconds, SecretReference


class MetricsSettings(Frozen):
    """Where each process tells its metrics and its health; without a port it tells and counts nothing."""

    #: The address to listen on.
    host: str = "127.0.0.1"
    #: 0 takes a free one, which is logged as `metrics_served`.
    intake_port: Port | None = None
    #: Of several workers on one machine each needs its own: `bridge up` counts on from here.
    worker_port: Port | None = None
    beat_port: Port | None = None
    console_port: Port | None = None
    #: How long what was read from the store for one scrape serves the next ones.
    fresh_s: Seconds = 5.0


class TracesSettings(Frozen):
    """Where spans go, by OTLP over HTTP."""

    #: As in `http://127.0.0.1:4318/v1/traces`; empty traces nothing.
    url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s?#]+)?$")] = ""
    #: Sent with every request, such as `authorization`.
    headers: Mapping[str, SecretReference] = Field(default_factory=dict)
    #: The share of traces that is kept; every process keeps the same ones.
    ratio: float = Field(default=1.0, ge=0, le=1)
