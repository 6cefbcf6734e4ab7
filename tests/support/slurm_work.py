"""What trains in the tests of Slurm, and where."""

import time
from pathlib import Path

import pytest

from evo.compute.work import Work
from evo.evaluation.protocol import Protocol, Rung
from support.profiles import PROFILE

IDENTITY = ('{"inputs":1,"nodes":[],"output":{"ref":0}}',)
NIGHTLY = pytest.mark.skipif(PROFILE != "nightly", reason="many processes: make test-long")


def work(*, epochs: int = 1) -> Work:
    rungs = (Rung(epochs=epochs, seeds=2, networks=1),)
    protocol = Protocol(rungs=rungs, learning_rates=(0.01,), leaders=0)
    return Work("activation", ("breast-cancer",), protocol, "cpu", timeout_s=300.0)


def workers_under(folder: Path) -> list[int]:
    """Processes that work in a folder."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: list[int] = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"evo.compute.slurm_worker" in words and str(folder).encode() in b" ".join(words):
                found.append(int(entry.parent.name))
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("no worker")
