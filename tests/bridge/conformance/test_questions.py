"""The table of questions, asked of every reading of the contract that the sandbox knows."""

import random
from datetime import UTC, datetime

import pytest

from bridge.conformance.probes import Answer, Unclear
from bridge.conformance.questions import QUESTIONS, UNASKED, Question
from bridge.conformance.reply import Reply
from bridge.conformance.steps import Mark, Step, body, path
from sandbox.behaviour import Behaviour
from sandbox.call import BASE, read_call
from sandbox.document import read_document
from sandbox.moment import Clock
from sandbox.settings import Settings
from sandbox.world import World

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
MARK = Mark("bridge_conform", "r1")
#: Every switch that a run looks for, away from its default.
FLIPPED: tuple[tuple[str, Answer], ...] = (
    ("envelope", "string-codes"),
    ("envelope", "bare"),
    ("envelope", "empty"),
    ("error_envelope", "string-codes"),
    ("error_envelope", "empty"),
    ("error_envelope", "html"),
    ("failure_in_200", True),
    ("id_field", "interactionId"),
    ("id_style", "uuid"),
    ("bad_key", "403"),
    ("bad_key", "empty"),
    ("bad_key", "html"),
    ("unknown_service", 400),
    ("create_without_external_id", "refuse"),
    ("conflict_shows_id", True),
    ("conflict_scope", "tenant"),
    ("create_after_stop", "conflict"),
    ("after_stop", "shown"),
    ("unknown_parent", "refuse"),
    ("bad_received_at", "accept"),
    ("changed_missing", "refuse"),
    ("changed_missing", "ignore"),
    ("added_existing", "refuse"),
    ("added_existing", "ignore"),
    ("deleted_missing", "refuse"),
    ("key_in_two_lists", "refuse"),
    ("reserved_properties", "ignore"),
    ("user_data_limit", 4_321),
    ("user_data_limit", 32_100),
    ("user_data_limit", 65_535),
    ("user_data_over", 413),
    ("user_data_types", "strict"),
    ("unwrapped_body", "flat"),
    ("unwrapped_body", "refuse"),
    ("not_json", 415),
)


def ask(world: World, question: str, step: Step) -> Reply:
    """Carry a step out without any HTTP."""
    service = {"own": "support", "other": "sales", "nowhere": "nowhere"}[step.where]
    where = path(service, step.operation, f"ext_{MARK.external_id(question, step.name)}")
    call = read_call(
        "GET" if step.operation == "get" else "POST", BASE.removesuffix(b"/openmedia/") + where.encode()
    )
    key = {"right": "KEY", "wrong": "NONE", "none": None}[step.key]
    answer = world.perform(call, key, read_document(body(step, MARK, question) or b""))
    assert answer is not None
    return Reply(answer.status, answer.body, answer.content_type if answer.body else "")


def answer_of(world: World, question: Question) -> Answer | None:
    """Ask one question; None where the replies do not tell."""
    probe = question.probe()
    try:
        step = next(probe)
        while True:
            step = probe.send(ask(world, question.switch, step))
    except StopIteration as end:
        found: Answer = end.value
        return found
    except Unclear:
        return None


def found_in(behaviour: Behaviour) -> dict[str, Answer]:
    """Ask everything of a world that behaves so."""
    known = frozenset({"KEY"})
    settings = Settings(services={"support": known, "sales": known}, behaviour=behaviour)
    world = World(settings, Clock(lambda: NOW), random.Random(7))  # noqa: S311 - repeatable on purpose
    answers = {each.switch: answer_of(world, each) for each in QUESTIONS}
    return {name: value for name, value in answers.items() if value is not None}


def test_the_assumptions_hold_in_a_sandbox_that_was_told_nothing() -> None:
    """Every question has an answer, and it is the switch's default."""
    assert found_in(Behaviour()) == {each.switch: each.assumed for each in QUESTIONS}


@pytest.mark.parametrize(("switch", "value"), FLIPPED)
def test_what_is_found_is_what_was_set(switch: str, value: Answer) -> None:
    """A sandbox that starts with the profile behaves as the one that was asked; nothing is guessed."""
    behaviour = Behaviour.model_validate({switch: value})
    found = found_in(behaviour)
    assert found[switch] == value
    assert Behaviour.model_validate(found) == behaviour


def test_every_switch_is_asked_or_named() -> None:
    """Whoever adds a switch adds a question, or the reason why there is none; and flips it here."""
    asked = {each.switch for each in QUESTIONS}
    assert asked | UNASKED.keys() == set(Behaviour.model_fields)
    assert asked & UNASKED.keys() == set()
    assert {switch for switch, _ in FLIPPED} == asked
