"""The report as a browser shows it: two configurations, on every width, with nothing cut off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.backtest.page import About, backtest_page
from service.backtest.results import compared, summary
from service.groups import LLMSettings, TeamSettings
from service.settings import Settings
from tests.browser import open_page
from tests.service.backtest.test_results import some

SMALL = LLMSettings(base_url="http://127.0.0.1:1/v1", model="small", price_in=0.15, price_out=0.6)
LARGE = LLMSettings(base_url="http://127.0.0.1:1/v1", model="a-larger-model-with-a-long-name", fast_model="small")
TEXT = "The depot has your parcel: it is delivered tomorrow, and the tracking moves again tonight."


def page(*, stopped: str = "", sides: int = 2, replayed: int = 56) -> str:
    """Sixty messages; the second configuration drafts for fewer, and better."""
    first = [*some(40, asked=TEXT, drafted=TEXT, sent=TEXT), *some(15, first=40, use="edited", fidelity=0.8, sent=TEXT),
             *some(5, first=55, verdict="uncovered", use="", fidelity=None, reason="no article says so")]  # fmt: skip
    second = [
        replace(one, fidelity=1.0 if one.fidelity else None, cost=0.02, model="large")
        for one in first[4 : 4 + replayed]
    ]
    results = [first, second][:sides]
    settings = [Settings(llm=llm, team=TeamSettings(timezone="Europe/Berlin")) for llm in (SMALL, LARGE)][:sides]
    about = About(datetime(2026, 11, 23, 9, 5, tzinfo=UTC), settings, ["freshdesk", "zendesk"], stopped,
                  versions=["1f2e3d", "4c5b6a"][:sides])  # fmt: skip
    against = compared(first, second, margin=0.02) if sides > 1 else None
    return backtest_page(about, results, [summary(one) for one in results], against)


def test_it_says_what_it_is_of() -> None:
    """When it was made, of which helpdesks, by which models at which prices; and that it is not finished."""
    html = page(stopped="the network is down")
    for said in (
        "Made on 23 November 2026, 10:05 · Freshdesk and Zendesk",
        "a-larger-model-with-a-long-name, analysis by small",
        "0.15 in, 0.6 out",
        "none are set",
        'the built-in one</strong> <span class="soft">version 4c5b6a',
        "Unfinished: the network is down.",
    ):
        assert said in html
    assert "Unfinished" not in page()


def test_the_picture_is_of_all_messages_and_the_table_of_drafts() -> None:
    """Both say so."""
    html = page(sides=1)
    assert "Of all 60 messages:" in html
    assert "sent as is 67%" in html
    assert '<strong>73%</strong> <span class="soft">of 55 drafts, 60% to 83%</span>' in html


@pytest.mark.parametrize("width", [1280, 1100, 700, 390])
async def test_nothing_is_cut_off_on_any_width(tmp_path: Path, width: int) -> None:
    """Of two configurations beside each other, or below each other on a phone."""
    file = tmp_path / "report.html"
    file.write_text(page(), encoding="utf-8")
    async with open_page(width=width, height=900) as shown:
        await shown.goto(file.as_uri())
        cut = await shown.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.wide, td, th, p, li')]"
            ".filter((one) => getComputedStyle(one).position !== 'absolute' && !one.closest('thead')"
            " && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline').map((one) => one.outerHTML.slice(0, 80))"
        )
        drawn = await shown.evaluate("getComputedStyle(document.querySelector('rect.asis')).fill")
        side_by_side = await shown.evaluate("getComputedStyle(document.querySelector('tbody tr')).display")
    assert cut == []
    assert drawn not in ("none", "rgb(0, 0, 0)")
    assert side_by_side == ("block" if width == 390 else "table-row")


def test_a_side_that_was_not_begun_hides_nothing_of_the_other() -> None:
    """The picture and the examples are of what was replayed; a mean of nothing is no nought."""
    html = page(stopped="you asked for it", replayed=0)
    assert "Of all 60 messages, as set:" in html
    assert "We would have drafted" in html
    assert html.count("<strong>none</strong>") == 2


def test_a_difference_of_too_few_is_no_figure() -> None:
    """Seconds and money would pass for a verdict, too."""
    assert page(replayed=12).count("too few (12 of 30)</strong>") == 7 + 4  # every share, every difference
    assert "+0.0100" not in page(replayed=12)
