"""The door of the admin page: who gets in, and which forms are believed."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from service.assembly import Service
from service.groups import ProxySettings
from service.web.console.sessions import Sessions
from tests.service.web.console.conftest import Opened
from tests.service.web.console.visitor import ADMIN, Browser, csrf_in

PROXY = ProxySettings(identity_header="X-Forwarded-User", networks=["10.0.0.0/24", "fd00::/8"])


@pytest.fixture
async def browser(browse: Opened) -> Browser:
    """Somebody who is not signed in."""
    return await browse()


async def test_the_token_opens_the_page_and_signing_out_closes_it(browser: Browser) -> None:
    """The whole way, without a script."""
    asked = await browser.get("/admin/deliveries?result=failed")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/admin/login?next=/admin/deliveries%3Fresult%3Dfailed",
    )

    signed = await browser.sign_in(onward="/admin/deliveries?result=failed")
    assert (signed.status_code, signed.headers["location"]) == (303, "/admin/deliveries?result=failed")
    assert (await browser.get("/admin")).status_code == 200

    out = await browser.send("/admin/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/admin/login")
    assert (await browser.get("/admin")).status_code == 303


async def test_the_cookie_is_only_the_servers(browse: Opened, browser: Browser) -> None:
    """No script reads it, no other site sends it; where people come by https, nothing else carries it."""
    plain = (await browser.sign_in()).headers["set-cookie"]
    secure = (await (await browse(public_url="https://desk.example")).sign_in()).headers["set-cookie"]

    assert re.fullmatch(r"deskpilot=[\w.]+; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict", plain)
    assert re.fullmatch(r"__Host-deskpilot=[\w.]+; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict; Secure", secure)


async def test_whoever_is_not_signed_in_learns_nothing_of_what_there_is(browser: Browser) -> None:
    """Every page leads to the login; every change is refused."""
    for path in ("/admin", "/admin/", "/admin/deliveries", "/admin/nothing", "/admin/logout", "/admin//x"):
        asked, sent = await browser.get(path), await browser.http.post(path, data={"csrf": "x"})

        assert asked.status_code == 303
        assert asked.headers["location"].startswith("/admin/login?next=/admin")
        assert sent.status_code == 403
        assert "You are signed out" in sent.text


async def test_a_form_of_another_session_changes_nothing(browse: Opened, browser: Browser) -> None:
    """Missing, made up, cut, or taken from somebody else's page; the page says what to do."""
    other = await browse()
    await browser.sign_in()
    await other.sign_in()
    own, foreign = csrf_in(await browser.get("/admin")), csrf_in(await other.get("/admin"))

    for token in ("", "x", own[:-1], own.upper(), own + "0", foreign, "é"):
        refused = await browser.http.post("/admin/logout", data={"csrf": token})
        assert refused.status_code == 403
        assert "Nothing was changed" in refused.text
    assert (await browser.http.post("/admin/logout", content=b"\xff\x00&&")).status_code == 403
    assert (await browser.get("/admin")).status_code == 200
    assert (await browser.http.post("/admin/logout", data={"csrf": own})).status_code == 303


async def test_the_form_of_before_signing_in_is_not_good_afterwards(browser: Browser) -> None:
    """Who planted a cookie before cannot know what the forms carry then."""
    before = csrf_in(await browser.get("/admin/login"))
    await browser.sign_in()

    assert (await browser.http.post("/admin/logout", data={"csrf": before})).status_code == 403


async def test_a_form_that_is_too_large_is_not_read(browser: Browser) -> None:
    """Nor is the rest of it waited for."""
    assert (await browser.http.post("/admin/login", content=b"csrf=" + b"x" * 200_000)).status_code == 413


async def test_no_forged_cookie_is_a_session(browser: Browser, service: Service) -> None:
    """Thousands: changed, cut, longer, put together from two, expired, of another token, of a vote."""
    keys = service.tools.votes.keys
    sessions = Sessions(keys, admin_token=ADMIN, https=False)
    good, visitor = sessions.begin("admin").token, sessions.begin().token
    other = Sessions(keys, admin_token="another token", https=False).begin("admin").token
    accepted = [await sessions.read(token) for token in (*_forged(good, visitor, count=5_000), other)]
    browser.http.cookies.set("deskpilot", other)

    assert [one for one in accepted if one is not None] == []
    assert await sessions.read(good) is not None
    assert (await browser.get("/admin")).status_code == 303


def _forged(good: str, visitor: str, *, count: int) -> list[str]:
    dice, letters = random.Random(6), "abcdefghijklmnopqrstuvwxyz234567.019=-A"
    number, content, mac = good.split(".")
    made = [f"{number}.{visitor.split('.')[1]}.{mac}", f"{number}.{content}.{visitor.split('.')[2]}", f"2.{content}.{mac}", "", "..",
            good.upper(), f" {good}", f"{good} ", f"{good}.{mac}", f"{number}.{content}."]  # fmt: skip
    made += [good[:cut] for cut in range(len(good))]
    while len(made) < count:
        at = dice.randrange(len(good))
        made.append(good[:at] + dice.choice([one for one in letters if one != good[at]]) + good[at + 1 :])
    return made


async def test_where_no_token_is_set_no_session_names_anybody(service: Service) -> None:
    """Only the proxy does then: who has read the keys in a backup could sign the rest."""
    sessions = Sessions(service.tools.votes.keys, admin_token="", https=False)
    session = await sessions.read(sessions.begin("admin").token)

    assert session is not None
    assert session.name == ""


