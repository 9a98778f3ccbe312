"""What stands in deploy/ for containers is of this product: its commands, settings, paths and times; and each rule of ours can be broken."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from prometheus_client import REGISTRY

from service import __version__, jobs, queue, settings
from service.cli import app
from service.demands import idle, unsafe
from service.settings import SettingsProblem
from service.web import health
from tests.deploy.manifests import DEPLOY, DRAIN_S, Manifests, problems
from tests.deploy.wheel import STRANGER

MANIFESTS = Manifests()
PORT = 8400
SECRETS = "/run/secrets"


def config() -> dict[str, str]:
    """The settings of the ConfigMap."""
    (data,) = (one["data"] for one in MANIFESTS.objects if one["kind"] == "ConfigMap")
    return dict(data)


def handed() -> Iterator[tuple[str, str]]:
    """(where, name) of every setting that a file hands over."""
    for word, rest in MANIFESTS.instructions:
        if word == "ENV":
            yield from (
                ("Dockerfile", pair.split("=")[0]) for pair in shlex.split(rest) if pair.startswith("DESKPILOT_")
            )
    for name, service in MANIFESTS.compose["services"].items():
        yield from (
            (f"compose.yaml, {name}", key) for key in service.get("environment", {}) if key.startswith("DESKPILOT_")
        )
    yield from (("configmap.yaml", key) for key in config())


def commands() -> Iterator[tuple[str, list[str]]]:
    """(where, arguments of `deskpilot`)."""
    yield "Dockerfile", list(_json(MANIFESTS.last_stage["CMD"]))
    for name, service in MANIFESTS.compose["services"].items():
        if service["image"].startswith("deskpilot:"):
            yield f"compose.yaml, {name}", service["command"]
    for name, pod in MANIFESTS.pods().items():
        yield f"kubernetes, {name}", pod["containers"][0]["args"]


def _json(text: str) -> list[str]:
    return [part.strip().strip('"') for part in text.strip("[] ").split(",")]


def test_the_files_keep_our_rules() -> None:
    """Pinned images, nothing writable but the data directory, no capabilities, health checks, time to drain."""
    assert list(problems(MANIFESTS)) == []
    assert len(MANIFESTS.pods()) == 3
    assert set(MANIFESTS.compose["services"]) == {"migrate", "web", "worker", "postgres", "qdrant"}


@pytest.mark.parametrize(
    ("file", "there", "instead", "said"),
    [
        ("Dockerfile", "ARG PYTHON=3.11.14-slim-bookworm", "ARG PYTHON=slim", "Dockerfile: python:slim is not pinned"),
        ("compose.yaml", "postgres:17.10", "postgres:latest", "compose.yaml, postgres: postgres:latest is not pinned"),
        ("compose.yaml", "postgres:17.10", "postgres:17", "compose.yaml, postgres: postgres:17 is not pinned"),
        ("compose.yaml", "read_only: true", "read_only: false", "compose.yaml, web: may write to its own image"),
        ("compose.yaml", "cap_drop: [ALL]", "cap_drop: []", "compose.yaml, worker: keeps capabilities"),
        (
            "compose.yaml",
            "no-new-privileges:true",
            "no-new-privileges:false",
            "compose.yaml, qdrant: may gain privileges",
        ),
        ("compose.yaml", "127.0.0.1:8400:8400", "8400:8400", "compose.yaml, web: listens to everybody on 8400:8400"),
        ("compose.yaml", "    mem_limit: 2g\n", "", "compose.yaml, qdrant: has no mem_limit"),
        ("compose.yaml", "secrets: [qdrant_api_key]", "secrets: [a_key]", "compose.yaml, qdrant: has a secret a_key"),
        ("compose.yaml", "test: [CMD, pg_isready,", "tests: [CMD, pg_isready,", "postgres: has no health check"),
        ("compose.yaml", "test: [CMD, pg_isready,", "tests: [CMD, pg_isready,", "waits for a state of postgres"),
        ("kubernetes/web.yaml", "deskpilot:0.1.0", "deskpilot", "kubernetes, deskpilot-web: deskpilot is not pinned"),
        ("kubernetes/web.yaml", "startupProbe:", "other:", "kubernetes, deskpilot-web: lacks a probe"),
        ("kubernetes/worker.yaml", "PeriodSeconds: 60 #", "PeriodSeconds: 20 #", "deskpilot-worker: is killed before"),
        ("kubernetes/worker.yaml", "mountPath: /data", "mountPath: /tmp", "deskpilot-worker: may write to ['/tmp']"),
        ("kubernetes/migrate.yaml", "runAsUser: 10001", "runAsUser: 1000", "deskpilot-migrate: runs as a user that"),
        ("kubernetes/migrate.yaml", "enableServiceLinks: false", "hostUsers: false", "takes the names of neighbours"),
        ("kubernetes/kustomization.yaml", "  - pdb.yaml\n", "", "kustomization.yaml: pdb.yaml is not listed"),
        ("kubernetes/kustomization.yaml", "- pdb.yaml", "- pdp.yaml", "kustomization.yaml: pdp.yaml is no file"),
        ("kubernetes/kustomization.yaml", "newTag: 0.1.0", "newTag: latest", "kustomization.yaml: deskpilot:latest is"),
    ],
)
def test_each_rule_can_be_broken(tmp_path: Path, file: str, there: str, instead: str, said: str) -> None:
    """A rule that no file can break checks nothing."""
    folder = tmp_path / "deploy"
    shutil.copytree(DEPLOY, folder, ignore=shutil.ignore_patterns("demo", "pictures", "decisions"))
    text = (folder / file).read_text()
    assert there in text
    (folder / file).write_text(text.replace(there, instead))

    assert any(said in problem for problem in problems(Manifests(folder)))


@pytest.mark.parametrize(("where", "name"), sorted(set(handed())))
def test_what_a_file_hands_over_is_a_setting(where: str, name: str) -> None:
    """A misspelt one would prevent the start, on the operator's machine."""
    assert name.removesuffix("_FILE") in settings.setting_names(), where


