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
    files = {url.partition("#")[0].partition("?")[0] for url in asked if url.startswith("file:")}
    assert files == {f"file://{report}"}
    assert all(url.startswith(("file:", "blob:", "data:")) for url in asked)


def models(page: Page) -> list[str]:
    return page.locator("#final-table tbody tr:visible th").all_inner_texts()


def head(page: Page, group: str, label: str) -> Any:
    return page.locator(f'#final-table thead th[data-group="{group}"]', has_text=label).last


ALL = ["Model 1", "Model 2", "Model 4", "Model 9", "Model 10", "Model 16"]


# ---- Tables -----------------------------------------------------------------------------------


def test_a_column_sorts_both_ways_and_says_so(visit: Open) -> None:
    page = visit()
    assert models(page) == ALL
    median = head(page, "as reported", "median")
    median.get_by_role("button").click()
    assert median.get_attribute("aria-sort") == "descending"
    assert models(page) == ["Model 10", "Model 9", "Model 1", "Model 16", "Model 2", "Model 4"]
    median.get_by_role("button").press("Enter")
    assert median.get_attribute("aria-sort") == "ascending"
    assert models(page)[0] == "Model 4"
    assert page.locator("#final-table th[aria-sort]").count() == 1
    # The address remembers it.
    again = visit(page.evaluate("location.search"))
    assert models(again) == models(page)


def test_the_filter_says_how_many_are_left_and_is_remembered(visit: Open) -> None:
    page = visit()
    page.get_by_label("Filter models").fill("kl div")
    assert models(page) == ["Model 2", "Model 4"]
    assert page.locator("output").inner_text() == "2 of 6 models"
    assert models(visit(page.evaluate("location.search"))) == ["Model 2", "Model 4"]
    page.get_by_label("Filter models").fill("nobody")
    assert models(page) == []


def test_a_condition_can_be_hidden_in_all_tables(visit: Open) -> None:
    page = visit()
    page.get_by_role("checkbox", name="corrected").uncheck()
    hidden = page.locator('[data-group="corrected"]')
    assert hidden.count() > 50
    assert hidden.evaluate_all("all => all.every(e => e.hidden)")
    assert page.locator('#final-table th[data-group="as reported"]').first.is_visible()
    again = visit(page.evaluate("location.search"))
    assert not again.locator('#final-table th[data-group="corrected"]').first.is_visible()


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
    dialog.get_by_role("link", name="Show these runs").click()
    assert page.locator("#runs-m04").get_attribute("open") is not None
    assert not dialog.is_visible()


def test_tables_and_figures_are_saved(visit: Open, report: Path) -> None:
    page = visit()
    page.get_by_label("Filter models").fill("kl div")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    saved = Path(download.value.path()).read_text().splitlines()
    lines = (report.parent.parent / "tables" / "models.csv").read_text().splitlines()
    assert saved == [lines[n] for n in (0, 2, 8, 3, 9)]
    with page.expect_download() as download:
        page.locator("#groups table").first.locator("xpath=..").get_by_text("Download").click()
    assert Path(download.value.path()).read_text().startswith(",,,report")
    figure = page.locator("#m01 figure").first
    for name, magic in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            figure.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"curves-m01.{name.lower()}"
        assert Path(download.value.path()).read_bytes().startswith(magic)


def test_the_values_of_curves_are_shown_under_the_pointer_and_by_keys(visit: Open) -> None:
    page = visit()
    figure = page.locator("#figure-curves-m01")
    figure.scroll_into_view_if_needed()
    values, lines = figure.locator(".values"), figure.locator("svg path[style]")
    assert not values.is_visible()
    box = figure.locator("svg").bounding_box()
    assert box is not None
    # The middle of the first panel of the figure, whose view box is 9 units wide.
    page.mouse.move(box["x"] + box["width"] * 2.5 / 9, box["y"] + box["height"] / 2)
    assert values.inner_text().split("\n") == ["Loss, training, epoch 2", "as reported 1.25"]
    assert [line.get_attribute("d") for line in lines.all()] == ["M2.5 1v7", "M6.5 1v7"]
    page.mouse.move(0, 0)
    assert not values.is_visible()
    assert lines.count() == 0
    figure.locator(".scroll").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert values.inner_text().split("\n") == ["Accuracy, training, epoch 2", "as reported \u2013"]
    page.keyboard.press("ArrowRight")
    assert "epoch 3\nas reported 50" in values.inner_text()
    page.keyboard.press("Tab")
    assert not values.is_visible()