async def test_a_session_expires(service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """After twelve hours, whatever the browser thinks of Max-Age."""
    monkeypatch.setattr("service.web.console.sessions.LASTS", timedelta(0))
    expired = Sessions(service.tools.votes.keys, admin_token=ADMIN, https=False).begin("admin")
    monkeypatch.undo()
    browser.http.cookies.set("deskpilot", expired.token)

    assert (await browser.get("/admin")).status_code == 303


async def test_another_replica_knows_the_session_and_another_token_ends_it(browse: Opened, browser: Browser) -> None:
    """Nothing of it is kept in a process; a token that is changed because somebody left lets nobody stay."""
    await browser.sign_in()
    replica, renewed = await browse(), await browse(admin_token=SecretStr("a new one"))
    for one in (replica, renewed):
        one.http.cookies.update(browser.http.cookies)

    assert (await replica.get("/admin")).status_code == 200
    assert (await renewed.get("/admin")).status_code == 303


async def test_a_proxy_of_ours_says_who_it_is(browse: Opened) -> None:
    """Believed by where the connection comes from; the pages' forms work as always."""
    browser = await browse(peer="10.0.0.9", proxy=PROXY)
    named = {"X-Forwarded-User": "ana@acme.example"}

    page = await browser.get("/admin", **named)
    assert page.status_code == 200
    assert "ana@acme.example" in page.text


async def test_the_proxys_networks_may_be_of_both_kinds(browse: Opened) -> None:
    """An address of IPv4 that a socket of IPv6 tells is the same address."""
    for peer in ("10.0.0.200", "fd00::1", "::ffff:10.0.0.3"):
        browser = await browse(peer=peer, proxy=PROXY)
        assert (await browser.get("/admin", **{"x-forwarded-user": "ana"})).status_code == 200


async def test_a_stranger_who_says_so_is_not_believed(browse: Opened) -> None:
    """Nor what X-Forwarded-For says about them."""
    claimed = {
        "X-Forwarded-User": "ana",
        "X-Forwarded-For": "10.0.0.9",
        "Forwarded": "for=10.0.0.9",
        "X-Real-IP": "10.0.0.9",
    }
    for peer in ("192.0.2.7", "10.0.1.1", "fe80::1", "", "unix"):
        browser = await browse(peer=peer, proxy=PROXY)
        assert (await browser.get("/admin", **claimed)).status_code == 303


async def test_what_is_no_name_signs_nobody_in(browse: Opened) -> None:
    """Twice the header: one of them is a stranger's, and who knows which."""
    names: list[list[str]] = [[], ["ana", "bo"], ["a\x01b"], [""], ["x" * 201]]
    browser = await browse(peer="10.0.0.9", proxy=PROXY, admin_token=SecretStr(""))
    for said in names:
        page = await browser.http.get("/admin", headers=[("X-Forwarded-User", one) for one in said])
        assert page.status_code == 303

    assert "it sent no name for you" in (await browser.get("/admin/login")).text


async def test_without_token_and_proxy_the_page_is_off(browse: Opened) -> None:
    """It says what to set, and nothing gets in."""
    browser = await browse(admin_token=SecretStr(""))
    page, sent = await browser.get("/admin"), await browser.http.post("/admin/login", data={"token": ""})

    assert (page.status_code, sent.status_code) == (404, 404)
    assert "DESKPILOT_ADMIN_TOKEN" in page.text


async def test_a_link_from_the_helpdesk_does_not_sign_out(browser: Browser) -> None:
    """Browsers keep a strict cookie back when another site leads here, so the page asks once more, from here."""
    page = await browser.get("/admin/tickets/zendesk:1", **{"Sec-Fetch-Site": "cross-site"})

    assert (page.status_code, "set-cookie" in page.headers) == (200, False)
    assert '<meta http-equiv="refresh" content="0">' in page.text
    assert "zendesk" not in page.text


async def test_signing_in_leads_nowhere_but_here(browse: Opened) -> None:
    """Whatever stands in the address of the login page."""
    elsewhere = (
        "https://evil.example", "//evil.example", "/\\evil.example", "/adminx", "/admin//evil.example", "/admin/../feedback/x",
        "javascript:x", "/admin\nSet-Cookie: a=b", "/admin/login", "/admin?next=\\evil.example", "", "admin", "/admin@evil.example",
    )  # fmt: skip
    for number, onward in enumerate(elsewhere):
        browser = await browse(peer=f"192.0.2.{number}")
        asked = await browser.get(f"/admin/login?next={quote(onward)}")
        signed = await browser.sign_in(onward=onward)

        assert "evil" not in asked.text
        assert signed.headers["location"] == "/admin"


async def test_guessing_is_slow(browse: Opened, browser: Browser) -> None:
    """Ten attempts a minute from one address, on whichever replica; others are not kept out by them."""
    other, stranger = await browse(), await browse(peer="198.51.100.4")
    wrong = [(await (browser, other)[n % 2].sign_in(f"guess {n}")).status_code for n in range(10)]
    late = await other.sign_in(ADMIN)

    assert wrong == [403] * 10
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) in range(
        1, 67
    )  # a window of ours is a minute, counted in slots of five seconds
    assert (await stranger.sign_in()).status_code == 303


async def test_every_page_says_that_it_is_in_no_frame_and_loads_nothing(browser: Browser) -> None:
    """The login, a refusal and a page inside."""
    pages = [
        await browser.get("/admin/login"),
        await browser.http.post("/admin/x"),
        (await browser.sign_in()) and await browser.get("/admin"),
    ]

    for page in pages:
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
