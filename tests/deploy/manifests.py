"""What stands in deploy/ for those who run containers, and what no tool of others asks of it. Needs PyYAML alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"

DRAIN_S = 25
"""What a stopped worker takes at most; tests/deploy/test_manifests.py holds it against the code."""

_PINNED = re.compile(r"[\w./-]+(?::v?\d+\.\d+[\w.-]*(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Manifests:
    """The files of a folder such as deploy/."""

    folder: Path = DEPLOY

    @property
    def dockerfile(self) -> Path:
        """How the image is built."""
        return self.folder / "Dockerfile"

    @property
    def compose_file(self) -> Path:
        """One machine."""
        return self.folder / "compose.yaml"

    @cached_property
    def instructions(self) -> list[tuple[str, str]]:
        """(instruction, the rest) of the Dockerfile, with continued lines joined."""
        text = re.sub(r"^\s*#.*\n", "", self.dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
        lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
        return [(word.upper(), rest) for word, rest in lines]

    @cached_property
    def last_stage(self) -> dict[str, str]:
        """The instructions of what is shipped, by name; the last of each name."""
        start = max(number for number, (word, _) in enumerate(self.instructions) if word == "FROM")
        return dict(self.instructions[start:])

    @cached_property
    def compose(self) -> Any:
        """The compose file, with its anchors followed."""
        return yaml.safe_load(self.compose_file.read_text())

    @cached_property
    def kubernetes_files(self) -> list[Path]:
        """Every manifest, the example of a Secret included."""
        return sorted(path for path in (self.folder / "kubernetes").glob("*.yaml") if path.stem != "kustomization")

    @cached_property
    def objects(self) -> list[Any]:
        """Every object of them."""
        return [
            one for path in self.kubernetes_files for one in yaml.safe_load_all(path.read_text()) if one is not None
        ]

    @property
    def kustomization(self) -> Any:
        """What `kubectl apply -k` takes."""
        return yaml.safe_load((self.folder / "kubernetes/kustomization.yaml").read_text())

    def pods(self) -> dict[str, Any]:
        """The spec of every pod, by the name of what makes it."""
        return {
            one["metadata"]["name"]: one["spec"]["template"]["spec"]
            for one in self.objects
            if "template" in one.get("spec", {})
        }

    def images(self) -> Iterator[tuple[str, str]]:
        """(where it is named, image) of all that is pulled."""
        defaults = dict(rest.split("=", 1) for word, rest in self.instructions if word == "ARG" and "=" in rest)
        for word, rest in self.instructions:
            if word == "FROM":
                yield "Dockerfile", re.sub(r"\$\{(\w+)\}", lambda found: defaults[found[1]], rest.split()[0])
        for name, service in self.compose["services"].items():
            yield f"compose.yaml, {name}", service["image"]
        for name, pod in self.pods().items():
            for container in [*pod["containers"], *pod.get("initContainers", ())]:
                yield f"kubernetes, {name}", container["image"]
        for image in self.kustomization["images"]:
            yield "kustomization.yaml", f"{image['newName']}:{image.get('newTag', '')}"


def problems(manifests: Manifests) -> Iterator[str]:
    """One sentence for each rule of ours that is broken."""
    images = list(manifests.images())
    if not images:
        yield "deploy/ names no image."
    for where, image in images:
        if not _PINNED.fullmatch(image):
            yield f"{where}: {image} is not pinned: name a version."
    for name, service in manifests.compose["services"].items():
        for lack in (*_of_service(service), *_missing(service, manifests.compose)):
            yield f"compose.yaml, {name}: {lack}."
    for name, pod in manifests.pods().items():
        for lack in _of_pod(pod):
            yield f"kubernetes, {name}: {lack}."
    listed = set(manifests.kustomization["resources"])
    there = {path.name for path in manifests.kubernetes_files if ".example." not in path.name}
    for name in sorted(listed ^ there):
        yield f"kustomization.yaml: {name} is {'not listed' if name in there else 'no file'}."


def _of_service(service: Mapping[str, Any]) -> Iterator[str]:
    once = service["restart"] == "on-failure"
    if not once and not service.get("healthcheck", {}).get("test"):
        yield "has no health check"
    if service.get("read_only") is not True:
        yield "may write to its own image"
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add") or service.get("privileged"):
        yield "keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "may gain privileges"
    for limit in ("mem_limit", "pids_limit", "logging"):
        if limit not in service:
            yield f"has no {limit}"
    for port in service.get("ports", ()):
        if not port.startswith("127.0.0.1:"):
            yield f"listens to everybody on {port}"


def _missing(service: Mapping[str, Any], compose: Mapping[str, Any]) -> Iterator[str]:
    for name in set(service.get("secrets", ())) - set(compose["secrets"]):
        yield f"has a secret {name}, which is none"
    for volume in service.get("volumes", ()):
        if volume.partition(":")[0] not in compose["volumes"] and not volume.endswith(":ro"):
            yield f"keeps {volume} outside of a named volume"
    for name, wish in service.get("depends_on", {}).items():
        health = compose["services"][name].get("healthcheck", {}).get("test")
        if (wish["condition"] == "service_healthy") != bool(health):
            yield f"waits for a state of {name} that never comes"


def _of_pod(pod: Mapping[str, Any]) -> Iterator[str]:
    if pod.get("enableServiceLinks") is not False:
        yield "takes the names of neighbours into its environment"
    if pod["securityContext"].get("runAsUser", 0) < 10_000:
        yield "runs as a user that the machine may have, too"
    for container in pod["containers"]:
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        probes = {"startupProbe", "livenessProbe", "readinessProbe"} & container.keys()
        if "ports" in container and len(probes) != 3:
            yield "lacks a probe"
        if "ports" in container and pod.get("terminationGracePeriodSeconds", 30) < DRAIN_S + pause:
            yield "is killed before it has drained"
        writable = {
            mount["mountPath"]
            for mount in container.get("volumeMounts", ())
            if not mount.get("readOnly") and not mount["mountPath"].startswith("/run/secrets")
        }
        if writable != {"/data"}:
            yield f"may write to {sorted(writable)}"
