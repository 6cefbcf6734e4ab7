"""Update rules that see matrices: each weight the right way round, copies apart, others as rows."""

import pytest
import torch

from evo.evaluation.training.adam import StackedAdam
from evo.evaluation.training.matrix_rule import StackedMatrixRule
from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.transformer import Transformer

NETWORKS = [Mlp((5, 3)), Mlp((5,)).gated(), Cnn((4, 6)), Transformer(width=8, blocks=1)]
RATES = torch.tensor([0.01, 0.1])


def started(network: Network) -> dict[str, torch.Tensor]:
    copies = [
        network.fresh((1, 8, 8), 3, torch.Generator().manual_seed(seed), Parts()) for seed in (0, 1)
    ]
    return {name: torch.stack([copy[name] for copy in copies]) for name in copies[0]}


def gradients_of(start: dict[str, torch.Tensor], seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(values.shape, generator=generator) for values in start.values()]


def adam(g, m, v, u, w, *scalars):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    t = scalars[0]
    step = m / (1 - 0.9**t) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
    return torch.stack([step, m, v, u])


@pytest.mark.parametrize("network", NETWORKS)
def test_adam_written_as_a_rule_for_matrices_is_adam(network: Network) -> None:
    start = started(network)
    ours = StackedMatrixRule(start, RATES, adam, network.roles())
    kernel = StackedAdam({name: values.clone() for name, values in start.items()}, RATES)

    for step, schedule in enumerate((1.0, 0.7, 0.3)):
        for optimiser in (ours, kernel):
            optimiser.step(gradients_of(start, step), schedule=schedule)

    for name, values in ours.parameters.items():
        assert torch.allclose(values, kernel.parameters[name], atol=1e-5), name


@pytest.mark.parametrize("network", NETWORKS)
def test_a_rule_sees_weights_as_outputs_by_inputs_and_all_else_as_one_row(
    network: Network,
) -> None:
    start = started(network)
    seen: list[tuple[int, ...]] = []

    def rule(g, m, v, u, w, *scalars):
        seen.append(tuple(g.shape))
        # Each output by its own row: what lies the wrong way round would be scaled otherwise.
        return torch.stack([w / w.norm(dim=1, keepdim=True), m, v, u])

    StackedMatrixRule(start, RATES, rule, network.roles()).step(gradients_of(start, 0), schedule=1)

    matrices = [tuple(matrix.shape[1:]) for matrix in network.matrices(start)]
    assert sorted(shape for shape in seen if shape[0] > 1) == sorted(matrices)
    assert all(shape[0] == 1 for shape in seen if shape not in matrices)


def test_rows_are_scaled_as_those_of_the_weight_matrix() -> None:
    network = Mlp((5, 3)).gated()
    start = started(network)

    def rule(g, m, v, u, w, *scalars):
        return torch.stack([w / w.norm(dim=1, keepdim=True), m, v, u])

    ours = StackedMatrixRule(start, RATES, rule, network.roles())
    ours.step(gradients_of(start, 0), schedule=0.5)

    for before, after in zip(
        network.matrices(start), network.matrices(ours.parameters), strict=True
    ):
        unit = before / before.norm(dim=2, keepdim=True)
        assert torch.allclose(after, before - 0.5 * RATES.view(2, 1, 1) * unit, atol=1e-5)


def test_the_norm_is_that_of_all_gradients_of_a_copy() -> None:
    network = Mlp((5,))
    start = started(network)
    gradients = gradients_of(start, 0)

    def rule(g, m, v, u, w, *scalars):
        return torch.stack([scalars[1].expand_as(g), m, v, u])

    ours = StackedMatrixRule(start, torch.ones(2), rule, network.roles())
    ours.step(gradients, schedule=1.0)

    for copy in range(2):
        norm = torch.cat([gradient[copy].flatten() for gradient in gradients]).norm()
        for name, values in ours.parameters.items():
            assert torch.allclose(start[name][copy] - values[copy], norm, rtol=1e-4)


def test_states_are_kept_for_each_matrix_and_copy() -> None:
    network = Mlp((5,)).gated()
    start = started(network)

    def rule(g, m, v, u, w, *scalars):
        return torch.stack([m + v + u, g, m, v])  # the sum of the three gradients before

    ours = StackedMatrixRule(start, torch.ones(2), rule, network.roles())
    history = [gradients_of(start, step) for step in range(5)]
    for gradients in history:
        ours.step(gradients, schedule=1.0)

    for place, (name, values) in enumerate(ours.parameters.items()):
        given = [gradients[place] for gradients in history]
        moved = sum(sum(given[max(0, step - 3) : step]) for step in range(1, 5))
        assert torch.allclose(start[name] - values, moved, atol=1e-5), name
