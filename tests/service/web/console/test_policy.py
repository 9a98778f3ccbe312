"""The page that shows the policy. No script runs here."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from service.assembly import Service
from service.policy.standing import Policies
from service.web.app import create_app
from tests.service.web.console.visitor import Browser


def read(page: httpx.Response) -> str:
    """What somebody reads, without the tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])).split())


async def test_the_page_shows_the_policy_and_what_is_wrong_with_its_file(service: Service, tmp_path: Path) -> None:
    """Kinds of tickets, rules, permissions; after a bad change the problems, and what stays in force. The service stays able."""
    file = tmp_path / "policy.yaml"
    file.write_text(
        "version: 1\nextends: builtin\nname: Our <i>own</i>\nwrite: {priority: yes}\n"
        "rules: [{name: big, when: {amount: {over: 500}}, then: {tier: 3, priority: high}}]\n"
    )
    async with Policies.opened(file, service.database, every_s=3600) as policies:
        transport = httpx.ASGITransport(create_app(replace(service, policies=policies)), client=("192.0.2.7", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as http:
            browser = Browser(http)
            await browser.sign_in()
            page = await browser.get("/admin/policy")
            assert "Our &lt;i&gt;own&lt;/i&gt;" in page.text
            assert policies.current().version in read(page)
            assert "big 3 : only a person amount over 500 priority high" in read(page)
            assert "Written beside the note priority" in read(page)
            assert "problem" not in read(page)

            file.write_text("version: 1\nnmae: x\nlanguages: 3\n")
            await policies.look()
            await policies.look()
            page = await browser.get("/admin/policy")
            assert "The file has 2 problems." in read(page)
            assert "Line 2: nmae is no key that is known here. Did you mean name?" in read(page)
            assert "Our &lt;i&gt;own&lt;/i&gt;" in page.text
            assert (await browser.get("/readyz")).status_code == 200


async def test_without_a_file_the_page_says_whose_policy_it_is(service: Service) -> None:
    """And how to have one of one's own."""
    transport = httpx.ASGITransport(create_app(service), client=("192.0.2.7", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as http:
        browser = Browser(http)
        await browser.sign_in()
        text = read(await browser.get("/admin/policy"))

    assert "Built-in policy File none: the policy that deskpilot brings. Set DESKPILOT_POLICY_FILE" in text


@pytest.mark.parametrize("name", ["danger", "a customer worth keeping"])
async def test_every_rule_stands_there(service: Service, name: str) -> None:
    """With its condition in words."""
    transport = httpx.ASGITransport(create_app(service), client=("192.0.2.7", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as http:
        browser = Browser(http)
        await browser.sign_in()

        assert name in read(await browser.get("/admin/policy"))
