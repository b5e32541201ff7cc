"""The questions that the vendor's reference leaves open: a table. The sandbox has a switch for each.

What is assumed is the switch's default (sandbox/behaviour.py), so it stands in one place only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bridge.conformance import probes
from bridge.conformance.probes import Answer, AnyProbe
from sandbox.behaviour import Behaviour


@dataclass(frozen=True, slots=True)
class Question:
    """One question, by the name of its switch."""

    switch: str
    text: str
    probe: AnyProbe
    #: Whether it opens an interaction that only its id can stop again.
    needs_id: bool = False
    #: Whether it opens an interaction in a second service.
    needs_other: bool = False
    #: The question, and the answer to it, without which this one is none.
    follows: tuple[str, Answer] | None = None

    @property
    def assumed(self) -> Answer | None:
        """What the sandbox does unless it is told otherwise; None is for ever."""
        found: Answer | None = getattr(Behaviour(), self.switch)
        return found


QUESTIONS: Final = (
    Question("envelope", "how a success is wrapped", probes.envelope),
    Question("error_envelope", "how a refusal is wrapped", probes.error_envelope),
    Question("failure_in_200", "whether a refusal travels in HTTP 200", probes.failure_in_200),
    Question("id_field", "under which name the id is shown", probes.id_field),
    Question("id_style", "what an id looks like", probes.id_style),
    Question("bad_key", "how a wrong key is answered", probes.bad_key),
    Question("unknown_service", "how an unknown service is answered", probes.unknown_service),
    Question(
        "create_without_external_id",
        "a create without an external id",
        probes.create_without_external_id,
        needs_id=True,
    ),
    Question("conflict_shows_id", "whether a 409 shows the id in the way", probes.conflict_shows_id),
    Question(
        "conflict_scope", "where a live external id is in the way", probes.conflict_scope, needs_other=True
    ),
    Question(
        "racing_creates", "two creates at once with one external id", probes.racing_creates, needs_id=True
    ),
    Question("create_after_stop", "a create again after the stop", probes.create_after_stop),
    Question(
        "conflict_for_s",
        "for how many seconds a stopped one is in the way",
        probes.conflict_for_s,
        follows=("create_after_stop", "conflict"),
    ),
    Question("after_stop", "GET and stop after the stop", probes.after_stop),
    Question("unknown_parent", "a parent that is not there", probes.unknown_parent),
    Question("bad_received_at", "a receivedAt that is no time", probes.bad_received_at),
    Question("changed_missing", "changing a property that is not there", probes.changed_missing),
    Question("added_existing", "adding a property that is there", probes.added_existing),
    Question("deleted_missing", "deleting a property that is not there", probes.deleted_missing),
    Question("key_in_two_lists", "one property in two of the lists", probes.key_in_two_lists),
    Question("reserved_properties", "a system property in user data", probes.reserved_properties),
    Question("user_data_limit", "the most user data, in bytes of JSON", probes.user_data_limit),
    Question("user_data_over", "how more user data is answered", probes.user_data_over),
    Question("user_data_types", "lists, truths and fractions in user data", probes.user_data_types),
    Question("unwrapped_body", "an update without data around it", probes.unwrapped_body),
    Question("not_json", "an update that is no JSON", probes.not_json),
)

#: The switches that no run looks for, and why.
UNASKED: Final[Mapping[str, str]] = {
    "overload": "it takes a flood, which everybody there would feel; ask who runs it, and set it by hand",
    "quota": "it takes a full service, into which nobody else gets; ask who runs it, and set it by hand",
}
