"""Articles from a folder of Markdown and HTML."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import Article, MisconfiguredError, RejectedError
from connectors.folder import LARGEST_BYTES, folder_articles, front_matter
from connectors.mail import MAX_CHARS
from tests.hostile import PAGE_SIZE, PAGES, Bomb


def write(root: Path, name: str, content: str | bytes = "# Refunds\n\nWe refund within 14 days.\n") -> Path:
    """Put one file into the folder."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def only(root: Path, *, base_url: str = "") -> Article:
    """The one article of the folder."""
    (article,) = folder_articles(root, base_url=base_url)
    return article


def left_out(root: Path) -> tuple[list[str], list[str]]:
    """Ids of what was read, and the problems with the rest."""
    problems: list[str] = []
    return [article.id for article in folder_articles(root, problems=problems)], problems


def test_a_markdown_file_is_a_public_article(tmp_path: Path) -> None:
    """Without front matter, heading, place and path say everything; the heading is not repeated in the text."""
    write(tmp_path, "money-matters/refunds.md")
    article = only(tmp_path, base_url="https://help.example.com/")

    assert (article.source, article.id, article.title) == ("folder", "money-matters/refunds.md", "Refunds")
    assert article.html == "<p>We refund within 14 days.</p>\n"
    assert article.url == "https://help.example.com/money-matters/refunds"
    assert article.breadcrumb == "Money matters"
    assert (article.audience, article.language) == ("public", "")
    assert (article.account, article.brand, article.organization) == ("*", "*", "*")
    assert article.updated_at is not None


def test_front_matter_says_what_the_file_cannot(tmp_path: Path) -> None:
    """All its keys; quotation marks and comments are allowed."""
    write(
        tmp_path,
        "x.md",
        '---\ntitle: "Refunds: how"\nurl: https://example.com/r\nlanguage: de-AT\naudience: internal\n'
        "# a remark\nbrand: '7'\n\nOrganization: 300\nbreadcrumb: Money › Back\n---\nText\n\n# Later heading\n",
    )
    article = only(tmp_path)

    assert (article.title, article.url, article.language) == ("Refunds: how", "https://example.com/r", "de")
    assert (article.audience, article.brand, article.organization) == ("internal", "7", "300")
    assert article.breadcrumb == "Money › Back"
    assert article.html == "<p>Text</p>\n<h1>Later heading</h1>\n"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("---\ntitle: a\naudiance: internal\n---\nx", "bad.md:3: unknown key 'audiance'"),
        ("---\naudience: intern\n---\nx", "bad.md:2: audience is 'intern'"),
        ("---\naudience:\n---\nx", "bad.md:2: audience is ''"),
        ("---\nlanguage: German (Austria)\n---\nx", "bad.md:2: language"),
        ("---\nurl: javascript:alert(1)\n---\nx", "bad.md:2: url"),
        (f"---\ntitle: {'x' * 2_001}\n---\nx", "bad.md:2: title is longer than 2000 characters"),
        ("---\n- a list\n---\nx", "bad.md:2: front matter is lines"),
        ("---\ntitle: a\nno end", "bad.md:3: front matter is lines"),
        ("---\ntitle: a\n", "bad.md:1: front matter begins here and never ends"),
    ],
)
def test_a_mistake_in_front_matter_names_file_and_line(tmp_path: Path, text: str, where: str) -> None:
    """A typing mistake never makes an internal page public."""
    write(tmp_path, "bad.md", text)
    write(tmp_path, "good.md")

    read, problems = left_out(tmp_path)

    assert read == ["good.md"]
    assert [problem.startswith(where) for problem in problems] == [True]


def test_front_matter_survives_windows(tmp_path: Path) -> None:
    """A byte-order mark and CR LF are no mistakes."""
    write(tmp_path, "x.md", b"\xef\xbb\xbf---\r\ntitle: A\r\n---\r\nText\r\n")

    assert only(tmp_path).title == "A"


