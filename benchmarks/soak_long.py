"""Claim: a long campaign leaks no memory, files or processes.

Runs a campaign that trains nothing. Prints twenty lines on the way, then the slope of memory over
the second half, and the time to resume the campaign at its end. Memory must grow by the vectors of
every evaluated component (1.8 KB each, in the novelty archive) and by the ids of all sources.

Usage: python benchmarks/soak_long.py [--quick] [--candidates N]
"""

import os
import tempfile
import time
from pathlib import Path

import no_training
import numpy as np
import torch
from sizes import Size, read_sizes

from archive.history.history import History
from evo.campaign.resume import replay

OFFSPRING = 50


def main(candidates: int) -> None:
    """Run a campaign, and print its use of memory, files and processes on the way."""
    torch.set_num_threads(1)
    settings = [f"generations={candidates // OFFSPRING}", f"offspring={OFFSPRING}"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "long"
        points: list[tuple[int, float]] = []
        step = max(1, candidates // 20)

        def watch(_: object) -> None:
            size = len(history.records)
            if size // step > (points[-1][0] // step if points else -1):
                points.append((size, _resident_mib()))
                print(
                    f"{size:,} records: {points[-1][1]:.0f} MiB, {_count('fd')}"
                    f" files open, {_count('task')} threads, {_children()} children, "
                    f"{time.process_time():.0f} s of processor time",
                    flush=True,
                )

        with no_training.create(folder, no_training.configure(settings)) as history:
            no_training.run(history, watch)
        half = np.array(points[len(points) // 2 :])
        slope = np.polyfit(half[:, 0], half[:, 1], 1)[0] * 1024
        print(f"slope over the second half: {slope:.2f} KiB per candidate")
        start = time.process_time()
        with History.open(folder) as history:
            state = no_training.fresh_state(history)
            replay(history, state)
        print(
            f"to resume with {len(state.seen):,} sources: {time.process_time() - start:.2f} s; "
            f"{len(list((folder / 'segments').iterdir()))} segments"
        )


def _count(folder: str) -> int:
    return len(list(Path("/proc/self", folder).iterdir()))


def _children() -> int:
    tasks = Path("/proc/self/task").iterdir()
    return sum(len((task / "children").read_text().split()) for task in tasks)


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            candidates=Size(20_000, 500, "candidates of the campaign"),
        )
    )
