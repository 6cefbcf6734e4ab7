"""Trainings whose tensors are on a CUDA device that has shapes and devices, but computes nothing.

It finds what was left on the processor. No value is compared, and no card was met.
"""

import pytest
import torch
from support.fake_gpu import fake_cuda
from support.profiles import many

from evo.components.kinds import kinds
from evo.compute.memory import peak
from evo.compute.work import Work
from evo.evaluation.protocol import Precision, Protocol, Rung
from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.networks.parts import Parts
from evo.tasks.base import tasks
from evo.validation.baselines import own_baselines
from evo.validation.graph.graphs import component_of

KINDS = sorted(set(kinds.names()) - {"schedule"})  # whose factors are numbers of Python


def trained(monkeypatch, parts: Parts, task_name: str, precision: Precision = "float32") -> Trained:
    """Train the first network of a task on the fake device."""
    task = tasks.get(task_name)()
    network = next(iter(task.networks().values()))
    data = task.load()
    with fake_cuda(monkeypatch) as device:
        return train(
            network,
            data.to(device),
            parts,
            seeds=range(2),
            learning_rates=[0.01, 0.1],
            epochs=1,
            batch_size=32,
            epoch_steps=2,
            precision=precision,
        )


@pytest.mark.parametrize("name", KINDS)
def test_components_of_each_kind_keep_all_that_they_meet_on_the_device(name, monkeypatch) -> None:
    kind = kinds.get(name)()
    task_name = "digits-transformer" if kind.needs_attention else "digits"

    for baseline in own_baselines(kind)[: many(1, ci=2, nightly=2)]:
        parts = kind.parts(component_of(baseline.graphs))
        results = trained(monkeypatch, parts, task_name)

        assert results.test_loss.device.type == "cpu"  # where results are read
        assert results.test_loss.shape == (2, 2)


@pytest.mark.parametrize("task_name", ["digits-cnn", "digits-transformer"])
def test_networks_keep_all_that_they_make_on_the_device(task_name, monkeypatch) -> None:
    assert trained(monkeypatch, Parts(torch.tanh), task_name).test_loss.shape == (2, 2)


def test_a_tensor_that_was_left_on_the_processor_is_found(monkeypatch) -> None:
    left = torch.ones(1)

    with pytest.raises(RuntimeError, match="at least two devices, cuda:0 and cpu"):
        trained(monkeypatch, Parts(lambda x: x * left), "digits")


def test_memory_of_a_gpu_is_what_training_has_allocated_beyond_what_there_was(monkeypatch) -> None:
    allocated = iter([1_000, 6_000])
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: next(allocated))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (20_000, 80_000))
    graphs = own_baselines(kinds.get("activation")())[0].graphs
    rungs = (Rung(epochs=1, seeds=2, networks=1),)
    protocol = Protocol(rungs=rungs, learning_rates=(0.01, 0.1), leaders=0)

    with fake_cuda(monkeypatch):
        measured = peak(graphs, Work("activation", ("digits",), protocol, "cuda"), "cuda:0")

    assert (measured.bytes, measured.free, measured.copies) == (5_000, 20_000, 4)
    assert not measured.is_split
