"""Does the wheel run as the image runs it? `make wheel-check`, with the system's own Python and its standard library alone.

The wheel is built and installed from the hashed locks into a plain environment without pip. Then a user who owns nothing runs it where
only the data directory can be written: in a mount namespace of its own, whose root is read-only, where the kernel gives us one (as root on Linux);
else by permissions, which is said, and is not enough where REQUIRE_READ_ONLY is set.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SYSTEM = Path("/usr/bin/python3")
STRANGER = 10001
NOBODY = 65534  # PostgreSQL wants to know its user's name, so the embedded one does not start as a number
LONGEST_S = 180.0
DRAINED_S = 25.0

# One place to write, as `read_only` with one volume makes it: every other mount that could be written becomes read-only.
_SEALED = """
mount --make-rprivate / && mount --bind "$0" "$0" || exit 99
awk -v data="$0" '$6 ~ /(^|,)rw(,|$)/ && $5 != data && $5 !~ /^\\/(proc|sys|dev)(\\/|$)/ {print $5}' /proc/self/mountinfo |
while read -r point; do mount -o remount,bind,ro "$point" || exit 99; done
cd "$0" && exec "$@"
"""

A_HELPDESK = {
    "DESKPILOT_FRESHDESK__URL": "http://127.0.0.1:9",  # nobody answers there, which is no reason not to start
    "DESKPILOT_FRESHDESK__API_KEY": "a-key-of-this-check",
    "DESKPILOT_FRESHDESK__WEBHOOK_SECRETS": "a-secret-of-this-check",
}


class Wrong(Exception):
    """What the wheel does not do."""


@dataclass(frozen=True)
class Place:
    """An installed wheel, and how it is run: `data` is all that it may write."""

    home: Path
    sealed: bool

    @property
    def tree(self) -> Path:
        """What must stay as it is."""
        return self.home / "tree"

    @property
    def data(self) -> Path:
        """What may change."""
        return self.home / "data"

    def command(self, arguments: Sequence[str], *, user: int, embedded: bool) -> list[str]:
        """`deskpilot` with these arguments, as that user, with nothing of ours to write to."""
        alone = [str(self.tree / "embedded/bin/python"), "-c", "from service.cli import main; main()"]
        plain = [*(alone if embedded else [str(self.tree / "venv/bin/deskpilot")]), *arguments]
        if os.getuid() != 0:
            return plain
        one = str(user)
        dropped = ["setpriv", "--reuid", one, "--regid", one, "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
        sealed = ["unshare", "--mount", "sh", "-c", _SEALED, str(self.data)] if self.sealed else []
        return [*sealed, *dropped, *plain]

    def start(
        self,
        *arguments: str,
        user: int = STRANGER,
        embedded: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Begin it in the data directory; embedded: with the engines that the image leaves out."""
        if os.getuid() == 0:
            os.chown(self.data, user, user)
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.data),
            "DESKPILOT_DATA_DIR": str(self.data),
        }
        return subprocess.Popen(  # noqa: S603 - our own
            self.command(arguments, user=user, embedded=embedded),
            cwd=self.data,
            env=environment | dict(settings or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        *arguments: str,
        expected: int = 0,
        user: int = STRANGER,
        embedded: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> str:
        """Run it to its end; what it said. Raises Wrong for another exit code, or a traceback."""
        process = self.start(*arguments, user=user, embedded=embedded, settings=settings)
        return ended(process, " ".join(arguments), expected=expected)


def ended(process: subprocess.Popen[str], what: str, *, expected: int) -> str:
    """What it said. Raises Wrong."""
    try:
        out, err = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Wrong(f"deskpilot {what} does not end") from error
    if process.returncode != expected or "Traceback" in err or "Read-only file system" in err:
        raise Wrong(f"deskpilot {what} ended with {process.returncode} instead of {expected}:\n{out}{err}")
    return out + err


def demand(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise Wrong with that sentence where it does not hold."""
    if not holds:
        raise Wrong(otherwise)


def pip(python: Path, *arguments: str) -> None:
    """Install into another environment, with the system's pip; its warnings about this machine are nobody's."""
    ours = [str(SYSTEM), "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet", "--quiet"]
    subprocess.run([*ours, *arguments], check=True)  # noqa: S603 - our own


def build(home: Path) -> Path:
    """The wheel of this tree."""
    subprocess.run([SYSTEM, "-m", "venv", "--without-pip", home / "build"], check=True)  # noqa: S603 - our own
    python = home / "build/bin/python"
    pip(python, "install", "--no-deps", "--require-hashes", "-r", str(ROOT / "requirements/build.txt"))
    pip(python, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(home / "dist"), str(ROOT))
    (wheel,) = (home / "dist").glob("*.whl")
    return wheel


def install(place: Path, wheel: Path) -> None:
    """What the image holds: the lock, the wheel, no pip."""
    subprocess.run([SYSTEM, "-m", "venv", "--without-pip", place / "venv"], check=True)  # noqa: S603 - our own
    python = place / "venv/bin/python"
    wheels = ("--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements/runtime.txt"))
    pip(python, "install", "--no-deps", *wheels)
    pip(python, "install", "--no-deps", "--no-index", str(wheel))


def install_engines(place: Path) -> None:
    """Beside it: what one process on its own engines needs more."""
    subprocess.run([SYSTEM, "-m", "venv", "--without-pip", place / "embedded"], check=True)  # noqa: S603 - our own
    (held,), (packages,) = ((place / name / "lib").glob("*/site-packages") for name in ("venv", "embedded"))
    (packages / "image.pth").write_text(f"{held}\n")
    pip(
        place / "embedded/bin/python",
        "install",
        "--no-deps",
        "--require-hashes",
        "-r",
        str(ROOT / "requirements/embedded.txt"),
    )


def held(tree: Path) -> dict[str, int]:
    """Every file and folder in it, and when it changed."""
    return {str(path.relative_to(tree)): path.lstat().st_mtime_ns for path in tree.rglob("*")}


def can_seal(data: Path) -> bool:
    """Whether this kernel lets us make a read-only world for a process."""
    if os.getuid() != 0:
        return False
    probe = ["unshare", "--mount", "sh", "-c", _SEALED, str(data), "sh", "-c", 'touch "$0/it" && ! touch "$0/../it"']
    try:
        return subprocess.run([*probe, str(data)], check=False, capture_output=True).returncode == 0  # noqa: S603 - our own
    except FileNotFoundError:
        return False


def asked(url: str, *, status: int = 200) -> str:
    """The body of an answer. Raises Wrong for another status."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
            given, body = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        given, body = error.code, error.read().decode()
    demand(given == status, f"{url} answers {given} instead of {status}: {body}")
    return str(body)


@contextmanager
def serving(place: Place) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`serve` on its own engines, and where it listens."""
    process = place.start("serve", "--host", "0.0.0.0", "--port", "0", user=NOBODY, embedded=True, settings=A_HELPDESK)  # noqa: S104
    try:
        yield process, address(process)
    finally:
        if process.poll() is None:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    """Where it says that it listens. Raises Wrong where it ends before."""
    said: list[str] = []
    for line in process.stderr or ():
        said.append(line)
        if found := re.search(r" on http://[\d.]+:(\d+)", line):
            return f"http://127.0.0.1:{found[1]}"
    raise Wrong(f"it does not listen:\n{''.join(said)}")


def check_image(place: Place) -> None:
    """What is installed is what the image holds: it says what it lacks in sentences."""
    said = place.run("--version")
    demand(said.startswith("deskpilot "), f"--version says {said!r}")
    said = place.run("serve", expected=1, settings=A_HELPDESK)
    demand("no database is set: set DESKPILOT_DATABASE_URL" in said, f"without a database serve says:\n{said}")
    said = place.run("serve", expected=2, settings=A_HELPDESK | {"DESKPILOT_EMBEDDED": "false"})
    lacking = [name for name in ("DESKPILOT_DATABASE_URL", "DESKPILOT_QDRANT__URL") if f"set {name}." in said]
    demand(len(lacking) == len(said.splitlines()) == 2, f"as one of several, serve says:\n{said}")


def check_alone(place: Place) -> float:
    """One process on its own engines: ready, with its pages, and gone without a word when told to stop. Seconds of the drain."""
    with serving(place) as (process, url):
        demand(json.loads(asked(f"{url}/healthz")) == {"status": "alive"}, "/healthz")
        demand(json.loads(asked(f"{url}/readyz"))["ready"], "/readyz")
        demand("deskpilot_" in asked(f"{url}/metrics"), "/metrics holds none of our figures")
        demand("<style>" in asked(f"{url}/feedback/nothing", status=404), "the page of votes has lost its style")
        place.run("knowledge", "report", "--html", "report.html", user=NOBODY, embedded=True)
        demand("<style>" in (place.data / "report.html").read_text(), "the knowledge report has lost its style")
        check_shared(place)
        begun = time.monotonic()
        stop(process, "serve")
        took = time.monotonic() - begun
    demand(took < DRAINED_S, f"serve took {took:.1f} s to stop")
    demand(not (place.data / "serve.json").exists(), "serve says that it runs after it ended")
    return took


def stop(process: subprocess.Popen[str], what: str) -> None:
    """As a container platform does. unshare, sh and setpriv have each become the next: its number is deskpilot's."""
    process.send_signal(signal.SIGTERM)
    ended(process, what, expected=0)


def check_shared(place: Place) -> None:
    """What the image runs, on the PostgreSQL that is there; its Qdrant is not, which keeps no webhook out."""
    sockets = (place.data / "postgres/postmaster.pid").read_text().splitlines()[4]
    own = place.data / "web"
    shared = A_HELPDESK | {
        "DESKPILOT_EMBEDDED": "false",
        "DESKPILOT_DATABASE_URL": f"postgresql://postgres@/postgres?host={sockets}",
        "DESKPILOT_QDRANT__URL": "http://127.0.0.1:9",
        "DESKPILOT_DATA_DIR": str(own),
        "DESKPILOT_TELEMETRY__OTLP_ENDPOINT": "http://127.0.0.1:9",  # what sends traces is loaded only where one is set
    }
    said = place.run("migrate", user=NOBODY, settings=shared)
    demand("The database is at revision" in said, f"migrate says {said!r}")
    for arguments, status in ((("serve", "--no-worker", "--port", "0"), 200), (("work", "--port", "0"), 503)):
        process = place.start(*arguments, user=NOBODY, settings=shared)
        try:
            url = address(process)
            asked(f"{url}/healthz")
            asked(f"{url}/readyz", status=status)
            stop(process, " ".join(arguments))
        finally:
            if process.poll() is None:
                process.kill()


def check(home: Path) -> None:
    """All of it. Raises Wrong."""
    begun = time.monotonic()
    home.chmod(0o755)
    (home / "tree").mkdir()
    (home / "data").mkdir(mode=0o700)
    place = Place(home, sealed=can_seal(home / "data"))
    who = "a stranger" if os.getuid() == 0 else "you"
    how = "on a read-only root" if place.sealed else "held by permissions alone: no mount namespace could be had here"
    demand(
        place.sealed or not os.environ.get("REQUIRE_READ_ONLY"),
        "no read-only root could be had: run it as root on Linux",
    )
    wheel = build(home)
    install(place.tree, wheel)
    print(f"{wheel.name}: built, installed ({time.monotonic() - begun:.0f} s)")
    install_engines(place.tree)
    before = held(place.tree)
    check_image(place)
    drained = check_alone(place)
    place.run("demo", "--check", "--no-browser", user=NOBODY, embedded=True)
    after = held(place.tree)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    demand(not changed, f"written beside the data directory: {changed}")
    demand(
        {path.name for path in home.iterdir()} == {"build", "data", "dist", "tree"},
        "something was left beside the tree",
    )
    print(f"{wheel.name}: runs as {who}, {how}; drained in {drained:.1f} s ({time.monotonic() - begun:.0f} s)")


def main() -> int:
    """Exit code 1 and a sentence where the wheel does not run."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-wheel-") as directory:
        try:
            check(Path(directory))
        except Wrong as error:
            print(f"✗ {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
