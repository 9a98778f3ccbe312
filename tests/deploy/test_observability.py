"""Dashboards and alerts, held against the metrics of a service that has really answered tickets."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import promql_parser
import psycopg
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families
from promql_parser import AggregateExpr, BinaryExpr, MatchOp, VectorSelector
from sqlalchemy.engine import make_url

from service import metrics
from service.demo.stage import staged
from service.knowledge.sources import sync_all
from tests import fake_llm
from tests.story.articles import write_articles
from tests.story.model import ANALYSIS, DRAFT, answering

ROOT = Path(__file__).parent.parent.parent
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
ALERTS = ROOT / "deploy" / "alerts.yaml"
EVERY_DASHBOARD = pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)

SOURCES = "\n".join(path.read_text() for path in sorted((ROOT / "service").rglob("*.py")))
"""Where a label's value is written that only trouble makes: "parked"."""

GRAFANAS = {"$__rate_interval": "5m", "$__range": "6h"}
SCRAPERS = {"instance", "job"}
"""Labels that Prometheus adds."""

HOSTILE = "quokka <b>wombat</b> \N{PILE OF POO}"


@dataclass(frozen=True)
class Exposed:
    """What a scrape told: labels by name of the series, and the values seen of each label."""

    labels: Mapping[str, frozenset[str]]
    values: Mapping[str, frozenset[str]]
    text: str


@dataclass(frozen=True)
class Expression:
    """An expression of PromQL and where it stands."""

    where: str
    text: str

    @property
    def parsed(self) -> promql_parser.Expr:
        """Its tree. Raises ValueError."""
        text = self.text
        for name, value in GRAFANAS.items():
            text = text.replace(name, value)
        parsed: promql_parser.Expr = promql_parser.parse(text)
        return parsed


@pytest.fixture(scope="module")
def exposed(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Exposed:
    """/metrics of a service that has answered a few tickets, each of a stranger who would like to be a label."""
    for one in _declared().values():  # what other tests counted in this process
        if one._labelnames:
            one.clear()
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE observed TEMPLATE template")
    url = make_url(postgres).set(database="observed").render_as_string(hide_password=False)
    articles = write_articles(tmp_path_factory.mktemp("desk") / "articles")
    with fake_llm.serving() as model, asyncio.Runner() as runner:
        model.otherwise = answering(ANALYSIS, DRAFT)
        llm = model.settings(price_in=1.0, price_out=2.0, daily_cap=50.0)
        return _read(runner.run(_scraped(articles, {"database_url": url, "llm": llm})))


async def _scraped(articles: Path, settings: Mapping[str, Any]) -> str:
    async with staged(articles, debounce_s=0, debounce_max_s=0, reconcile_every_s=0, **settings) as stage:
        await sync_all(stage.service.tools.library, progress=lambda *_: None)
        for helpdesk in ("zendesk", "freshdesk"):
            desk, address = stage.simulator(helpdesk), "wombat@customer.example"
            asked = f"Where is my parcel? {HOSTILE}"
            ticket = await desk.open_ticket(name=HOSTILE, email=address, subject=HOSTILE, text=asked)
            while not desk.notes(ticket) or await stage.service.jobs.busy(helpdesk, ticket):
                await asyncio.sleep(0.02)
        async with httpx.AsyncClient(base_url=stage.url) as http:
            await http.post(f"/webhooks/zendesk/{quote(HOSTILE)}", content=HOSTILE.encode())
            await http.post(f"/webhooks/{quote(HOSTILE)}", content=b"{}")
            return (await http.get("/metrics")).text


def _read(text: str) -> Exposed:
    """Of a metric that nothing was counted of yet, the scrape tells the name, and its declaration the labels."""
    declared = _declared()
    labels: dict[str, set[str]] = {}
    values: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        if not family.name.startswith("deskpilot_") or family.name.endswith("_created"):
            continue
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        for ending in endings:
            own = declared[family.name]._labelnames
            labels[f"{family.name}{ending}"] = {*own, *(["le"] if ending == "_bucket" else [])}
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                assert labels[sample.name] == sample.labels.keys()
                for name, value in sample.labels.items():
                    values.setdefault(name, set()).add(value)
    return Exposed(
        {name: frozenset(own) for name, own in labels.items()},
        {name: frozenset(seen) for name, seen in values.items()},
        text,
    )


def _declared() -> dict[str, MetricWrapperBase]:
    return {one._name: one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)}


