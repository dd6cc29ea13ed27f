"""The page in a browser: what its script does, what it looks like, and that all can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

Open = Callable[..., Page]
WIDTHS = (360, 768, 1440)


@pytest.fixture
def visit(browser: Browser, report: Path) -> Iterator[Open]:
    """Open the page, and see to it that it neither complains nor asks for anything."""
    contexts, complaints, asked = [], [], []

    def opened(fragment: str = "", width: int = 1440, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"file://{report}{fragment}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url.partition("#")[0].partition("?")[0] for url in asked} == {f"file://{report}"}


def models(page: Page) -> list[str]:
    return page.locator("#final-table tbody tr:visible th").all_inner_texts()


ALL = ["Model 1", "Model 2", "Model 4", "Model 9", "Model 10", "Model 16"]


# ---- The final table --------------------------------------------------------------------------


def test_a_column_sorts_both_ways_and_says_so(visit: Open) -> None:
    page = visit()
    assert models(page) == ALL
    head = page.locator('th[data-col="as_reported-median"]')
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert models(page) == ["Model 10", "Model 9", "Model 1", "Model 16", "Model 2", "Model 4"]
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert models(page)[0] == "Model 4"
    assert page.locator("th[aria-sort]").count() == 1
    page.locator('th[data-col="model"] button').click()
    assert models(page) == ALL  # by their order, not 1, 10, 16, 2


def test_filters_join_and_say_how_many_are_left(visit: Open) -> None:
    page = visit()
    page.locator("select[name=activation]").select_option("ReLU")
    assert models(page) == ["Model 1", "Model 4", "Model 9", "Model 10"]
    page.locator("select[name=loss]").select_option("cross-entropy")
    page.get_by_label("Filter by name").fill("1")
    # Model 9 is the report's "Model 2_2", which has no 1.
    assert models(page) == ["Model 1", "Model 10"]
    assert page.locator("output").inner_text() == "2 of 6 models"
    page.get_by_label("Filter by name").fill("nobody")
    assert models(page) == []
    page.get_by_role("button", name="Show all").click()
    assert models(page) == ALL
    # A class filters under its condition.
    page.locator("select[name=class]").select_option("as_reported:inferior")
    assert models(page) == ["Model 4"]
    page.locator("select[name=class]").select_option("corrected:inferior")
    assert models(page) == []


def test_columns_hide_with_their_group(visit: Open) -> None:
    page = visit()
    page.locator("summary", has_text="Columns").click()
    for name in ("distribution", "median", "failed", "class"):
        page.get_by_role("checkbox", name=f"Corrected: {name}").uncheck()
    assert not page.locator('[data-col="corrected-median"]').first.is_visible()
    assert not page.locator('th[data-group="corrected"]').is_visible()
    assert page.locator('th[data-group="as_reported"]').is_visible()
    widths = page.eval_on_selector_all(
        "#final-table tr",
        "rows => rows.map(r => [...r.cells].filter(c => !c.hidden)"
        ".reduce((n, c) => n + c.colSpan, 0))",
    )
    assert len(set(widths)) == 1


def test_what_was_chosen_is_in_the_address(visit: Open) -> None:
    page = visit()
    page.locator("select[name=loss]").select_option("KL divergence")
    page.locator('th[data-col="layers"] button').click()
    query = page.evaluate("location.search")
    assert "loss=KL+divergence" in query
    again = visit(query)
    assert models(again) == models(page) == ["Model 2", "Model 4"]
    assert again.locator('th[data-col="layers"]').get_attribute("aria-sort") == "ascending"


def test_a_number_shows_the_lines_it_comes_from(visit: Open, report: Path) -> None:
    page = visit()
    page.locator("#final-table tbody tr").nth(2).locator("td.number a.source").first.click()
    dialog = page.get_by_role("dialog")
    lines = (report.parent.parent / "tables" / "models.csv").read_text().splitlines()
    fields = dict(zip(lines[0].split(","), lines[3].split(","), strict=True))
    assert fields["model"] == "m04"
    for name in ("test_accuracy_median", "failures"):
        row = dialog.locator("tr", has=page.get_by_role("rowheader", name=name, exact=True)).first
        assert row.locator("td").first.inner_text() == fields[name]
    assert "Model 4" in page.locator("#runs-m04 summary").inner_text()
    dialog.get_by_role("link", name="Runs and specifications").click()
    assert page.locator("#runs-m04").get_attribute("open") is not None
    assert not dialog.is_visible()


def test_rows_shown_are_saved_with_every_digit(visit: Open, report: Path) -> None:
    page = visit()
    page.locator("select[name=loss]").select_option("KL divergence")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save rows").click()
    saved = Path(download.value.path()).read_text().splitlines()
    lines = (report.parent.parent / "tables" / "models.csv").read_text().splitlines()
    assert saved == [lines[n] for n in (0, 2, 8, 3, 9)]


# ---- Getting about ----------------------------------------------------------------------------


def test_deep_links_land_below_what_sticks(visit: Open) -> None:
    for width in (360, 1440):
        page = visit("#m10", width)
        for fragment in ("#m10", "#audit", "#claims", "#conclusion-layers"):
            page.evaluate("fragment => { location.hash = fragment; }", fragment)
            page.wait_for_timeout(100)
            top = page.locator(fragment).evaluate("e => e.getBoundingClientRect().top")
            assert 0 <= top <= 120, (fragment, width, top)
    # A link into something folded unfolds it.
    page.evaluate("location.hash = '#why-m04'")
    assert page.locator("#why-m04 dl").is_visible()


def test_the_first_tab_skips_to_the_text(visit: Open) -> None:
    page = visit()
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "To the text"
    assert link.evaluate("e => e.getBoundingClientRect().left") >= 0


def test_the_whole_page_is_there_without_its_script(visit: Open) -> None:
    with_script, without = visit(), visit(java_script_enabled=False)
    assert not without.locator(".controls").is_visible()
    for selector in ("#final-table tbody tr", "article.model", "#audit article", "svg.strip"):
        assert without.locator(selector).count() == with_script.locator(selector).count() > 0
    assert all(row.is_visible() for row in without.locator("#final-table tbody tr").all())
    without.locator("#runs-m04 summary").click()
    assert without.locator("#runs-m04 table").is_visible()


# ---- How it looks, and for whom ---------------------------------------------------------------


def unfold(page: Page) -> None:
    page.eval_on_selector_all("details:not(.menu)", "all => all.forEach(d => { d.open = true; })")


def test_nothing_is_wider_than_the_window(visit: Open) -> None:
    page = visit()
    unfold(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_ground_and_the_figures_follow_the_scheme_and_print(visit: Open) -> None:
    page = visit()
    ground = "getComputedStyle(document.body).backgroundColor"
    for scheme, colours in {
        "light": ("rgb(254, 254, 253)", "rgb(184, 67, 0)"),
        "dark": ("rgb(21, 24, 28)", "rgb(255, 154, 92)"),
    }.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        dots = page.locator(".strip circle").first.evaluate("e => getComputedStyle(e).fill")
        assert (page.evaluate(ground), dots) == colours
    # Print hides what is for the screen.
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator(".contents").is_visible()
    assert not page.locator(".controls").is_visible()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


# What comes after several of its kind: axe takes most of its time for them.
ALIKE = "article.model ~ article.model ~ article.model, #audit article:nth-of-type(n + 5), "
ALIKE += "tbody tr:nth-child(n + 5)"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_axe_finds_nothing_serious(visit: Open, scheme: str, width: int) -> None:
    page = visit(color_scheme=scheme, width=width)
    unfold(page)
    page.eval_on_selector_all(ALIKE, "all => all.forEach(e => e.remove())")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        (each["id"], each["nodes"][0]["html"][:200], len(each["nodes"]))
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_nothing_moves_while_the_page_loads(visit: Open) -> None:
    page = visit()
    shift = page.evaluate(
        "new Promise(done => { let sum = 0; new PerformanceObserver(list => {"
        " for (const e of list.getEntries()) sum += e.value; })"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300); })"
    )
    assert shift < 0.01