def test_secrets_are_files_and_every_file_is_there() -> None:
    """No value of a secret stands in an environment; no path names a file that nobody mounts."""
    (secret,) = (one for one in MANIFESTS.objects if one["kind"] == "Secret")
    named = {value for name, value in config().items() if name.endswith("_FILE")}
    assert named == {f"{SECRETS}/deskpilot/{key}" for key in secret["stringData"]}
    for pod in MANIFESTS.pods().values():
        (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["mountPath"].startswith(SECRETS))
        assert (mount["mountPath"], mount["readOnly"]) == (f"{SECRETS}/deskpilot", True)

    for name, service in MANIFESTS.compose["services"].items():
        wanted = {value for key, value in service.get("environment", {}).items() if key.endswith("_FILE")}
        assert wanted <= {f"{SECRETS}/{one}" for one in service["secrets"]}, name

    told = {name: value for _, name in handed() for value in [config().get(name, "")]}
    assert not [
        name for name in told if not name.endswith("_FILE") and any(word in name for word in ("KEY", "SECRET", "TOKEN"))
    ]


def test_the_configmap_starts_a_service_and_fails_without_its_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says does not contradict itself; several replicas on engines of their own are refused before anything opens."""
    for name, value in config().items():
        monkeypatch.setenv(
            name.removesuffix("_FILE"), value if name[-5:] != "_FILE" else "dGhlLXNlY3JldC1vZi1hLXRlc3Q="
        )
    monkeypatch.setenv("DESKPILOT_DATABASE_URL", "postgresql://desk:pw@database/desk")
    assert settings.load(idle, unsafe).helpdesks

    for name in ("DATABASE_URL", "QDRANT__URL", "QDRANT__API_KEY"):
        monkeypatch.delenv(f"DESKPILOT_{name}")
    with pytest.raises(SettingsProblem) as refused:
        settings.load(idle, unsafe)
    assert refused.value.problems == [
        f"DESKPILOT_EMBEDDED is false and there is no server: set DESKPILOT_{name}."
        for name in ("DATABASE_URL", "QDRANT__URL")
    ]


@pytest.mark.parametrize(("where", "arguments"), list(commands()))
def test_what_a_container_runs_is_a_command_that_strangers_reach(where: str, arguments: list[str]) -> None:
    """It exists, knows its options, and listens on the port that probes ask, beyond its own loopback."""
    group: Any = typer.main.get_command(app)
    command = group.commands[arguments[0]]

    given = command.make_context(arguments[0], list(arguments[1:])).params

    if arguments[0] != "migrate":
        assert (given["host"], given["port"]) == ("0.0.0.0", PORT), where  # noqa: S104 - in a container


def test_what_is_asked_of_a_container_is_answered() -> None:
    """Ports and paths of probes, scrapes and health checks are those of the service."""
    paths = {route.path for route in health.router({}).routes}  # type: ignore[attr-defined]
    probes = [
        container[probe]["httpGet"]
        for pod in MANIFESTS.pods().values()
        for container in pod["containers"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        if probe in container
    ]
    assert len(probes) == 6
    assert {probe["path"] for probe in probes} == {"/healthz", "/readyz"} <= paths
    ports = [port for pod in MANIFESTS.pods().values() for port in pod["containers"][0].get("ports", ())]
    assert ports == [{"name": "http", "containerPort": PORT}] * 2
    assert MANIFESTS.last_stage["EXPOSE"] == str(PORT)
    check = f"http://127.0.0.1:{PORT}/healthz"
    assert check in MANIFESTS.last_stage["HEALTHCHECK"]
    for name in ("web", "worker"):
        assert check in MANIFESTS.compose["services"][name]["healthcheck"]["test"][-1]
    scraped = [
        one["spec"]["template"]["metadata"]["annotations"] for one in MANIFESTS.objects if one["kind"] == "Deployment"
    ]
    assert [(one["prometheus.io/path"] in paths, one["prometheus.io/port"]) for one in scraped] == [
        (True, str(PORT))
    ] * 2


def test_every_file_names_the_same_user_and_version() -> None:
    """The folder of data belongs to who runs; an upgrade changes all of them."""
    assert MANIFESTS.last_stage["USER"] == f"{STRANGER}:{STRANGER}"
    assert STRANGER >= 10_000
    for pod in MANIFESTS.pods().values():
        context = pod["securityContext"]
        assert {context["runAsUser"], context["runAsGroup"], context["fsGroup"]} == {STRANGER}
    ours = [image for _, image in MANIFESTS.images() if image.startswith("deskpilot")]
    assert set(ours) == {f"deskpilot:{__version__}"}
    assert len(ours) == 7
    assert f'version="{__version__}"' in MANIFESTS.last_stage["LABEL"]


def test_a_container_has_longer_to_stop_than_a_drain_takes() -> None:
    """Who is killed while a ticket is worked on leaves it to a sweep."""
    assert jobs._DRAIN_S + jobs._WOUND_DOWN_S + queue._LAST_S <= DRAIN_S
    for name in ("web", "worker"):
        assert int(MANIFESTS.compose["services"][name]["stop_grace_period"].removesuffix("s")) > DRAIN_S


def test_the_image_is_built_of_what_the_context_holds_and_of_no_embedded_engine() -> None:
    """What is copied is not ignored; PostgreSQL's wheel is in no lock that it installs."""
    ignored = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        source
        for word, rest in MANIFESTS.instructions
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert copied == kept
    assert all((DEPLOY.parent / source).exists() for source in copied)
    locks = {source for source in copied if source.startswith("requirements/")}
    assert not any("pgserver" in (DEPLOY.parent / lock).read_text() for lock in locks)


