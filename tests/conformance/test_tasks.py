"""Every registered task must keep these; a new task is tested by being registered."""

import pytest
import torch
import torch.nn.functional as F

from evo.parts import Parts
from evo.tasks.base import Task, tasks


@pytest.fixture(params=tasks.names())
def task(request: pytest.FixtureRequest) -> Task:
    return tasks.get(request.param)()


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
        assert set(split.targets.tolist()) == set(range(data.classes))


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
            network.initialise(shape, data.classes, torch.Generator().manual_seed(3))
            for _ in range(2)
        )
        logits = network.forward(one, data.test.inputs[:5], Parts(F.relu))
        assert logits.shape == (5, data.classes)
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_component_is_used(task: Task) -> None:
    data = task.load()
    shape = tuple(data.train.inputs.shape[1:])

    for network in task.networks().values():
        start = network.initialise(shape, data.classes, torch.Generator().manual_seed(0))
        logits = [
            network.forward(start, data.test.inputs[:5], Parts(activation))
            for activation in (F.relu, torch.sin)
        ]
        assert not torch.allclose(*logits)
