"""`make deploy-check`: deploy/ is read by hadolint, by the schemas of Compose and of Kubernetes, by checkov, and by rules of our own.

A tool that passes everything proves nothing: each first has to refuse a file that is wrong, then it must say how much it has read. Runs
in the environment of requirements/deploy.txt, which holds these tools and nothing of the product.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.manifests import Manifests, problems

TOOLS = Path(sys.prefix) / "bin"

KUBERNETES = ("1.30", "")
"""The oldest that knows all we use (`sleep` before a stop), and the newest that the tool knows."""

CHECKOV = (
    "checkov",
    "--skip-download",
    "--quiet",
    "--compact",
    "-o",
    "json",
    "--framework",
    "dockerfile",
    "kubernetes",
)

A_POD = """{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "wrong"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}"""


@dataclass(frozen=True)
class Reader:
    """A tool. command: reads the files put behind it, or the folder. read: how many objects an output says it has read."""

    name: str
    command: tuple[str, ...]
    read: Callable[[str], int]
    wrong: tuple[tuple[str, str], ...]  # (name of a file, what is in it) that it must refuse

    def run(self, *targets: Path) -> tuple[bool, str]:
        """Whether it is content, and what it says. Raises FileNotFoundError where it is missing."""
        program, *options = self.command
        done = subprocess.run(  # noqa: S603 - our own
            [TOOLS / program, *options, *targets], capture_output=True, text=True, check=False, timeout=300
        )
        return done.returncode == 0, done.stdout + done.stderr


def _checkov(said: str) -> int:
    try:
        reports = json.loads(said)
    except json.JSONDecodeError:
        return 0
    reports = reports if isinstance(reports, list) else [reports]
    return sum(report.get("summary", report).get("resource_count", 0) for report in reports)


def readers(manifests: Manifests) -> list[tuple[Reader, tuple[Path, ...], int]]:
    """(tool, what it reads, how much of it there is at least)."""
    files, count = tuple(manifests.kubernetes_files), len(manifests.objects)
    kubernetes = [
        Reader(
            f"kubernetes-validate {version or 'newest'}",
            ("kubernetes-validate", "--strict", *(("-k", version) if version else ())),
            lambda said: said.count(" passed for resource "),
            (("pod.yaml", A_POD.replace('"image"', '"imago"')),),
        )
        for version in KUBERNETES
    ]
    hadolint = Reader(
        "hadolint",
        ("hadolint", "--failure-threshold", "style"),
        lambda said: said == "",  # of a file it cannot read it would tell
        (("Dockerfile", "FROM python:latest\n"),),
    )
    compose = Reader(
        "compose schema",
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec"),
        lambda said: "validation done" in said,
        (("compose.yaml", "services: {a: {imago: b}}\n"),),
    )
    checkov = Reader(
        "checkov",
        (*CHECKOV, "--config-file", str(manifests.folder / "checkov.yaml"), "--directory"),
        _checkov,
        (("pod.yaml", A_POD), ("Dockerfile", "FROM a:1.0\nUSER root\n")),
    )
    return [
        (hadolint, (manifests.dockerfile,), 1),
        (compose, (manifests.compose_file,), 1),
        *((one, files, count) for one in kubernetes),
        (checkov, (manifests.folder,), 1 + count),
    ]


def complaint(reader: Reader, targets: tuple[Path, ...], least: int) -> str:
    """What is wrong, by this tool or with it; "" where all is well."""
    try:
        for name, text in reader.wrong:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / name
                file.write_text(text)
                content, said = reader.run(file.parent if "--directory" in reader.command else file)
            if content:
                return f"{reader.name} passes a {name} that is wrong, so it checks nothing:\n{said}"
    except FileNotFoundError:
        return f"{reader.name} is not installed: make {sys.prefix}/ready"
    content, said = reader.run(*targets)
    if not content:
        return f"{reader.name} refuses:\n{said}"
    if reader.read(said) < least:
        return f"{reader.name} has read {reader.read(said)} of {least}:\n{said}"
    return ""


def main() -> int:
    """Exit code 1 where a rule is broken or a tool does not do its work."""
    manifests, wrong = Manifests(), []
    for reader, targets, least in readers(manifests):
        begun = time.monotonic()
        said = complaint(reader, targets, least)
        print(f"{'✗' if said else '✓'} {reader.name} ({time.monotonic() - begun:.1f} s)")
        wrong += [said] if said else []
    ours = list(problems(manifests))
    print(
        f"{'✗' if ours else '✓'} rules of our own: {len(list(manifests.images()))} images, {len(manifests.pods())} pods"
    )
    for said in (*wrong, *ours):
        print(f"✗ {said}", file=sys.stderr)
    return 1 if wrong or ours else 0


if __name__ == "__main__":
    sys.exit(main())
