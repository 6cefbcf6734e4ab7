"""Trainings of the tests of Slurm, and the tests that a stand-in and a real one have in common."""

import time
from pathlib import Path
from typing import ClassVar

import pytest

from evo.compute.engines.base import Engine
from evo.compute.engines.slurm import Slurm
from evo.compute.settings import ClusterSettings, Needs
from evo.compute.work import Work
from evo.evaluation.protocol import Protocol, Rung
from evo.testing import EngineSuite
from support.profiles import PROFILE

IDENTITY = ('{"inputs":1,"nodes":[],"output":{"ref":0}}',)
NIGHTLY = pytest.mark.skipif(PROFILE != "nightly", reason="many processes: make test-long")


class SlurmSuite(EngineSuite):
    """Tests of the engine on the Slurm of a fixture that the subclass uses."""

    secret: ClassVar[str]
    """Name of a variable that no worker may have."""

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> type[Engine]:
        return Slurm

    @pytest.fixture(scope="class")
    @classmethod
    def needs(cls, tmp_path_factory: pytest.TempPathFactory) -> Needs:
        folder = str(tmp_path_factory.mktemp("shared"))
        return Needs(2, cluster=ClusterSettings(folder=folder), secrets=frozenset({cls.secret}))


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
