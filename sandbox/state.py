"""Who is live and who was: the interactions by id and by external id. It stores; it decides nothing."""

from collections.abc import Iterator

from sandbox.interaction import Interaction


class State:
    """All interactions the sandbox knows. `put` is the only change there is."""

    def __init__(self, ended_limit: int = 100_000) -> None:
        self._ended_limit = ended_limit
        self._live: dict[str, Interaction] = {}
        self._ended: dict[str, Interaction] = {}
        #: external id -> service -> id of the live interaction
        self._holders: dict[str, dict[str, str]] = {}
        #: (service, external id) -> id of the interaction that ended last
        self._last: dict[tuple[str, str | None], str] = {}
        self._counts: dict[str, int] = {}

    def __contains__(self, interaction_id: str) -> bool:
        return interaction_id in self._live or interaction_id in self._ended

    def __iter__(self) -> Iterator[Interaction]:
        yield from self._live.values()
        yield from self._ended.values()

    def by_id(self, interaction_id: str) -> Interaction | None:
        """The interaction with this id, live or ended."""
        return self._live.get(interaction_id) or self._ended.get(interaction_id)

    def by_external_id(self, service: str, external_id: str) -> Interaction | None:
        """The live holder of an external id in a service, else the one that ended last."""
        live = self._holders.get(external_id, {}).get(service)
        return self._live[live] if live else self.last_ended(service, external_id)

    def holders(self, external_id: str) -> dict[str, Interaction]:
        """The live holders of an external id, by service."""
        return {service: self._live[held] for service, held in self._holders.get(external_id, {}).items()}

    def last_ended(self, service: str, external_id: str) -> Interaction | None:
        """The interaction with this external id that ended last, if any did."""
        return self._ended.get(self._last.get((service, external_id), ""))

    def live_count(self, service: str) -> int:
        """How many interactions of a service are live."""
        return self._counts.get(service, 0)

    def put(self, interaction: Interaction) -> None:
        """Let an interaction be as given, whatever it was before."""
        if interaction.live:
            self._put_live(interaction)
        else:
            self._put_ended(interaction)

    def _put_live(self, interaction: Interaction) -> None:
        if interaction.id not in self._live:
            self._counts[interaction.service] = self.live_count(interaction.service) + 1
            if interaction.external_id is not None:
                self._holders.setdefault(interaction.external_id, {})[interaction.service] = interaction.id
        self._live[interaction.id] = interaction

    def _put_ended(self, interaction: Interaction) -> None:
        if self._live.pop(interaction.id, None) is not None:
            self._counts[interaction.service] -= 1
            self._release(interaction)
        self._ended[interaction.id] = interaction
        if interaction.external_id is not None:
            self._last[interaction.service, interaction.external_id] = interaction.id
        if len(self._ended) > self._ended_limit:
            self._forget(self._ended.pop(next(iter(self._ended))))

    def _release(self, interaction: Interaction) -> None:
        holders = self._holders.get(interaction.external_id or "", {})
        if holders.get(interaction.service) != interaction.id:
            return  # it never had an external id, or a newer one won it in a race
        del holders[interaction.service]
        if not holders:
            del self._holders[str(interaction.external_id)]

    def _forget(self, interaction: Interaction) -> None:
        key = (interaction.service, interaction.external_id)
        if self._last.get(key) == interaction.id:
            del self._last[key]
