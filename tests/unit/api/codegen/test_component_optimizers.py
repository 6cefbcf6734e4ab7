"""Optimizers and schedules of component files in a torch program."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from support.component_files import baselines, loaded
from torch import nn

from evo.evaluation.training.matrix_rule import StackedMatrixRule
from evo.evaluation.training.rule import StackedRule
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.roles import Plain, Weight
from evo.validation.graph.graphs import component_of


@pytest.mark.parametrize("name", ["adam", "lion"])
def test_an_optimiser_steps_as_evo_does_and_saves_its_states(name: str) -> None:
    found = loaded("optimizer", name)
    rule = component_of(baselines("optimizer")[name].graphs)
    start = {n: v[None] for n, v in Mlp((4,)).fresh((5,), 2, torch.Generator(), Parts()).items()}
    theirs = StackedRule(start, torch.tensor([0.01]), rule)

    expect_the_same_steps(found.Optimizer, theirs, start, steps=5, restart_after=2, atol=1e-6)


@pytest.mark.parametrize("name", ["muon", "clipped_momentum"])
def test_an_optimiser_of_matrices_steps_as_evo_does_and_saves_its_states(name: str) -> None:
    found = loaded("matrix-optimizer", name)
    rule = component_of(baselines("matrix-optimizer")[name].graphs)
    weights = [torch.randn(shape, generator=torch.Generator()) for shape in ((5, 3), (2, 4))]
    start = {name: value[None] for name, value in zip("ab", weights, strict=True)}
    start["bias"] = torch.zeros(1, 5)
    roles = {"a": Weight(), "b": Weight(), "bias": Plain.BIAS}
    theirs = StackedMatrixRule(start, torch.tensor([0.01]), rule, roles)

    expect_the_same_steps(found.MatrixOptimizer, theirs, start, steps=4, restart_after=1, atol=1e-5)


def expect_the_same_steps(
    make: Callable[..., torch.optim.Optimizer],
    theirs: Any,
    start: dict[str, torch.Tensor],
    *,
    steps: int,
    restart_after: int,
    atol: float,
) -> None:
    """Expect that an exported optimiser, made again on the way, moves weights as evo does."""
    ours = [nn.Parameter(value[0].clone()) for value in start.values()]
    optimizer = make(ours, lr=0.01)
    for step in range(steps):
        generator = torch.Generator().manual_seed(step)
        gradients = [torch.randn(value.shape, generator=generator) for value in ours]
        for weight, gradient in zip(ours, gradients, strict=True):
            weight.grad = gradient
        optimizer.step()
        theirs.step([gradient[None] for gradient in gradients], schedule=1.0)
        if step == restart_after:
            states = optimizer.state_dict()
            optimizer = make(ours, lr=0.01)
            optimizer.load_state_dict(states)
    for mine, other in zip(ours, theirs.parameters.values(), strict=True):
        assert torch.allclose(mine, other[0], atol=atol)


def test_a_schedule_gives_the_factor_of_every_step_and_goes_on_from_a_checkpoint() -> None:
    found = loaded("schedule", "cosine")
    graph = component_of(baselines("schedule")["cosine"].graphs)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = found.Schedule(optimizer, total_steps=10)
    rates = []
    for step in range(12):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
        if step == 4:
            states, of_optimizer = schedule.state_dict(), optimizer.state_dict()
            schedule = found.Schedule(optimizer, total_steps=10)
            schedule.load_state_dict(states)
            optimizer.load_state_dict(of_optimizer)

    expected = (2 * graph(torch.arange(10) / 10)).tolist()
    assert rates[:10] == pytest.approx(expected, abs=1e-6)
    assert rates[10:] == pytest.approx([expected[-1]] * 2, abs=1e-6)