def test_a_rule_further_down_is_no_front_matter() -> None:
    """Only the first line begins it."""
    assert front_matter("Text\n---\na: b\n---\n", name="x.md") == ({}, "Text\n---\na: b\n---\n")


@pytest.mark.parametrize(
    ("name", "language", "page"),
    [
        ("refunds.de.md", "de", "refunds"),
        ("refunds.pt-BR.md", "pt", "refunds"),
        ("refunds.en.html", "en", "refunds"),
        ("node.js.md", "", "node.js"),
        ("v1.2.md", "", "v1.2"),
        ("zahlung é.md", "", "zahlung%20%C3%A9"),
        ("guide/index.md", "", "guide"),
    ],
)
def test_a_language_can_stand_in_the_name(tmp_path: Path, name: str, language: str, page: str) -> None:
    """A suffix that is a language is one, and leaves the address."""
    write(tmp_path, name)
    article = only(tmp_path, base_url="https://help.example.com")

    assert (article.language, article.url) == (language, f"https://help.example.com/{page}")
    assert article.id == name


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("lost-parcels.md", "No heading here.", "Lost parcels"),
        ("x.md", "Intro\n\n## The `first` *heading*\n", "The first heading"),
        ("x.html", "<html><head><title>In the head</title></head><body><p>Hi</p></body></html>", "In the head"),
        ("x.htm", "<h1>On   the\npage</h1><p>Hi</p>", "On the page"),
        ("lost_parcels.html", "<p>Hi</p>", "Lost parcels"),
        ("x.html", "<title>Tea &amp; more</title><h2><img src=tea.png></h2><p>Hi</p>", "Tea & more"),
        ("x.html", "<!-- <h1>Old</h1> --><script>'<h1>No</h1>'</script><H3>This <b>one</b></H3>", "This one"),
        ("never-closed.html", "<h1>Title<p>and the whole text", "Never closed"),
    ],
)
def test_a_title_is_found(tmp_path: Path, name: str, text: str, title: str) -> None:
    """First heading, page title, or the file's name in readers' words."""
    write(tmp_path, name, text)

    assert only(tmp_path).title == title


