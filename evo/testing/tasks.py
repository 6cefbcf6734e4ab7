"""Tests that every task must pass."""

import pytest
import torch
import torch.nn.functional as F

from evo.core.contract import Learnable
from evo.evaluation.training.trainer import train
from evo.networks.base import Network, Parameters
from evo.networks.parts import Parts
from evo.tasks.base import Data, Split, Task


class TaskSuite:
    """Tests of a task. Subclass it and define the fixture `task`."""

    @pytest.fixture
    def task(self) -> Task:
        """The task under test, prepared."""
        raise NotImplementedError("Define a fixture `task` that returns the task to test.")

    def test_the_data_are_the_same_at_every_load(self, task: Task) -> None:
        first, second = task.load(), task.load()

        for one, two in zip(_splits(first), _splits(second), strict=True):
            assert torch.equal(one.inputs, two.inputs)
            assert torch.equal(one.targets, two.targets)

    def test_splits_have_the_stated_types_and_every_class(self, task: Task) -> None:
        data = task.load()

        for split in _splits(data):
            count = len(split.inputs)
            assert split.inputs.dtype == torch.float32
            assert torch.isfinite(split.inputs).all()
            if split.targets.is_floating_point():
                assert split.targets.dtype == torch.float32
                assert split.targets.shape == (count, data.outputs)
                assert torch.isfinite(split.targets).all()
            else:
                assert split.targets.dtype == torch.int64
                assert split.targets.shape == (count,)
                assert set(split.targets.tolist()) == set(range(data.outputs))

    def test_no_sample_is_in_two_splits(self, task: Task) -> None:
        train, validation, test = (
            {tuple(row) for row in split.inputs.flatten(1).tolist()}
            for split in _splits(task.load())
        )

        assert not train & validation
        assert not train & test
        assert not validation & test

    def test_networks_give_all_outputs_and_start_alike_from_a_seed(self, task: Task) -> None:
        data = task.load()

        for name, network in task.networks().items():
            one, two = _starts(task, data, name, (3, 3))
            outputs = _outputs_of(network, _stacked(one, two), _batches(data), Parts(F.relu))
            assert outputs.shape == (2, 5, data.outputs)
            assert all(torch.equal(one[key], two[key]) for key in one)

    def test_copies_never_mix(self, task: Task) -> None:
        data = task.load()
        inputs = _batches(data)

        for name, network in task.networks().items():
            both = _starts(task, data, name, (0, 1))
            together = _outputs_of(network, _stacked(*both), inputs, Parts(torch.tanh))
            for place, copy in enumerate(both):
                its_inputs = inputs[place : place + 1]
                alone = _outputs_of(network, _stacked(copy), its_inputs, Parts(torch.tanh))
                assert torch.allclose(together[place], alone[0], atol=1e-5)

    def test_the_component_is_used(self, task: Task) -> None:
        data = task.load()

        for name, network in task.networks().items():
            (start,) = _starts(task, data, name, (0,))
            one, two = (
                _outputs_of(network, _stacked(start, start), _batches(data), Parts(activation))
                for activation in (F.relu, torch.sin)
            )
            assert not torch.allclose(one, two)

    def test_networks_say_where_components_stand_that_learn(self, task: Task) -> None:
        data = task.load()
        shape = tuple(data.train.inputs.shape[1:])
        parts = Parts(
            _learned_activation,
            normalize=_learned_normalize,
            activation_learnables=(Learnable("a", "layer", 0.9),),
            normalize_learnables=(Learnable("gain", "feature", 1.1),),
        )

        for network in task.networks().values():
            start = network.fresh(shape, data.outputs, torch.Generator().manual_seed(0), parts)
            copies = network.leaves(_stacked(start, start))
            outputs = _outputs_of(network, copies, _batches(data), parts)
            learned = [value for name, value in copies.items() if "@" in name]
            gradients = torch.autograd.grad(outputs.square().sum(), learned)
            assert learned
            assert all(gradient.abs().max() > 0 for gradient in gradients)

    def test_training_lowers_the_loss_below_guessing(self, task: Task) -> None:
        data = task.load()

        for network in task.networks().values():
            trained = train(
                network,
                data,
                Parts(F.relu),
                seeds=(0, 1),
                learning_rates=(0.01, 0.03),
                epochs=4,
                batch_size=32,
            )
            best = trained.validation_loss.min(dim=1).values
            assert (best < 0.9 * _loss_of_guessing(data)).all()


def _splits(data: Data) -> tuple[Split, Split, Split]:
    return data.train, data.validation, data.test


def _stacked(*copies: Parameters) -> Parameters:
    return {name: torch.stack([copy[name] for copy in copies]) for name in copies[0]}


def _starts(task: Task, data: Data, name: str, seeds: tuple[int, ...]) -> list[Parameters]:
    """Fresh parameters of the network of that name, for each seed."""
    shape = tuple(data.train.inputs.shape[1:])
    return [
        task.networks()[name].initialise(shape, data.outputs, torch.Generator().manual_seed(seed))
        for seed in seeds
    ]


def _batches(data: Data) -> torch.Tensor:
    """A batch of five for each of two copies."""
    return torch.stack([data.test.inputs[:5], data.test.inputs[5:10]])


def _loss_of_guessing(data: Data) -> float:
    """Validation loss of the best constant that the training targets teach."""
    targets = data.train.targets
    if targets.is_floating_point():
        constant = targets.mean(0)
    else:
        constant = torch.bincount(targets, minlength=data.outputs).div(len(targets)).log()
    outputs = constant.expand(1, len(data.validation.targets), data.outputs)
    return data.objective.losses(outputs, data.validation.targets.unsqueeze(0)).mean().item()


def _outputs_of(
    network: Network, parameters: Parameters, inputs: torch.Tensor, parts: Parts
) -> torch.Tensor:
    """Outputs for samples as a task has them: (copies, batch, …)."""
    arranged = network.arranged(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
    return network.forward(parameters, arranged, parts)


def _learned_activation(x: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return torch.tanh(a * x)


def _learned_normalize(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    return x * gain
