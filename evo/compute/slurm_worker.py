"""A worker of Slurm: `python -m evo.compute.slurm_worker FOLDER`, one per task of an array.

It ends where the engine says so or lives no more, and at SIGTERM, which Slurm sends before it takes
the place back: what has begun goes back into the folder first.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from evo.compute.remote import RemoteWorker
from evo.compute.slurm_folder import Folder

_POLL_S = (0.1, 1.0)
"""Seconds between two looks for a batch: at first, and after a while without one."""
_DEAD_S = 120.0
"""Seconds without a sign of the engine after which it is dead."""


def main(folder: Folder, worker: str) -> None:
    """Train what the folder has until it is over."""
    work, secrets = folder.read_work()
    trainer = RemoteWorker(work, data={}, secrets=secrets)
    current: int | None = None

    def end(*_: Any) -> None:
        if current is not None:
            folder.put_back(current, worker)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    folder.greet(worker)
    pulse, seen, poll_s = "", time.monotonic(), _POLL_S[0]
    while not folder.is_over():
        claimed = folder.claim(worker)
        if claimed is None:
            if (now := folder.pulse()) != pulse:
                pulse, seen = now, time.monotonic()
            elif time.monotonic() - seen > _DEAD_S:
                return
            time.sleep(poll_s)
            poll_s = min(1.2 * poll_s, _POLL_S[1])
            continue
        current, jobs = claimed
        trainer.work, _ = folder.read_work()
        outcomes = [trainer.train(job) for job in jobs]
        folder.finish(current, worker, outcomes)
        current, poll_s, seen = None, _POLL_S[0], time.monotonic()


if __name__ == "__main__":
    environment = os.environ
    main(
        Folder(Path(sys.argv[1])),
        f"{environment['SLURM_ARRAY_JOB_ID']}_{environment['SLURM_ARRAY_TASK_ID']}",
    )
