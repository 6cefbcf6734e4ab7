"""A real browser and a served view; skipped with a reason where no browser is found."""

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from large_campaign import write_large_campaign, write_small_campaign
from playwright.sync_api import Browser, Page, sync_playwright
from support.hostile_campaign import write_hostile_campaign
from support.profiles import many

from evo.web.app import build_app
from evo.web.places import Places

CANDIDATES = many(6_000, nightly=36_000)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def runs(small_campaign: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(small_campaign, folder / "small")
    write_small_campaign(folder / "other", "generations=2", "protocol.keep=0.5")
    write_hostile_campaign(folder, folder / "small")
    return folder


@pytest.fixture(scope="session")
def large(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a large campaign, and the number of its candidates."""
    folder = tmp_path_factory.mktemp("large") / "large"
    write_large_campaign(folder, runs / "small", candidates=CANDIDATES)
    return folder, CANDIDATES


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, ended with the file: while it runs, no other test can run an event loop."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: install Debian's chromium (looked for {', '.join(_BROWSERS)})")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-dev-shm-usage"],  # as in a container
        )
        yield launched
        launched.close()


Serve = Callable[[Path], str]


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Serves folders, each at one address as long as the tests of the file run."""
    servers: dict[Path, tuple[uvicorn.Server, threading.Thread]] = {}

    def start(folder: Path) -> str:
        if folder not in servers:
            app = build_app(Places([str(folder)]))
            config = uvicorn.Config(
                app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1
            )
            server = uvicorn.Server(config)
            thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
            thread.start()
            servers[folder] = server, thread
            while not server.started:
                time.sleep(0.01)
        server, _ = servers[folder]
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, _ in servers.values():
        server.should_exit = True
    for _, thread in servers.values():
        thread.join(timeout=10)


class Tab(NamedTuple):
    """A page of a browser, and the errors that it wrote and requests that left this machine."""

    page: Page
    problems: list[str]


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Tab]:
    """One for the tests of the file: to open another takes as long as most of them."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    made = context.new_page()
    problems: list[str] = []
    made.on("console", lambda said: said.type == "error" and problems.append(said.text))
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on(
        "request",
        lambda request: (
            request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
            or problems.append(request.url)
        ),
    )
    yield Tab(made, problems)
    context.close()


@pytest.fixture
def page(tab: Tab, socket_enabled: None) -> Iterator[Page]:
    """A page as a browser opens it; the test fails where `tab` has noted a problem."""
    tab.problems.clear()
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    tab.page.emulate_media(color_scheme="light")
    yield tab.page
    problems = list(tab.problems)
    tab.page.evaluate("localStorage.clear()")
    tab.page.goto("about:blank")
    assert problems == []
