"""Commands that submit a command: one for each kind."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import json
import sys
from typing import Annotated, Any

import typer

from bridge.cli.options import AsJson, Config, ExternalId, Service, choose

_PAIR = "NAME=VALUE"
Key = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="KEY", help="The idempotency key; used twice, it counts once. Default: a new one."
    ),
]
Channel = Annotated[
    str, typer.Option("--channel", metavar="NAME", help="The channel it is said to come from.")
]
JsonData = Annotated[
    str | None, typer.Option("--json-data", metavar="JSON", help="Properties as one JSON object.")
]


def create(
    service: Service,
    external_id: ExternalId,
    *,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar=_PAIR, help="A property; may be repeated.")
    ] = None,
    json_data: JsonData = None,
    parent: Annotated[str | None, typer.Option(metavar="ID", help="The parent interaction's id.")] = None,
    key: Key = None,
    channel: Channel = "cli",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Open an interaction."""
    choose(config)
    from bridge.send import properties

    fields = {"user_data": properties(data, json_data), "parent_interaction_id": parent}
    _send("create", service, external_id, fields, key=key, channel=channel, as_json=as_json)


def update(
    service: Service,
    external_id: ExternalId,
    *,
    changed: Annotated[
        list[str] | None, typer.Option(metavar=_PAIR, help="A property to change; may be repeated.")
    ] = None,
    json_data: JsonData = None,
    added: Annotated[
        list[str] | None, typer.Option(metavar=_PAIR, help="A property to add; may be repeated.")
    ] = None,
    deleted: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A property to delete; may be repeated.")
    ] = None,
    key: Key = None,
    channel: Channel = "cli",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Change properties of an interaction; what --json-data says is changed."""
    choose(config)
    from bridge.send import properties

    fields = {
        "changed": properties(changed, json_data),
        "added": properties(added),
        "deleted": tuple(deleted or ()),
    }
    _send("update", service, external_id, fields, key=key, channel=channel, as_json=as_json)


def stop(
    service: Service,
    external_id: ExternalId,
    *,
    reason_name: Annotated[str | None, typer.Option(metavar="NAME", help="The reason's system name.")] = None,
    reason_description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The reason in words.")
    ] = None,
    key: Key = None,
    channel: Channel = "cli",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """End an interaction."""
    choose(config)
    fields = {"reason_system_name": reason_name, "reason_description": reason_description}
    _send("stop", service, external_id, fields, key=key, channel=channel, as_json=as_json)


def _send(
    kind: str,
    service: str,
    external_id: str,
    fields: dict[str, Any],
    *,
    key: str | None,
    channel: str,
    as_json: bool,
) -> None:
    from bridge.screen import Screen
    from bridge.send import print_receipt, send

    named = {"kind": kind, "service": service, "external_id": external_id}
    chosen, receipt = send({**named, **fields}, channel=channel, key=key)
    if as_json:
        sys.stdout.write(json.dumps({**receipt.model_dump(mode="json"), "idempotency_key": chosen}) + "\n")
    else:
        print_receipt(receipt, Screen().out, key=chosen)
