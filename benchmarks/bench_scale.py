"""Claim: a campaign of a million records can still be written, read and looked at.

Writes one campaign of `--records` records, by repeating a smaller one under other ids. Prints the
size on disk; then, each in a process of its own with its processor time and peak memory: opening it
for a resume, appending outcomes and sealing generations at its end, `evo status`, the first
page of the web view with what it fetches, and the map.

Usage: python benchmarks/bench_scale.py [--quick] [--records N]
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import bench_history
from bench_view import seconds
from large_campaign import write_huge_campaign, write_large_campaign, write_small_campaign
from sizes import Size, read_sizes

from archive.history.history import History
from archive.history.reader import Reader
from evo.web.app import build_app
from evo.web.places import Places

REPEATED = 16_400
"""Candidates of the campaign that is repeated: they fill one segment."""


def main(records: int) -> None:
    """Write the campaign, then measure each step in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, base, huge = (folder / part for part in ("small", "base", "huge"))
        start = time.process_time()
        write_small_campaign(small)
        write_large_campaign(base, small, candidates=REPEATED)
        write_huge_campaign(huge, base, times=max(1, round(records / REPEATED)))
        shutil.rmtree(base)
        files = [path.stat().st_size for path in (huge / "segments").iterdir()]
        print(
            f"written: {sum(files) / 1e9:.2f} GB in {len(files)} segments, "
            f"{time.process_time() - start:.0f} s of processor time"
        )
        measure(huge)


def measure(campaign: Path) -> None:
    """Run each step in a process of its own."""
    for step in STEPS:
        subprocess.run([sys.executable, __file__, "--step", step, str(campaign)], check=True)


def read(campaign: Path) -> str:
    """Check every byte, as each reader does once."""
    return f"{len(Reader.read(campaign).records):,} records"


def append(campaign: Path) -> str:
    """Seal some generations at the end."""
    appended: list[float] = []
    sealed: list[float] = []
    with History.open(campaign) as history:
        first = history.generation + 1
        for generation in range(first, first + 4):
            batch = [bench_history.record(generation, place) for place in range(200)]
            for trained in batch[:50]:
                outcome = bench_history.outcome(trained)
                start = time.process_time()
                history.acknowledge(outcome)
                appended.append(time.process_time() - start)
            start = time.process_time()
            history.seal(generation, batch, [batch[0].id])
            sealed.append(time.process_time() - start)
    return (
        f"{1000 * median(appended):.2f} ms per outcome, {1000 * median(sealed):.1f} ms per "
        "generation of 200 (processor, median)"
    )


def status(campaign: Path) -> str:
    """`evo status` as a command of its own; its processor time and peak memory."""
    command = [sys.executable, "-m", "evo", "status", str(campaign), "--json"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        f"the command alone {used.ru_utime + used.ru_stime:.1f} s, {used.ru_maxrss / 1024:.0f} MiB"
    )


def view(campaign: Path) -> str:
    """The first page, what is counted in the background after it, then other pages."""
    app = build_app(Places([str(campaign)]))
    print(f"  first page: {seconds(app, 'overview', campaign=campaign.name):.2f} s", flush=True)
    start = before = time.process_time()
    time.sleep(2)
    while time.process_time() > before + 0.1:
        before = time.process_time()
        time.sleep(2)
    print(f"  counted after it: {before - start:.2f} s", flush=True)
    for page in PAGES:
        print(f"  {page}: {seconds(app, page, campaign=campaign.name):.2f} s", flush=True)
    return f"{len(PAGES)} pages after the first"


def view_map(campaign: Path) -> str:
    """The first page and the map's two figures, with the memory that they take beyond it."""
    app = build_app(Places([str(campaign)]))
    seconds(app, "overview", campaign=campaign.name)
    before = _peak()
    for by in ("behaviour", "text"):
        took = seconds(app, f"figures/map.json?by={by}", campaign=campaign.name)
        print(f"  the map by {by}: {took:.2f} s", flush=True)
    return f"the maps raise the peak by {_peak() - before:.0f} MiB"


def _peak() -> float:
    """Peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PAGES = (
    *("overview", "candidates", "candidates?page=300", "candidates?q=square", "front", "log"),
    *("figures/fitness.json", "figures/front.json", "figures/shares.json"),
)
"""Pages and figures to ask for after the first page."""


STEPS = {"read": read, "append": append, "evo status": status, "view": view, "map": view_map}


def run_step(name: str, campaign: Path) -> None:
    """Print what a step takes."""
    start = time.process_time()
    said = STEPS[name](campaign)
    print(
        f"{name}: {time.process_time() - start:.1f} s of processor time, peak memory "
        f"{_peak():.0f} MiB; {said}",
        flush=True,
    )
    # A thread may be reading HDF5, whose lock Python's own end would wait for, for ever.
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        run_step(sys.argv[2], Path(sys.argv[3]))
    else:
        main(
            **read_sizes(
                __doc__,
                records=Size(1_000_000, REPEATED, "records of the campaign, rounded"),
            )
        )
