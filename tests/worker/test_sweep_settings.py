"""Nonsense is refused when the settings are loaded, with its path and a reason."""

from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest

from worker.configuration import load
from worker.errors import SettingsError
from worker.sweep_settings import SweepRules, SweepSettings, ends_of, rules_of
from worker.sweeps import SWEEPER

SERVICE = """
[services.support]
base_url = "http://127.0.0.1:1/nexus/v3"
api_key = "env:KEY"
"""
SWEPT = SERVICE + "[services.support.sweep]\n"
CHANNEL = """
[channels.mail]
connector = "email"
service = "support"
[channels.mail.sweep]
"""


@pytest.fixture
def reason(environment: Callable[..., None], tmp_path: Path) -> Callable[[str], str]:
    """Return why this file is refused."""
    environment()

    def ask(text: str) -> str:
        (tmp_path / "bridge.toml").write_text(text)
        with pytest.raises(SettingsError) as caught:
            load()
        return str(caught.value)

    return ask


@pytest.mark.parametrize(
    ("written", "path", "why"),
    [
        ("idle_s = 0", "idle_s", "greater than or equal to 60"),
        ("idle_s = -3600", "idle_s", "greater than or equal to 60"),
        ("idle_s = nan", "idle_s", "equal to"),
        ("idle_s = 1e12", "idle_s", "less than or equal to"),
        ('idle_s = "three days"', "idle_s", "valid number"),
        ("older_s = -1", "older_s", "greater than or equal to 0"),
        ("every_s = 1", "every_s", "greater than or equal to 60"),
        ("warn_before_s = 1", "warn_before_s", "greater than or equal to 60"),
        ("idle_s = 3600\nwarn_before_s = 3600", "", "must be less than idle_s (3600)"),
        ('quiet_hours = "22-6"', "quiet_hours", "no stretch of a day"),
        ('quiet_hours = "22:00-25:00"', "quiet_hours", "no stretch of a day"),
        ('quiet_hours = "06:00-06:00"', "quiet_hours", "no stretch of a day"),
        ('timezone = "Europe/Nowhere"', "timezone", "no time zone"),
        ('timezone = "../etc/passwd"', "timezone", "no time zone"),
        ('calendar = { hours = "18:00-08:00" }', "calendar", "end before they begin"),
        ("calendar = { days = [] }", "calendar.days", "at least 1 item"),
        ('calendar = { days = ["monday"] }', "calendar.days.0", "'mon'"),
        ('calendar = { holidays = ["Christmas"] }', "calendar.holidays.0", "valid date"),
        ('reason_description = "{since}"', "reason_description", "it may mention {idle} and {sweep}"),
        ('reason_description = "{idle.x}"', "reason_description", "it may mention {idle} and {sweep}"),
        ('reason_description = "{idle"', "reason_description", "a brace too many or too few"),
        ('warn_property = "State"', "warn_property", "reserved for the system"),
        ("cap_per_run = 0", "cap_per_run", "greater than or equal to 1"),
        ("cap_share = 0", "cap_share", "greater than 0"),
        ("idel_s = 3600", "idel_s", "not permitted"),
    ],
)
def test_nonsense_is_refused(reason: Callable[[str], str], written: str, path: str, why: str) -> None:
    """Where it stands, and why."""
    said = reason(SWEPT + written)
    assert f"services.support.sweep{path and '.' + path}" in said
    assert why in said


def test_a_channel_is_held_to_the_rules_together_with_its_service(reason: Callable[[str], str]) -> None:
    """Its own values may be right and yet not fit."""
    said = reason(SWEPT + "idle_s = 3600" + CHANNEL + "warn_before_s = 7200")
    assert "channels.mail.sweep: warn_before_s (7200) must be less than idle_s (3600)" in said
    assert "services.support.sweep is not set" in reason(SERVICE + CHANNEL + "idle_s = 3600")


def test_the_sweepers_name_is_taken(reason: Callable[[str], str]) -> None:
    """Its keys would be those of a channel of that name."""
    assert f"channels.{SWEEPER} has the name" in reason(SERVICE + CHANNEL.replace("mail", SWEEPER))


def test_a_channel_sets_what_it_says_and_nothing_else() -> None:
    """The rest is its service's."""
    service = SweepSettings(idle_s=7200, states=("Queued",))
    assert rules_of(service, None) is service
    rules = rules_of(service, SweepRules(idle_s=3600))
    assert (rules.idle_s, rules.states) == (3600, ("Queued",))


def test_a_day_may_end_at_its_end() -> None:
    """24:00 is no time of the next day."""
    assert ends_of("08:30-24:00") == (time(8, 30), None)
    assert ends_of("22:00-06:00") == (time(22), time(6))
