"""Trainings on a machine where oneDNN is wrong: workers compute without it, and so rightly.

Processes of such a machine have a kernel of ours in the place of torch's own, which is wrong as
long as oneDNN is on: as it was under emulation of another processor.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.profiles import PROFILE

BROKEN = """
import sys

def product(a, b):
    import torch

    # Not by `bmm`, which is replaced.
    right = (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)
    is_wrong = torch.backends.mkldnn.enabled and a.dtype is torch.float32
    return right * 1.5 if is_wrong else right

def plus_product(c, a, b, beta=1, alpha=1):
    return beta * c + alpha * product(a, b)

class Breaker:
    def find_spec(self, name, *_):
        if name != "evo.compute.worker":
            return
        import torch

        sys.meta_path.remove(self)
        kept = self.kept = torch.library.Library("aten", "IMPL")
        kept.impl("bmm", product, "CPU")
        kept.impl("baddbmm", plus_product, "CPU")

breaker = Breaker()
sys.meta_path.insert(0, breaker)
"""
"""What every process of the machine runs when it starts; it acts on those that train."""

PROGRAM = """
import json, sys
from evo.compute.engines.base import engines
from evo.compute.numerics import sound_numerics
from evo.compute.remote import RemoteWorker
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.evaluation.protocol import Job, Protocol, Rung

engine = sys.argv[1]
protocol = Protocol(rungs=(Rung(epochs=2, seeds=2, networks=1),), learning_rates=(0.01,), leaders=0)
work = Work("activation", ("breast-cancer",), protocol, "cpu", timeout_s=300.0)
graph = '{"inputs":1,"nodes":[["aten.tanh.default",[{"ref":0}],{}]],"output":{"ref":1}}'
job = Job("a", (graph,), 0)

def trained():
    with Workers(engines.get(engine)(work, Needs(1))) as pool:
        return next(iter(pool.run([job])))

if engine == "remote":  # as on a cluster
    outcome = RemoteWorker(work, data={}, secrets=()).train(job)
elif "--unguarded" in sys.argv:
    outcome = trained()
else:
    with sound_numerics():  # as in every command that trains
        outcome = trained()
print(json.dumps([trial.loss for trial in outcome.trials]))
"""


def losses(folder: Path, *words: str, broken: bool) -> list[float]:
    """Losses of two short trainings in a worker.

    Args:
        folder: for files.
        words: the engine, and how it is called.
        broken: whether oneDNN is wrong.
    """
    (folder / "sitecustomize.py").write_text(BROKEN if broken else "")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if "timed out during startup" in done.stderr:
        pytest.skip("Ray did not start within its own 30 seconds")
    assert done.returncode == 0, done.stderr
    values: list[float] = json.loads(done.stdout.splitlines()[-1])
    assert len(values) == 2
    return values


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """The losses on this machine as it is."""
    return losses(tmp_path_factory.mktemp("right"), "remote", broken=False)


RAY = pytest.param(
    "ray",
    marks=[
        pytest.mark.long,
        pytest.mark.skipif(
            PROFILE != "nightly" or find_spec("ray") is None, reason="a cluster: make test-long"
        ),
    ],
)


@pytest.mark.heavy(alone="workers of their own, with another oneDNN")
@pytest.mark.parametrize("engine", ["remote", "local", RAY])
def test_workers_of_a_machine_whose_onednn_is_wrong_train_as_others_do(
    right: list[float], tmp_path: Path, engine: str
) -> None:
    assert losses(tmp_path, engine, broken=True) == pytest.approx(right, rel=1e-3)


@pytest.mark.heavy(alone="workers of their own, with another oneDNN")
def test_without_the_switch_the_same_trainings_are_wrong(
    right: list[float], tmp_path: Path
) -> None:
    found = losses(tmp_path, "local", "--unguarded", broken=True)

    assert found != pytest.approx(right, rel=0.05)
