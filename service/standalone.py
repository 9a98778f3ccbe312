"""Pages that stand alone: a template, the style sheet beside it, and a policy that lets the page have that style and nothing else."""

from __future__ import annotations

import functools
import hashlib
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Standalone:
    """policy: the value of a Content-Security-Policy, to stand in the page as well where it is sent as a file."""

    template: Template
    style: Markup
    policy: str

    def render(self, **given: object) -> str:
        """HTML. Everything given is escaped; `style` and `policy` are there without being given."""
        return self.template.render(style=self.style, policy=self.policy, **given)


@functools.cache
def standalone(template: Path, *, forms: str = "'none'") -> Standalone:
    """The page of this template ("audit.html.j2", its style "audit.css" beside it). forms: where its forms may go. Blocks once."""
    style = template.with_name(f"{template.name.partition('.')[0]}.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Standalone(
        templates(template.parent).get_template(template.name),
        Markup(style),  # noqa: S704 - our own file
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {forms}",
    )


@functools.cache
def templates(folder: Path) -> Environment:
    """The templates of a folder: what they are given is escaped, and what they are not given is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
