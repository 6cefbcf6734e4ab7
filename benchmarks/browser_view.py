"""Claim: with 36,000 candidates a browser has the first view in 2 s, what a person does in 100 ms.

Starts `evo view` on a large campaign and drives chromium. Each figure is the time in the page from
the action to the frame after the one in which all that it asked for is drawn, so some 17 ms of each
are waiting; beside it the processor time of chromium, all its processes together, and of the
server, which other work on the machine moves less. The first view is measured once, with server and
page new; of the other actions the median counts.

Usage: python benchmarks/browser_view.py [--quick] [--candidates N] [--repeats N]; needs chromium.
Nothing else should run beside it, or only the processor time means something.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from large_campaign import write_large_campaign, write_small_campaign
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from sizes import Size, read_sizes

FIRST_LIMIT_MS, LIMIT_MS = 2000, 100
_IDLE_MS = 50
"""Processor time in two seconds below which the server has nothing left to do."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_DRAWN = (
    "document.readyState === 'complete' && "
    "[...document.querySelectorAll('figure.chart')]"
    ".every((chart) => chart.dataset.shown === chart.dataset.figure)"
)
_PANES = ("fitness", "front", "family", "candidates", "map", "operators", "log")


class Action(NamedTuple):
    """Something that a person does on a page.

    Attributes:
        name: in words.
        pane: address of the page that it is done on.
        act: JavaScript that does it; `{number}` is the repeat, from 0.
        done: JavaScript that is true once its result is in the page.
    """

    name: str
    pane: str
    act: str
    done: str


def _chosen(name: str, values: str) -> str:
    """JavaScript that chooses the next of some values in a form."""
    return (
        f"const field = document.querySelector('[name={name}]'); const values = {values};"
        "field.value = values[{number} % values.length];"
        "field.dispatchEvent(new Event('input', { bubbles: true }));"
    )


_SWAPPED = "part.lastElementChild !== before"
_AT_ONCE = "true"
_BETWEEN_S = 0.5
"""Between two actions of a person."""
ACTIONS = (
    Action("filter by status", "candidates", _chosen("status", "['full', 'merit']"), _SWAPPED),
    Action(
        "search in all sources", "candidates", _chosen("q", "['square', 'tanh', 'relu']"), _SWAPPED
    ),
    Action(
        "sort",
        "candidates",
        "document.querySelectorAll('thead a[data-show]')[1 + {number} % 4].click()",
        _SWAPPED,
    ),
    Action("next page", "candidates", "document.querySelector('a[rel=next]').click()", _SWAPPED),
    Action(
        "scrub the front",
        "front",
        _chosen(
            "generation", "[0.2, 0.5, 0.35, 0.7].map((share) => Math.round(share * field.max))"
        ),
        _SWAPPED,
    ),
    Action(
        "measure of the front",
        "front",
        _chosen("measure", "['margin', 'bsota_wr', 'b_wr']"),
        _SWAPPED,
    ),
    Action(
        "measure of the fitness",
        "fitness",
        _chosen("measure", "['b_wr', 'bsota_wr', 'margin']"),
        _SWAPPED,
    ),
    Action("dark and light", "front", "document.getElementById('theme').click()", _AT_ONCE),
    Action(
        "zoom into the map",
        "map",
        "await Plotly.relayout(document.getElementById('map'), "
        "{ 'xaxis.range': [-1 - {number}, 1], 'yaxis.range': [-1, 1] })",
        _AT_ONCE,
    ),
    Action(
        "help by key",
        "candidates",
        "document.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))",
        _AT_ONCE,
    ),
)


class Taken(NamedTuple):
    """Times of an action, in milliseconds."""

    wall: float
    browser: float
    server: float


