"""Pages that stand alone, of a folder of this test's own."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from service.standalone import standalone


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A page and its style."""
    (tmp_path / "page.css").write_text("p > b { color: red }")
    file = tmp_path / "page.html.j2"
    file.write_text('<meta content="{{ policy }}"><style>{{ style }}</style><p>{{ said }}</p>')
    return file


def test_a_page_has_its_style_as_it_is_and_all_else_escaped(template: Path) -> None:
    """What a customer wrote is text."""
    assert "<style>p > b { color: red }</style><p>&lt;b&gt;</p>" in standalone(template).render(said="<b>")


def test_the_policy_allows_that_style_alone(template: Path) -> None:
    """By its digest; no script, nothing loaded, and no form but where one is due."""
    digest = b64encode(hashlib.sha256(b"p > b { color: red }").digest()).decode()
    policy = standalone(template).policy
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert standalone(template, forms="'self'").policy.endswith("form-action 'self'")


def test_what_a_page_is_not_given_is_an_error(template: Path) -> None:
    """A figure that is missing is not an empty place."""
    with pytest.raises(UndefinedError):
        standalone(template).render()
