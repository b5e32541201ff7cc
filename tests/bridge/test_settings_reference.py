"""The settings reference, against the models and the page that is kept."""

from pathlib import Path

from bridge.settings_reference import meanings, reference
from worker.settings import HttpSettings, ServiceSettings

_PAGE = Path(__file__).parents[2] / "docs/settings.md"


def test_the_page_is_up_to_date() -> None:
    """Whoever changes a setting runs `make reference`."""
    assert _PAGE.read_text() == reference(), "run: make reference"


def test_every_setting_says_what_it_means() -> None:
    """A setting without a sentence is not one that a stranger can set."""
    assert [line for line in reference().splitlines() if line.endswith("|  |")] == []


def test_what_is_told_of_a_setting() -> None:
    """Its type with limits, its default where it stands, and its meaning."""
    lines = reference().splitlines()
    assert (
        "| `partitions` | whole number, ≥ 1, ≤ 256 | `1` | Shares of the lanes, for Redis Cluster. "
        "Fixed once data exists. |"
    ) in lines
    assert "| `api_key` | reference to a secret | must be set | Sent as `x-api-key`. |" in lines
    assert "## `[services.NAME.gate.breaker]`" in lines
    assert "## `[[channels.NAME.buckets]]`" in lines
    # the same table elsewhere, with defaults of its own
    hook = lines.index("## `[subscriptions.NAME.retry]`")
    service = lines.index("## `[services.NAME.retry]`")
    assert any(line.startswith("| `max_attempts` | whole number, ≥ 1 | `1000`") for line in lines[hook:])
    assert any(line.startswith("| `max_attempts` | whole number, ≥ 1 | `40`") for line in lines[service:hook])


def test_a_comment_holds_for_like_fields_below_it() -> None:
    """But not for one of another type, nor for one with a comment of its own."""
    http, service = meanings(HttpSettings), meanings(ServiceSettings)
    assert http["head_timeout_s"] == http["body_timeout_s"] != ""
    assert service["connect_timeout_s"] != service["call_timeout_s"]
    assert service["retry"] == ""
