"""Whoever is woken by an alert finds what it means and what to do, under its own name."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
ALERTS = DEPLOY / "alerts.yaml"


def test_every_alert_has_its_section_in_the_runbook_and_every_section_its_alert() -> None:
    """A heading is the name of an alert, letter by letter."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    told = re.findall(r"^### (.+)$", (DEPLOY / "README.md").read_text().partition("\n## Alerts\n")[2], re.MULTILINE)

    assert set(told) == alerts
    assert len(told) == len(alerts)
