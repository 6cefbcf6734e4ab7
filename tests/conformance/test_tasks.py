"""Every registered task must keep these; a new task is tested by being registered."""

import pytest
import torch
import torch.nn.functional as F

from evo.networks.base import Parameters
from evo.parts import Parts
from evo.tasks.base import Data, Task, tasks


@pytest.fixture(params=tasks.names())
def task(request: pytest.FixtureRequest) -> Task:
    return tasks.get(request.param)()


def stacked(parameters: Parameters) -> Parameters:
    """Two copies of the same parameters."""
    return {name: torch.stack([tensor, tensor]) for name, tensor in parameters.items()}


def batches(data: Data) -> torch.Tensor:
    """A batch of five for each of two copies."""
    return torch.stack([data.test.inputs[:5], data.test.inputs[5:10]])


def test_the_data_are_the_same_at_every_load(task: Task) -> None:
    first, second = task.load(), task.load()

    for name in ("train", "validation", "test"):
        one, two = getattr(first, name), getattr(second, name)
        assert torch.equal(one.inputs, two.inputs)
        assert torch.equal(one.targets, two.targets)


def test_splits_have_the_stated_types_and_every_class(task: Task) -> None:
    data = task.load()

    for split in (data.train, data.validation, data.test):
        assert split.inputs.dtype == torch.float32
        assert split.targets.dtype == torch.int64
        assert len(split.inputs) == len(split.targets) > 0
        assert torch.isfinite(split.inputs).all()
        assert set(split.targets.tolist()) == set(range(data.outputs))


def test_no_sample_is_in_two_splits(task: Task) -> None:
    data = task.load()
    rows = [
        {tuple(row) for row in split.inputs.flatten(1).tolist()}
        for split in (data.train, data.validation, data.test)
    ]

    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]


def test_networks_give_a_logit_a_class_and_start_alike_from_a_seed(task: Task) -> None:
    data = task.load()
    shape = tuple(data.train.inputs.shape[1:])

    for network in task.networks().values():
        one, two = (
            network.initialise(shape, data.outputs, torch.Generator().manual_seed(3))
            for _ in range(2)
        )
        outputs = network.forward(stacked(one), batches(data), Parts(F.relu))
        assert outputs.shape == (2, 5, data.outputs)
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_component_is_used(task: Task) -> None:
    data = task.load()
    shape = tuple(data.train.inputs.shape[1:])

    for network in task.networks().values():
        start = network.initialise(shape, data.outputs, torch.Generator().manual_seed(0))
        logits = [
            network.forward(stacked(start), batches(data), Parts(activation))
            for activation in (F.relu, torch.sin)
        ]
        assert not torch.allclose(*logits)
