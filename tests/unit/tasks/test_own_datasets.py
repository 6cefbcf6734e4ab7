"""Data sets and loaders of torch as tasks of one's own."""

import random
from typing import Any

import numpy as np
import pytest
import torch

from evo.core.errors import UsageError
from evo.tasks.own import arrays, dataset


def test_data_sets_and_loaders_of_torch_are_read_to_the_end() -> None:
    inputs, targets = torch.randn(100, 3), torch.arange(100) % 2
    plain = torch.utils.data.TensorDataset(inputs, targets)
    loader = torch.utils.data.DataLoader(plain, batch_size=7)

    whole = arrays(inputs, targets).load()

    assert torch.equal(dataset(plain).load().train.inputs, whole.train.inputs)
    assert torch.equal(dataset(loader).load().test.targets, whole.test.targets)


class Drawn(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    """Samples that are augmented at random each time they are read, by three generators."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        drawn = random.random() + np.random.rand()  # noqa: NPY002 - as transforms do
        return torch.randn(3) + drawn, place % 2


def test_every_load_and_every_process_has_the_samples_of_one_seed() -> None:
    loader = torch.utils.data.DataLoader(Drawn(), batch_size=7, shuffle=True)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[2]  # noqa: NPY002

    one = dataset(loader).load().samples
    drawn = before[0].equal(torch.get_rng_state()), before[1] == random.getstate()
    torch.manual_seed(7)  # as in another worker
    other = dataset(loader).load().samples

    assert torch.equal(one.inputs, other.inputs)
    assert torch.equal(one.targets, other.targets)
    assert drawn == (True, True)
    assert before[2] == np.random.get_state()[2]  # noqa: NPY002


def test_a_loader_with_a_generator_of_its_own_is_read_once() -> None:
    plain = torch.utils.data.TensorDataset(torch.randn(100, 3), torch.arange(100) % 2)
    generator = torch.Generator().manual_seed(3)
    task = dataset(torch.utils.data.DataLoader(plain, 7, shuffle=True, generator=generator))

    assert torch.equal(task.load().train.inputs, task.load().train.inputs)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([(1.0, 2, 3)] * 50, r"\(input, target\) of each sample, got 3 values for sample 0"),
        ([{"x": 1.0, "y": 2}] * 50, "got a dict for sample 0"),
        ([(np.ones(2 + place), 0) for place in range(50)], r"one shape, got \(2,\) and \(3,\)"),
        ([], "pairs, got none"),
    ],
)
def test_a_data_set_of_something_else_is_refused(data: list[Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        dataset(data).load()


def test_tensors_with_gradients_and_columns_of_objects_are_read_as_what_they_hold() -> None:
    inputs, targets = torch.randn(100, 3), torch.arange(100) % 2

    plain = arrays(inputs, targets).load()
    tracked = arrays(inputs.clone().requires_grad_(), targets[:, None]).load()
    boxed = arrays(inputs.numpy().astype(object), targets.numpy().astype(object)).load()
    half = arrays(inputs.bfloat16(), targets).load()

    for data in (tracked, boxed):
        assert torch.equal(data.train.inputs, plain.train.inputs)
        assert torch.equal(data.train.targets, plain.train.targets)
    assert torch.allclose(half.train.inputs, plain.train.inputs, atol=0.02)
