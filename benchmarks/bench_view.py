"""Claim: the web view answers at once however long a campaign is.

Prints the processor time to open a campaign of `--candidates` candidates and fill its first page,
then of each pane and figure, of a search, a sort and a step of the front's slider. The browser's
own time to draw comes on top.

Usage: python benchmarks/bench_view.py [--quick] [--candidates N] [--repeated N]
"""

import asyncio
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from large_campaign import write_large_campaign, write_small_campaign
from sizes import Size, read_sizes
from starlette.types import ASGIApp

from evo.web.app import build_app
from evo.web.places import Places

PAGES = ("overview", "fitness", "front", "family", "candidates", "map", "operators", "log")
FIGURES = ("fitness", "front", "family", "map", "shares", "contributions")
ACTIONS = {
    "search in all sources": "candidates?q=square",
    "filter and sort": "candidates?status=full&sort=seconds",
    "the last page": "candidates?page=100000",
    "the front's slider": "front?generation=3",
    "the front's figure": "figures/front.json?generation=3",
}


def main(candidates: int, repeated: int) -> None:
    """Write a campaign, then measure."""
    with tempfile.TemporaryDirectory() as folder:
        write_small_campaign(Path(folder) / "small", f"generations={repeated}")
        large = Path(folder) / "large"
        write_large_campaign(large, Path(folder) / "small", candidates=candidates)
        app = build_app(Places([str(large)]))
        first = seconds(app, "overview")
        print(f"{candidates:,} candidates: first page in {first:.2f} s of processor time")
        # What is counted in the background, and the names of the baselines.
        time.sleep(10 if candidates > 5_000 else 0)
        seconds(app, "overview")
        addresses = {name: name for name in PAGES}
        addresses |= {f"figure {name}": f"figures/{name}.json" for name in FIGURES}
        for name, address in (addresses | ACTIONS).items():
            times = [1000 * seconds(app, address) for _ in range(3)]
            print(f"{name:24} {times[0]:7.1f} ms at first, then {min(times[1:]):7.1f} ms")
        wait_for_readers()


def wait_for_readers() -> None:
    """Wait for what the view still counts: Python's end would wait for ever for HDF5's lock."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()


def seconds(app: ASGIApp, address: str, *, campaign: str = "large") -> float:
    """Processor time of one answer."""
    path, _, query = address.partition("?")
    statuses: list[int] = []
    asked: list[bool] = []

    async def receive() -> Any:
        if asked:
            await asyncio.Event().wait()
        asked.append(True)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/c/{campaign}/{path}",
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1")],
    }
    start = time.process_time()
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type] # a coroutine in practice
    assert statuses[0] == 200, f"{address}: {statuses[0]}"
    return time.process_time() - start


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            candidates=Size(36_000, 1_000, "candidates of the campaign"),
            repeated=Size(5, 1, "generations of the campaign whose candidates are repeated"),
        )
    )
