"""The table of questions, asked of every reading of the contract that the sandbox knows."""

import random
from collections.abc import Mapping
from dataclasses import replace
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
    ("racing_creates", "both"),
    ("create_after_stop", "conflict"),
    ("conflict_for_s", 1),
    ("conflict_for_s", 7),
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
#: What else has to be set for a switch to mean anything.
ALONG: Mapping[str, Mapping[str, Answer]] = {"conflict_for_s": {"create_after_stop": "conflict"}}


def ask(world: World, question: str, step: Step) -> Reply:
    """Carry a step out without any HTTP, and without waiting."""
    world.clock.offset_s += step.pause_s
    reply = _sent(world, question, step)
    return replace(reply, twin=_sent(world, question, step)) if step.twice else reply


def _sent(world: World, question: str, step: Step) -> Reply:
    service = {"own": "support", "other": "sales", "nowhere": "nowhere"}[step.where]
    where = path(service, step.operation, f"ext_{MARK.external_id(question, step.name)}")
    call = read_call(
        "GET" if step.operation == "get" else "POST", BASE.removesuffix(b"/openmedia/") + where.encode()
    )
    key = {"right": "KEY", "wrong": "NONE", "none": None}[step.key]
    answer = world.perform(call, key, read_document(body(step, MARK, question) or b""))
    assert answer is not None
    kind = answer.content_type if answer.body else ""
    return Reply(answer.status, answer.body, kind, world.clock.offset_s)


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
    answers: dict[str, Answer] = {}
    for each in QUESTIONS:
        asked, wanted = each.follows or ("", None)
        if answers.get(asked) == wanted and (found := answer_of(world, each)) is not None:
            answers[each.switch] = found
    return answers


def test_the_assumptions_hold_in_a_sandbox_that_was_told_nothing() -> None:
    """Every question has an answer, but those that others make one; and it is the switch's default."""
    assert found_in(Behaviour()) == {each.switch: each.assumed for each in QUESTIONS if not each.follows}


@pytest.mark.parametrize(("switch", "value"), FLIPPED)
def test_what_is_found_is_what_was_set(switch: str, value: Answer) -> None:
    """A sandbox that starts with the profile behaves as the one that was asked; nothing is guessed."""
    behaviour = Behaviour.model_validate({switch: value, **ALONG.get(switch, {})})
    found = found_in(behaviour)
    assert found[switch] == value
    assert Behaviour.model_validate(found) == behaviour


def test_every_switch_is_asked_or_named() -> None:
    """Whoever adds a switch adds a question, or the reason why there is none; and flips it here."""
    asked = {each.switch for each in QUESTIONS}
    assert asked | UNASKED.keys() == set(Behaviour.model_fields)
    assert asked & UNASKED.keys() == set()
    assert {switch for switch, _ in FLIPPED} == asked