def test_workers_grow_by_a_figure_that_is_exposed() -> None:
    """Else the autoscaler waits for a metric that nobody tells."""
    wanted = {
        metric["external"]["metric"]["name"]
        for one in MANIFESTS.objects
        if one["kind"] == "HorizontalPodAutoscaler"
        for metric in one["spec"]["metrics"]
        if metric["type"] == "External"
    }
    assert wanted == {"deskpilot_backlog"} <= {family.name for family in REGISTRY.collect()}


def test_a_policy_of_ones_own_is_mounted_as_a_folder_wherever_a_process_reads_it() -> None:
    """A file mounted alone stays the old one; and who does not see it refuses to start, `migrate` too."""
    file = "/etc/deskpilot/policy.yaml"
    assert f"DESKPILOT_POLICY_FILE: {file}" in (DEPLOY / "kubernetes" / "configmap.yaml").read_text()
    assert f"DESKPILOT_POLICY_FILE={file}" in (DEPLOY / "compose.yaml").read_text()
    for name in ("migrate", "web", "worker"):
        assert "./policy:/etc/deskpilot:ro" in MANIFESTS.compose["services"][name]["volumes"]
    for pod in MANIFESTS.pods().values():
        (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["name"] == "policy")
        assert (mount["mountPath"], "subPath" in mount) == ("/etc/deskpilot", False)
        (volume,) = (one for one in pod["volumes"] if one["name"] == "policy")
        assert volume["configMap"] == {"name": "deskpilot-policy", "optional": True}