# ---- Getting about ----------------------------------------------------------------------------


def test_the_search_finds_models_claims_and_findings(visit: Open) -> None:
    page = visit()
    search = page.get_by_label("Search the page")
    for text, fragment in (("model 10", "#m10"), ("sigmoid", "#claim-"), ("printed as", "#audit-")):
        search.fill(text)
        links = page.locator(".found a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        assert any(link.startswith(fragment) for link in links), text
    page.locator(".found a").first.click()
    assert page.evaluate("location.hash") != ""


@pytest.mark.parametrize("fragment", ["#m10", "#audit", "#claims", "#conclusion-layers"])
def test_deep_links_land_below_what_sticks(visit: Open, fragment: str) -> None:
    for width in (360, 1440):
        page = visit(fragment, width)
        page.wait_for_timeout(100)
        top = page.locator(fragment).evaluate("e => e.getBoundingClientRect().top")
        assert 0 <= top <= 120, (width, top)


def test_a_link_into_something_folded_unfolds_it(visit: Open) -> None:
    page = visit("#claim-relu_over_sigmoid")
    assert page.locator("#claim-relu_over_sigmoid").is_visible()
    assert page.locator("#claims").get_attribute("open") is not None


def test_the_first_tab_skips_to_the_text(visit: Open) -> None:
    page = visit()
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Skip to content"
    assert link.evaluate("e => e.getBoundingClientRect().left") >= 0


def test_the_whole_page_is_there_without_its_script(visit: Open) -> None:
    with_script, without = visit(), visit(java_script_enabled=False)
    assert not without.locator(".controls").is_visible()
    for selector in ("#final-table tbody tr", "#models article", "#audit tbody tr", "svg.strip"):
        assert without.locator(selector).count() == with_script.locator(selector).count() > 0
    assert all(row.is_visible() for row in without.locator("#final-table tbody tr").all())
    without.locator("#runs-m04 summary").click()
    assert without.locator("#runs-m04 table").is_visible()


# ---- How it looks, and for whom ---------------------------------------------------------------


def opened_all(page: Page) -> Page:
    page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true; })")
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(visit: Open, width: int) -> None:
    page = opened_all(visit(width=width))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_every_condition_of_the_final_table_is_in_sight(visit: Open, width: int) -> None:
    page = visit(width=width)
    right = page.locator("#final-table tbody tr td:visible").evaluate_all(
        "all => Math.max(...all.map(e => e.getBoundingClientRect().right))"
    )
    assert right <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ground_and_the_figures_follow_the_scheme(visit: Open, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    expected = {"light": ("rgb(254, 254, 253)", "rgb(184, 67, 0)"),
                "dark": ("rgb(21, 24, 28)", "rgb(255, 154, 92)")}  # fmt: skip

    def colours() -> tuple[str, str]:
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        dots = page.locator(".strip circle").first.evaluate("e => getComputedStyle(e).fill")
        return ground, dots

    assert colours() == expected[scheme]
    page.get_by_role("button", name="Light or dark").click()
    assert colours() == expected["dark" if scheme == "light" else "light"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_axe_finds_nothing_serious(visit: Open, scheme: str, width: int) -> None:
    page = opened_all(visit(color_scheme=scheme, width=width))
    found = Axe().run(page).response["violations"]
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
    assert shift < 0.05


def test_print_hides_what_is_for_the_screen(visit: Open) -> None:
    page = visit()
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator(".contents").is_visible()
    assert not page.locator(".controls").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
