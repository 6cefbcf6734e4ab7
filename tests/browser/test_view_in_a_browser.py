"""The web view as a person meets it: panes, live updates, filters, links, keys, attacks, size."""

import re
import time

import pytest
from playwright.sync_api import Page, expect
from support.hostile_campaign import ATTACK, NAME
from support.processes import becomes_true
from support.profiles import heavy, only_long

from archive.history.history import History
from archive.history.reader import Reader
from evo.web.panes import PANES
from evo.web.places import key_of

WIDTHS = (390, 1280, 1920)
FIRST, *OTHERS = PANES
ONE_PANE = [FIRST, *heavy(*((pane,) for pane in OTHERS))]
"""Quickly one pane in a browser; unit/web looks at the pages of all."""


def drawn(page: Page) -> None:
    """Wait until every figure shows what was asked for."""
    page.wait_for_selector("main")
    deadline = time.monotonic() + 60
    script = (
        "() => [...document.querySelectorAll('figure.chart')]"
        ".every((chart) => chart.dataset.shown === chart.dataset.figure)"
    )
    while not page.evaluate(script):
        assert time.monotonic() < deadline, "a figure was not drawn"
        page.wait_for_timeout(20)


def overflow_of(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    drawn(page)
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("pane", ONE_PANE)
def test_every_pane_is_drawn_and_fits_every_width(serve, page, runs, pane):
    widest, *narrower = sorted(WIDTHS, reverse=True)
    page.set_viewport_size({"width": widest, "height": 900})
    page.goto(f"{serve(runs)}/c/small/{pane}")

    assert overflow_of(page) <= 0
    expect(page.locator("nav a[aria-current]")).to_have_text(PANES[pane].label)
    # What was drawn in a wide window must follow one that shrinks.
    for width in narrower:
        page.set_viewport_size({"width": width, "height": 900})
        assert becomes_true(lambda: overflow_of(page) <= 0), f"{pane} is wider than {width} pixels"


@pytest.mark.parametrize("pane", only_long(*((pane,) for pane in PANES)))
def test_every_pane_fits_a_narrow_window_that_it_is_opened_in(serve, page, runs, pane):
    page.set_viewport_size({"width": min(WIDTHS), "height": 900})
    page.goto(f"{serve(runs)}/c/small/{pane}")

    assert overflow_of(page) <= 0


@pytest.mark.heavy(alone="only a browser draws and is clicked")
def test_a_point_of_a_figure_leads_to_its_candidate(serve, page, runs):
    page.goto(f"{serve(runs)}/c/small/family")
    drawn(page)
    page.locator("figure.chart .scatterlayer .points path").last.wait_for(state="attached")
    box = page.locator("#family .scatterlayer .trace").last.locator("path.point").bounding_box()

    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    page.wait_for_url(re.compile(r"/candidate/\w+"))
    drawn(page)
    expect(page.locator("#component .scatterlayer path.js-line").first).to_be_attached()


@pytest.mark.heavy(quick="test_pages.py::test_a_view_waits_for_a_campaign_and_follows_it")
def test_a_page_follows_a_running_campaign_and_survives_it(serve, page, runs, tmp_path):
    reader = Reader.read(runs / "small")
    records = list(reader.records)
    page.goto(serve(tmp_path / "later"))
    expect(page.get_by_text("Waiting for")).to_be_visible()
    with History.create(tmp_path / "later", config=reader.config, environment={}) as history:
        page.wait_for_url(re.compile("/c/later/overview"))
        expect(page.locator("#state")).to_have_text("running, generation -1 of 5")
        for generation in range(3):
            history.seal(generation, [r for r in records if r.generation == generation], [])
            expect(page.locator("#state")).to_have_text(f"running, generation {generation} of 5")
        expect(page.locator("#overview")).to_contain_text("80")
    expect(page.locator("#state")).to_have_text("stopped, generation 2 of 5")
    expect(page.locator(".alarm")).to_contain_text("no reason was left")


@pytest.mark.heavy(quick="test_query.py::test_an_address_says_what_a_query_is")
def test_filters_search_and_order_are_a_deep_link(serve, page, runs):
    address = serve(runs)
    page.goto(f"{address}/c/small/candidates")
    everything = int(page.locator("#count").inner_text())

    page.get_by_label("Status").select_option("full")
    expect(page.locator("#count")).not_to_have_text(str(everything))
    page.get_by_role("searchbox").fill("square")
    page.wait_for_url(re.compile("q=square"))
    page.get_by_role("link", name="B-WR", exact=True).first.click()
    page.wait_for_url(re.compile("sort=b_wr"))
    expect(page.locator("th[aria-sort=descending]")).to_have_text("B-WR ↓")
    rows = page.locator("#table tbody tr").all_inner_texts()
    page.goto(page.url)

    assert page.locator("#table tbody tr").all_inner_texts() == rows
    assert 0 < int(page.locator("#count").inner_text()) < everything


@pytest.mark.heavy(quick="test_pages.py::test_a_front_up_to_a_generation_knows_nothing_later")
def test_the_front_goes_back_to_any_generation(serve, page, runs):
    page.goto(f"{serve(runs)}/c/small/front")
    drawn(page)
    slider = page.get_by_role("slider")

    slider.fill("1")

    expect(page.get_by_role("heading", name="Front at generation 1")).to_be_visible()
    drawn(page)
    expect(page.locator("#front .legendtext", has_text="front at the end")).to_be_attached()
    assert "generation=1" in page.url


@pytest.mark.heavy(alone="only a browser has keys")
def test_keys_lead_through_the_panes_and_rows(serve, page, runs):
    page.goto(f"{serve(runs)}/c/small/overview")
    drawn(page)
    page.keyboard.press("5")
    page.wait_for_url(re.compile("/candidates"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    chosen = page.locator("tr.chosen").get_attribute("data-href")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(re.escape(chosen)))
    drawn(page)


@pytest.mark.heavy(alone="only a browser has colours")
def test_dark_and_light_are_chosen_and_kept(serve, page, runs):
    page.emulate_media(color_scheme="light")
    page.goto(f"{serve(runs)}/c/small/fitness")
    drawn(page)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.keyboard.press("t")
    page.reload()
    drawn(page)

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("pane", ONE_PANE)
def test_nothing_of_a_hostile_campaign_runs(serve, page, runs, pane):
    page.goto(f"{serve(runs)}/c/{key_of(NAME)}/{pane}")
    drawn(page)
    for chart in page.locator("figure.chart").all():
        chart.hover(force=True)

    assert page.evaluate("window.attacked") is None
    assert page.locator("main img, main a[href^='javascript']").count() == 0


@pytest.mark.heavy(quick="test_nothing_of_a_hostile_campaign_runs")
def test_a_hostile_candidate_is_shown_as_text(serve, page, runs):
    page.goto(f"{serve(runs)}/c/{key_of(NAME)}/candidates?status=full")
    page.locator("#table tbody a.id").first.click()
    drawn(page)
    for summary in page.locator("summary").all():
        summary.click()

    assert page.evaluate("window.attacked") is None
    expect(page.locator("#source")).to_contain_text("<script>window.attacked=1</script>")
    expect(page.locator("main")).to_contain_text(ATTACK[:60])


@pytest.mark.long
@pytest.mark.heavy(alone="only a browser draws thousands")
def test_thousands_of_candidates_are_filtered_sorted_searched_and_paged(serve, page, large):
    """How long that takes is what `benchmarks/bench_view.py` measures."""
    folder, candidates = large
    address = serve(folder)
    page.goto(f"{address}/c/large/overview")
    drawn(page)
    page.goto(f"{address}/c/large/candidates")
    expect(page.locator("#count")).to_have_text(str(candidates))
    for act, shown in (
        (lambda: page.get_by_label("Status").select_option("full"), "status=full"),
        (lambda: page.get_by_role("link", name="seconds").click(), "sort=seconds"),
        (lambda: page.get_by_role("searchbox").fill("square"), "q=square"),
        (lambda: page.locator("a[rel=next]").click(), "page=2"),
    ):
        act()
        expect(page).to_have_url(re.compile(shown), timeout=60_000)
        expect(page.locator("tbody tr").first).to_be_visible()