class Watch:
    """Processor time of chromium, all its processes together, and of the server."""

    def __init__(self, session: CDPSession, server: int) -> None:
        self._session = session
        self._server = server

    def taken(self, do: Callable[[], float]) -> Taken:
        """Times of an action that returns its own time in the page."""
        browser, server = self._browser_ms(), self._server_ms()
        wall = do()
        return Taken(wall, self._browser_ms() - browser, self._server_ms() - server)

    def wait_for_server(self) -> None:
        """Wait until the server has counted in the background what pages show later."""
        busy_ms = _IDLE_MS
        while busy_ms >= _IDLE_MS:
            before = self._server_ms()
            time.sleep(2)
            busy_ms = self._server_ms() - before

    def _browser_ms(self) -> float:
        processes = self._session.send("SystemInfo.getProcessInfo")["processInfo"]
        return 1000 * sum(process["cpuTime"] for process in processes)

    def _server_ms(self) -> float:
        fields = Path(f"/proc/{self._server}/stat").read_text().rpartition(")")[2].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(candidates: int, repeats: int) -> None:
    """Write a campaign, then measure."""
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        print(f"No processor time: no browser was found ({', '.join(_BROWSERS)}).")
        return
    with tempfile.TemporaryDirectory() as folder:
        write_small_campaign(Path(folder) / "small")
        large = Path(folder) / "large"
        write_large_campaign(large, Path(folder) / "small", candidates=candidates)
        with served(large) as (address, server), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            print(f"{candidates:,} candidates; load {os.getloadavg()[0]:.1f}; milliseconds")
            print(f"{'':26}{'drawn':>8}{'browser':>9}{'server':>8}   (processor time)")
            measure(browser, f"{address}/c/large", server, repeats)
            browser.close()


def measure(browser: Browser, address: str, server: int, repeats: int) -> None:
    """Print the first view, each pane and each action."""
    watch = Watch(browser.new_browser_cdp_session(), server)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(180_000)
    report("first view", [watch.taken(lambda: opened(page, f"{address}/overview"))], FIRST_LIMIT_MS)
    watch.wait_for_server()
    for pane in _PANES:
        open_pane = partial(opened, page, f"{address}/{pane}")
        times = [watch.taken(open_pane) for _ in range(repeats)]
        report(f"pane {pane}", times, FIRST_LIMIT_MS)
    for action in ACTIONS:
        opened(page, f"{address}/{action.pane}")
        watch.wait_for_server()
        done: list[Taken] = []
        for number in range(repeats + 1):
            time.sleep(_BETWEEN_S)
            done.append(watch.taken(partial(acted, page, action, number)))
        report(action.name, done[1:], LIMIT_MS)  # the first one warms the page up


def opened(page: Page, address: str) -> float:
    """Open an address; milliseconds from the request until it is drawn."""
    page.goto(address, wait_until="commit")
    return page.evaluate(_until(_DRAWN) + "return performance.now(); }")


def acted(page: Page, action: Action, number: int) -> float:
    """Do something; milliseconds until its result is drawn."""
    return page.evaluate(
        "async () => { const part = document.querySelector('main [data-swap]');"
        "const before = part.lastElementChild; const start = performance.now();"
        f"{action.act.replace('{number}', str(number))};"
        + _until(f"({action.done}) && {_DRAWN}").removeprefix("async () => {")
        + "return performance.now() - start; }"
    )


def _until(condition: str) -> str:
    """The beginning of a function that waits for a condition, and for the frame that shows it."""
    return (
        "async () => { const frame = () => new Promise((next) => requestAnimationFrame(next));"
        f"do await frame(); while (!({condition})); await frame();"
    )


def report(name: str, times: list[Taken], limit: float) -> None:
    """Print the medians of some repeats."""
    wall, browser, server = (statistics.median(column) for column in zip(*times, strict=True))
    verdict = "" if wall <= limit else f"   over {limit} ms"
    print(f"{name:26}{wall:8.0f}{browser:9.0f}{server:8.0f}{verdict}", flush=True)


@contextmanager
def served(folder: Path) -> Generator[tuple[str, int]]:
    """The address of a campaign's view, and the id of the process that serves it."""
    serving = subprocess.Popen(
        [Path(sys.executable).parent / "evo", "view", folder, "--no-browser"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert serving.stderr is not None
    try:
        yield serving.stderr.readline().split()[-1].rstrip("/"), serving.pid
    finally:
        serving.terminate()
        serving.wait(timeout=20)


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            candidates=Size(36_000, 1_000, "candidates of the campaign"),
            repeats=Size(7, 1, "repeats of each action"),
        )
    )
