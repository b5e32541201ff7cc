"""Every alert can fire and be quiet, speaks of metrics that there are, and leads to what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_dashboards import told, used
from tests.prometheus_tools import promtool

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "alerts"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ALERTS / "openmedia-bridge.yml").read_text())["groups"]
    for rule in group["rules"]
]
TESTS = yaml.safe_load((ALERTS / "openmedia-bridge.test.yml").read_text())["tests"]
NAMES = [rule["alert"] for rule in RULES]


def test_prometheus_takes_the_rules_and_the_configuration() -> None:
    """As promtool checks them."""
    assert f"{len(RULES)} rules found" in promtool("check", "config", str(ROOT / "deploy" / "prometheus.yml"))


def test_the_rules_do_what_they_are_for() -> None:
    """The unit tests beside them, on series that are written out."""
    promtool("test", "rules", str(ALERTS / "openmedia-bridge.test.yml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_is_seen_to_fire_and_to_be_quiet(name: str) -> None:
    """Each has both kinds of unit tests."""
    kinds = {
        bool(case["exp_alerts"])
        for test in TESTS
        for case in test["alert_rule_test"]
        if case["alertname"] == name
    }
    assert kinds == {True, False}


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """How urgent it is, what is the matter, and a section of the operator's handbook that is there."""
    said = rule["annotations"]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert said["summary"]
    assert said["description"]
    document, _, anchor = said["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / document).read_text(), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
    assert anchor == rule["alert"].lower()


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_alert_watches_metrics_that_there_are(rule: dict[str, Any]) -> None:
    """A misspelt name would never fire."""
    assert used(rule["expr"]) <= told()
