"""What is written about the settings is held against the settings: none missing, none invented, no other default."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from service.settings import PREFIX, Settings, load, setting_names
from tests.security.canaries import secret_settings

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "deploy" / "env.example"
_LINE = re.compile(r"#(DESKPILOT_\w+)=(.*)")


def example() -> dict[str, str]:
    """Each setting of the example with the default it shows."""
    return {found[1]: found[2] for line in EXAMPLE.read_text().splitlines() if (found := _LINE.fullmatch(line))}


def default(name: str) -> object:
    """What the setting of this name in the environment is when nobody sets it."""
    return value_in(Settings(), name)


def value_in(settings: Settings, name: str) -> object:
    """What it is in these settings."""
    value: object = settings
    for part in name.removeprefix(PREFIX).lower().split("__"):
        value = getattr(value, part)
    return value.get_secret_value() if name in secret_settings() and not isinstance(value, list) else value  # type: ignore[attr-defined]


def table() -> dict[str, str]:
    """Each setting that the README's table names, and its cell of defaults; `__BASE` goes on where the one before began."""
    section = (ROOT / "README.md").read_text().partition("\n## Settings")[2].partition("\n## ")[0]
    found = {}
    for line in section.splitlines():
        if line.startswith("| `"):
            names, defaults = line.split(" | ")[:2]
            group = ""
            for name in re.findall(r"`(\w+)`", names):
                group = group if name.startswith("__") else name.partition("__")[0]
                found[f"{PREFIX}{group if name.startswith('__') else ''}{name}"] = defaults
    return found


def test_the_example_lists_every_setting_once_and_no_other() -> None:
    """A new setting fails this until it has its lines."""
    named = [found[1] for line in EXAMPLE.read_text().splitlines() if (found := _LINE.fullmatch(line))]

    assert sorted(named) == sorted(setting_names())


def test_each_setting_of_the_example_has_one_line_of_comment_before_it() -> None:
    """No line of the file is anything but a heading, a comment or a setting; the comments of secrets say that they are."""
    lines = EXAMPLE.read_text().splitlines()
    commented = {found[1]: before for before, line in pairwise(lines) if (found := _LINE.fullmatch(line))}

    assert [name for name, comment in commented.items() if not re.match(r"# (?!----)", comment)] == []
    assert [line for line in lines if line and not line.startswith("#")] == []
    assert {name for name, comment in commented.items() if comment.endswith("(secret)")} == set(secret_settings())


def test_the_defaults_of_the_example_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uncommenting every line that says something changes nothing; a line that says nothing is of a setting that is empty."""
    shown = example()
    monkeypatch.delenv("DESKPILOT_SHARED", raising=False)
    Path(".env").write_text("\n".join(f"{name}={value}" for name, value in shown.items() if value))

    assert load() == Settings(_env_file=None)  # type: ignore[call-arg]
    assert [name for name, value in shown.items() if not value and default(name) not in ("", None, [])] == []


def test_the_readme_lists_every_setting_and_no_other() -> None:
    """In its table."""
    assert sorted(table()) == sorted(setting_names())


def test_a_number_that_the_readme_calls_a_default_is_one() -> None:
    """In the order of the names, where a row says as many as it has names."""
    rows: dict[str, list[str]] = {}
    for name, cell in table().items():
        rows.setdefault(cell, []).append(name)
    wrong = []
    for cell, names in rows.items():
        said = [part.strip(" `") for part in cell.split(", ")]
        if len(said) == len(names):
            wrong += [
                f"{name}: {value}"
                for name, value in zip(names, said, strict=True)
                if re.fullmatch(r"[\d.]+|true|false", value) and str(default(name)).lower() not in (value, f"{value}.0")
            ]
    assert wrong == []
    assert sum(bool(re.search(r"\d", cell)) for cell in rows) >= 8


@pytest.mark.parametrize("name", sorted(example()))
def test_a_line_of_the_example_without_its_value_is_as_if_it_were_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """In the environment and in .env: who empties a line has unset it. Of a list, nothing is in it."""
    expected = [] if isinstance(default(name), list) else default(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, "")
    assert value_in(load(), name) == expected
    monkeypatch.delenv(name)
    (tmp_path / ".env").write_text(f"{name}=\n")
    assert value_in(load(), name) == expected


def test_an_empty_line_in_the_environment_leaves_the_one_in_the_file_in_force(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As compose hands on what is not set; of a list, empty is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        "DESKPILOT_RETENTION_DAYS=7\nDESKPILOT_LLM__TIMEOUT_S=99\nDESKPILOT_BRAND__NAME=Acme\nDESKPILOT_LINKS__HOSTS=a.example\n"
    )
    for name in ("RETENTION_DAYS", "LLM__TIMEOUT_S", "BRAND__NAME", "LINKS__HOSTS"):
        monkeypatch.setenv(f"{PREFIX}{name}", "")
    read = load()
    assert (read.retention_days, read.llm.timeout_s, read.brand.name, read.links.hosts) == (7, 99, "Acme", [])