def test_html_in_markdown_is_text(tmp_path: Path) -> None:
    """A pasted script is shown, not run; tables are tables."""
    write(tmp_path, "x.md", "# T\n\n<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    html = only(tmp_path).html

    assert "<script>" not in html
    assert "<td>1</td>" in html


def test_an_html_page_gives_its_body(tmp_path: Path) -> None:
    """Head and the heading that became the title stay behind."""
    write(tmp_path, "x.html", "<html><head><style>p{}</style></head><body><h1>T</h1><p>Hi</p></body></html>")

    assert only(tmp_path).html == "<p>Hi</p>"


@pytest.mark.parametrize(
    ("page", "body"),
    [
        ("<!doctype html>\n<title>T</title>\n<meta charset=utf-8>\n<p>Hi</p>", "<p>Hi</p>"),
        ("<p>Before</p><h1>T</h1><p>after</p>", "<p>Before</p><p>after</p>"),
        ("<h2>T</h2><p>Hi</p>", "<h2>T</h2><p>Hi</p>"),
        ("<h1>Never closed<p>Hi", "<h1>Never closed<p>Hi"),
        ("<html><body class=x>a &lt; b<!-- c --></body></html>\nd", "a &lt; b<!-- c -->\nd"),
        ("<h1>a<body>b</h1>Hi", "Hi"),
    ],
)
def test_a_body_is_kept_as_it_was_written(tmp_path: Path, page: str, body: str) -> None:
    """Head, frame and title leave; a heading that stays is text of the article."""
    write(tmp_path, "x.html", page)

    assert only(tmp_path).html == body


@pytest.mark.timeout(20)
@pytest.mark.parametrize("bomb", PAGES.values(), ids=PAGES)
def test_a_hostile_page_of_five_megabytes_is_read(tmp_path: Path, bomb: Bomb) -> None:
    """A tree of it takes minutes, or all memory. Title and text are found all the same."""
    page = bomb.body("<title>Tea</title><h1>Kettles</h1><p>Hi</p>", PAGE_SIZE)
    write(tmp_path, "x.html", page)
    article = only(tmp_path)

    assert article.title == "Kettles"
    assert article.html.startswith("<p>Hi</p>")
    assert len(article.html) <= len(page)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("bomb", PAGES.values(), ids=PAGES)
def test_a_hostile_page_without_a_title_is_read(tmp_path: Path, bomb: Bomb) -> None:
    """The same where the search for heading and title goes on to its limit."""
    page = bomb.body("", PAGE_SIZE)
    write(tmp_path, "x.html", page)

    assert len(only(tmp_path).html) <= len(page)


def test_of_a_huge_markdown_file_the_end_is_not_rendered(tmp_path: Path) -> None:
    """It is longer than what is read of an article, and still says so by its length."""
    write(tmp_path, "x.md", "# T\n\n" + "some words " * 400_000)

    assert MAX_CHARS < len(only(tmp_path).html) < MAX_CHARS + 100


def test_files_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Every run reads alike; other files, and names that begin with a dot, are not articles."""
    for name in (
        "b.md",
        "a/z.MARKDOWN",
        "a.html",
        "c.txt",
        "picture.png",
        ".git/x.md",
        ".hidden.md",
        "a/.obsidian/x.md",
    ):
        write(tmp_path, name)

    assert [article.id for article in folder_articles(tmp_path)] == ["a.html", "a/z.MARKDOWN", "b.md"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"---\n\n---\n\n", "is empty"),
        (b"text\0binary", "is not text"),
        ("# Ümlaut".encode("utf-16"), "is not text"),
        ("# Ümlaut".encode("latin-1"), "is not UTF-8 (byte 2)"),
        (b"x" * (LARGEST_BYTES + 1), "is larger than 5 MB"),
    ],
    ids=["empty", "blank", "only front matter", "binary", "utf-16", "latin-1", "large"],
)
def test_what_is_no_article_is_reported_and_the_rest_goes_on(tmp_path: Path, content: bytes, reason: str) -> None:
    """One bad file costs one sentence."""
    write(tmp_path, "bad.md", content)
    write(tmp_path, "good.md")

    read, problems = left_out(tmp_path)

    assert read == ["good.md"]
    assert len(problems) == 1
    assert problems[0].startswith("bad.md: ")
    assert reason in problems[0]


def test_without_a_list_the_first_problem_is_an_error(tmp_path: Path) -> None:
    """Nothing is left out silently."""
    write(tmp_path, "bad.md", b"")

    with pytest.raises(RejectedError, match=r"bad\.md"):
        list(folder_articles(tmp_path))


def test_links_that_leave_the_folder_are_not_followed(tmp_path: Path) -> None:
    """Neither files nor folders; a link within the folder is read."""
    root, outside = tmp_path / "articles", tmp_path / "outside"
    secret = write(outside, "secret.md")
    inside = write(root, "a.md")
    (root / "b.md").symlink_to(secret)
    (root / "c.md").symlink_to(inside)
    (root / "d").symlink_to(outside, target_is_directory=True)
    (root / "e.md").symlink_to(root / "nowhere.md")
    (root / "f.md").symlink_to(root / "f.md")

    read, problems = left_out(root)

    assert read == ["a.md", "c.md"]
    assert [problem.split(":")[0] for problem in problems] == ["b.md", "e.md", "f.md"]
    assert "leads out of the folder" in problems[0]


def test_a_folder_called_like_a_file_is_walked(tmp_path: Path) -> None:
    """Names decide nothing about folders."""
    write(tmp_path, "old.md/x.md")

    assert only(tmp_path).id == "old.md/x.md"


@pytest.mark.parametrize("name", ["missing", "file.md"])
def test_a_folder_that_is_none_is_a_misconfiguration(tmp_path: Path, name: str) -> None:
    """An empty answer would delete every article that was known."""
    write(tmp_path, "file.md")

    with pytest.raises(MisconfiguredError, match="is not a folder"):
        list(folder_articles(tmp_path / name))
