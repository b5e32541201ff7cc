"""What a sweep decides becomes a command under a guard, under a key that any other sweep would use."""

from datetime import UTC, datetime, timedelta

from worker.commands import OnEnded, OnMissing, Stop, Update, decode, encode
from worker.interactions import Interaction
from worker.sweep.orders import key, order
from worker.sweep.policy import What
from worker.sweep_settings import SweepRules
from worker.sweeps import Idle

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=8)
OPEN = Interaction(service="support", external_id="c-1").opened(interaction_id="I1", channel="mail", at=SINCE)
SWEEP = "0" * 32


def idle(interaction: Interaction = OPEN, since: datetime = SINCE) -> Idle:
    """Return an idle interaction."""
    return Idle("c-1", since, interaction, 0)


def test_a_stop_carries_its_guard_and_its_reason() -> None:
    """Through the wire, too."""
    rules = SweepRules(states=("Queued",), exempt={"vip": ("yes",)}, reason_system_name="stale")
    stop = order(idle(), What.STOP, rules, service="support", sweep=SWEEP, now=NOW)
    assert isinstance(stop, Stop)
    assert (stop.reason_system_name, stop.reason_description) == (
        "stale",
        f"nothing happened for 8 d (sweep {SWEEP})",
    )
    assert stop.guard is not None
    assert (stop.guard.idle_since, stop.guard.states, stop.guard.sweep) == (SINCE, ("Queued",), SWEEP)
    assert stop.guard.exempt == {"vip": ("yes",)}
    assert (stop.channel, stop.trace_id, stop.received_at) == ("sweep", SWEEP, NOW)
    assert decode(encode(stop)) == stop


def test_a_warning_says_from_when_on_it_may_be_stopped() -> None:
    """It opens nothing where the interaction has gone."""
    warning = order(
        idle(), What.WARN, SweepRules(warn_before_s=3600), service="support", sweep=SWEEP, now=NOW
    )
    assert isinstance(warning, Update)
    assert warning.changed == {"bridge_stale_warning": "2026-11-23T13:00:00Z"}
    assert (warning.on_missing, warning.on_ended) == (OnMissing.DROP, OnEnded.DROP)
    assert warning.guard is not None
    assert warning.guard.idle_since == SINCE


def test_a_key_names_interaction_activity_and_how_often_it_was_left_alone() -> None:
    """Whatever else differs, two sweeps that saw the same have the same key and fingerprint."""
    first = order(idle(), What.STOP, SweepRules(), service="support", sweep="1" * 32, now=NOW)
    other_rules = SweepRules(reason_system_name="other", states=("Queued",))
    second = order(
        idle(), What.STOP, other_rules, service="support", sweep="2" * 32, now=NOW + timedelta(hours=1)
    )
    assert (first.idempotency_key, first.fingerprint) == (second.idempotency_key, second.fingerprint)
    follow_up = OPEN.follow_up().opened(interaction_id="I2", channel="mail", at=SINCE)
    keys = {
        key(idle(), What.STOP),
        key(idle(), What.WARN),
        key(idle(since=SINCE + timedelta(milliseconds=1)), What.STOP),
        key(idle(follow_up), What.STOP),
        key(idle(OPEN.left_alone(at=NOW)), What.STOP),
        key(idle(OPEN.left_alone(at=NOW).left_alone(at=NOW)), What.STOP),
    }
    assert len(keys) == 6