def board(path: Path) -> dict[str, Any]:
    """A dashboard."""
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def panels(path: Path) -> list[dict[str, Any]]:
    """What a dashboard shows, without its headings."""
    return [one for one in board(path)["panels"] if one["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    """The alerts."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> Iterator[Expression]:
    """Everything that is asked of Prometheus."""
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                yield Expression(f"{path.stem}: {panel['title']}", target["expr"])
    for rule in rules():
        yield Expression(rule["alert"], rule["expr"])


EVERY_EXPRESSION = pytest.mark.parametrize("expression", list(expressions()), ids=lambda one: one.where)


def nodes(expression: Expression) -> list[promql_parser.Expr]:
    """Every part of an expression."""
    found: list[promql_parser.Expr] = []
    promql_parser.walk(expression.parsed, found.append)
    return found


def problems(expression: Expression, exposed: Exposed) -> list[str]:
    """What an expression asks for that the service does not expose."""
    found, asked = [], set[str]()
    parts = nodes(expression)
    for part in parts:
        if isinstance(part, VectorSelector):
            if part.name is None or part.name not in exposed.labels:
                found.append(f"no metric {part.name}")
                continue
            own = exposed.labels[part.name]
            asked |= own
            for matcher in part.matchers.matchers:
                if matcher.name not in own | SCRAPERS:
                    found.append(f"{part.name} has no label {matcher.name}")
                exact = matcher.op in (MatchOp.Equal, MatchOp.NotEqual)
                found += [
                    f"{matcher.name} is never {value}"
                    for value in ([matcher.value] if exact else matcher.value.split("|"))
                    if value not in exposed.values.get(matcher.name, ()) and f'"{value}"' not in SOURCES
                ]
    for part in parts:
        if isinstance(part, AggregateExpr) and part.modifier:
            found += [f"nothing has a label {name}" for name in part.modifier.labels if name not in asked | SCRAPERS]
        if isinstance(part, BinaryExpr) and part.modifier and part.modifier.matching:
            found += [f"nothing has a label {name}" for name in part.modifier.matching.labels if name not in asked]
    return found


@EVERY_EXPRESSION
def test_an_expression_asks_for_what_the_service_exposes(expression: Expression, exposed: Exposed) -> None:
    """Each name, each label and each value of one; and it can be parsed at all."""
    assert problems(expression, exposed) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rate(deskpilot_job_total[5m])", "no metric deskpilot_job_total"),
        ('deskpilot_backlog{helpdesks="zendesk"}', "deskpilot_backlog has no label helpdesks"),
        ('deskpilot_backlog{state=~"waiting|parkd"}', "state is never parkd"),
        ("sum by (stat) (deskpilot_backlog)", "nothing has a label stat"),
        ("sum by (le) (deskpilot_note_seconds_count)", "nothing has a label le"),
    ],
)
def test_a_wrong_name_is_found(text: str, said: str, exposed: Exposed) -> None:
    """Else the test above would prove nothing."""
    assert said in problems(Expression("here", text), exposed)
    with pytest.raises(ValueError, match=r"."):
        promql_parser.parse(text + ")")


def test_every_metric_is_looked_at_somewhere(exposed: Exposed) -> None:
    """What no dashboard and no alert asks for is counted for nobody."""
    asked = {part.name for one in expressions() for part in nodes(one) if isinstance(part, VectorSelector)}
    bases = {re.sub(r"_(bucket|count|sum)$", "", name or "") for name in asked}

    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in exposed.labels} - bases == set()


def test_no_label_holds_what_a_stranger_wrote(exposed: Exposed) -> None:
    """Not in a ticket, a name, an address or the path of a webhook: or anybody could fill our memory with series."""
    told = " ".join(value for values in exposed.values.values() for value in values).lower()

    assert [word for word in ("quokka", "wombat", "parcel", "customer.example") if word in told] == []
    assert max(len(values) for name, values in exposed.values.items() if name != "le") < 25
    assert len([line for line in exposed.text.splitlines() if line.startswith("deskpilot_")]) < 1_000


def test_what_was_done_is_counted(exposed: Exposed) -> None:
    """Two tickets, from their webhooks to their notes."""
    assert 'deskpilot_note_seconds_count{helpdesk="zendesk"}' in exposed.text
    assert 'deskpilot_model_cost_total{model="main"}' in exposed.text
    assert exposed.values["stage"] >= {"receive", "look", "read", "analyse", "passages", "draft", "guard", "post"}
    assert exposed.values["source"] >= {"folder", "zendesk", "freshdesk"}
    assert exposed.values["bucket"] >= {"calls"}
    assert exposed.values["to"] >= {"zendesk", "freshdesk", "llm"}


@EVERY_DASHBOARD
def test_a_dashboard_can_be_imported_and_read(path: Path) -> None:
    """From any Prometheus: each panel says what it shows, in which unit, and lies beside the others."""
    read, shown = board(path), panels(path)
    (variable,) = read["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    assert len({one["id"] for one in read["panels"]}) == len(read["panels"])
    for panel in shown:
        assert panel["title"]
        assert len(panel["description"]) > 10
        asked = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {one["uid"] for one in asked} == {"${" + variable["name"] + "}"}
        assert panel["type"] == "heatmap" or panel["fieldConfig"]["defaults"]["unit"]
    places = [
        (x, y)
        for one in read["panels"]
        for x in range(one["gridPos"]["x"], one["gridPos"]["x"] + one["gridPos"]["w"])
        for y in range(one["gridPos"]["y"], one["gridPos"]["y"] + one["gridPos"]["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24


def test_an_alert_says_how_grave_it_is_what_happened_and_where_to_read_on() -> None:
    """The anchor in the runbook is the alert's own name."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"]["summary"].endswith((".", "?"))
        assert rule["annotations"]["runbook"] == f"deploy/README.md#{rule['alert'].lower()}"
        assert promql_parser.parse_duration(rule.get("for", "1s")) is not None
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            assert re.search(rf"by \([^)]*\b{label}\b", rule["expr"]), rule["alert"]
