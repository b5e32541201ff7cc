"""Commands about personal data: what is kept, and its end."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.completion import services
from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, choose

if TYPE_CHECKING:
    from bridge.privacy import Kept
    from worker.wiring import Bridge

Which = Annotated[
    str,
    typer.Option("--service", metavar="NAME", help="The conversation's service.", autocompletion=services),
]
Conversation = Annotated[
    str, typer.Option("--external-id", metavar="ID", help="The conversation that is meant.")
]
Address = Annotated[
    str, typer.Option("--address", metavar="ADDRESS", help="Whoever has this address, wherever it stands.")
]


def export(
    *,
    service: Which = "",
    external_id: Conversation = "",
    address: Address = "",
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Write as JSON what is kept of a conversation, or of whoever has an address; the look is recorded."""
    choose(config, data)
    import asyncio

    async def work() -> dict[str, object]:
        from bridge.operator import operator
        from bridge.session import session
        from console.actions import Actions
        from console.people import Role

        async with session(service) as bridge:
            kept = await _found(bridge, service, external_id, address)
            async with Actions(bridge).recorder.doing(operator(), "reveal", kept.name, role=Role.ADMIN):
                return kept.facts()

    _require_one(service, external_id, address)
    found = asyncio.run(work())
    sys.stdout.write(json.dumps(found, indent=None if as_json else 2) + "\n")


def erase(
    *,
    service: Which = "",
    external_id: Conversation = "",
    address: Address = "",
    sure: Annotated[bool, typer.Option("--yes", help="Do it; otherwise say only what would go.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also where commands wait; these are delivered all the same.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Take what is kept of a conversation, or of whoever has an address, out of the store and the blobs.

    What the API has of it is not touched, nor is what waits to be delivered. There is no way back.
    """
    choose(config, data)
    import asyncio

    async def work() -> dict[str, object]:
        from bridge import privacy
        from bridge.session import session

        async with session(service) as bridge:
            kept = await _found(bridge, service, external_id, address)
            would = {
                "dead_letters": len(kept.letters),
                "conversations": list(kept.conversation_ids),
                "messages": len(kept.blobs),
                "waiting": list(kept.waiting),
            }
            if not sure:
                return {"erased": False, **would}
            done = await privacy.erase(bridge, kept, force=force)
            return {"erased": True, **would, **dataclasses.asdict(done)}

    _require_one(service, external_id, address)
    found = asyncio.run(work())
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    said = "erased" if found.pop("erased") else "would be erased (say --yes to do it)"
    sys.stdout.write(f"{said}: {', '.join(f'{name} {value}' for name, value in found.items())}\n")


async def _found(bridge: "Bridge", service: str, external_id: str, address: str) -> "Kept":
    from bridge import privacy

    if address:
        return await privacy.of_address(bridge, address)
    return await privacy.of_conversation(bridge, service, external_id)


def _require_one(service: str, external_id: str, address: str) -> None:
    if bool(address) == bool(service or external_id) or bool(service) != bool(external_id):
        raise typer.BadParameter("name either --service with --external-id, or --address")
