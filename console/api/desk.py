"""The desk: what each operation of the admin API asks of the bridge. Acts are `console.actions`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.hosts.commands.answers import LISTED, ledger_view
from connectors.hosts.commands.problems import Problem
from console.actions import Actions
from console.api.answers import (
    ChannelList,
    ChannelView,
    ConversationView,
    DeedList,
    Group,
    LetterList,
    LetterView,
    Plan,
    ServiceList,
    ServiceView,
    SweepList,
    TrialView,
)
from console.api.bodies import TryBody
from console.api.problems import NOT_FOUND
from console.choice import MOST, Chosen, find_one
from console.condition import look
from console.people import Person, Role
from console.request_file import header
from console.trial import try_content
from worker.deadletters import Filter
from worker.letters import LetterHead

#: The role that reads what others did.
AUDITOR: Final = Role.ADMIN
#: The role that tries deliveries, as on the console's page.
TRIER: Final = Role.OPERATOR


class Desk:
    """Answers questions, for one bridge."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._bridge = actions.bridge

    async def services(self) -> ServiceList:
        """Say how every service stands."""
        found = await asyncio.gather(*(look(self._bridge, each) for each in sorted(self._bridge.partitions)))
        return ServiceList(services=tuple(map(ServiceView.of, found)))

    async def service(self, service: str) -> ServiceView:
        """Say how one service stands."""
        self._actions.require_service(service)
        return ServiceView.of(await look(self._bridge, service))

    async def channels(self) -> ChannelList:
        """Say which channels there are."""
        store = self._bridge.store
        paused, held = await store.paused_channels(), await store.held_channels()
        return ChannelList(
            channels=tuple(
                ChannelView(
                    channel=name,
                    connector=each.connector,
                    service=each.service,
                    paused=paused.get(name),
                    held=held.get(name),
                )
                for name, each in sorted(self._bridge.settings.channels.items())
            )
        )

    async def try_channel(self, person: Person, channel: str, asked: TryBody) -> TrialView:
        """Say what a channel would make of a delivery."""
        await self._actions.recorder.refuse(person, "try-channel", channel, role=TRIER)
        bridge = self._bridge
        trial = try_content(
            bridge.settings,
            bridge.secrets,
            channel,
            asked.content.encode(),
            headers=[header(f"{name}: {value}") for name, value in asked.headers.items()],
            at=bridge.clock(),
            proved=asked.proved,
        )
        return TrialView.of(trial)

    async def conversation(self, service: str, external_id: str) -> ConversationView:
        """Say what is known of a conversation."""
        self._actions.require_service(service)
        view = await self._bridge.store.view(service, external_id, pending=LISTED)
        if view is None:
            raise Problem(NOT_FOUND, "Nothing is known of a conversation with this external id.")
        return ConversationView(service=service, external_id=external_id, ledger=ledger_view(view))

    async def letters(self, service: str, wanted: Filter, *, limit: int) -> LetterList:
        """Return dead letters, newest first."""
        chosen = await self._actions.plan(service, wanted)
        newest = tuple(reversed(chosen.letters))[:limit]
        return LetterList(groups=_groups(chosen.letters), letters=newest)

    async def letter(self, person: Person, service: str, letter_id: str) -> LetterView:
        """Return one dead letter whole, which is recorded."""
        self._actions.require_service(service)
        await self._actions.reveal(person, f"{service}/{letter_id}")
        letter, history = await find_one(self._bridge, service, letter_id)
        return LetterView(
            letter=letter.model_dump(mode="json"),
            history=tuple(entry.model_dump(mode="json") for entry in history),
        )

    async def plan(self, service: str, wanted: Filter) -> Plan:
        """Say what a replay or a discard would be about."""
        chosen: Chosen = await self._actions.plan(service, wanted)
        return Plan(groups=_groups(chosen.letters), total=len(chosen.letters), gone=chosen.gone)

    async def sweeps(self, service: str, *, limit: int) -> SweepList:
        """Return the last sweeps of a service."""
        self._actions.require_service(service)
        store = self._bridge.store
        return SweepList(
            paused=await store.sweeps_paused(service), sweeps=await store.sweeps(service, limit=limit)
        )

    async def deeds(self, person: Person, *, limit: int, before: datetime | None) -> DeedList:
        """Return what people did."""
        await self._actions.recorder.refuse(person, "read-audit-log", "", role=AUDITOR)
        return DeedList(deeds=await self._bridge.store.deeds(limit=min(limit, MOST), before=before))


def _groups(letters: Sequence[LetterHead]) -> tuple[Group, ...]:
    found: dict[tuple[str, str], list[LetterHead]] = {}
    for each in letters:
        found.setdefault((each.cause, each.channel), []).append(each)
    return tuple(
        Group(
            cause=cause,
            channel=channel,
            letters=len(those),
            oldest=min(each.buried_at for each in those),
            newest=max(each.buried_at for each in those),
        )
        for (cause, channel), those in sorted(found.items())
    )
