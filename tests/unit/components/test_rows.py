import pytest
import torch

from evo.components.kinds import kinds
from evo.components.rows import each_row
from evo.validation.graph import tracer
from evo.validation.graph.graph import Graph

ROWS = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))


def test_whatever_a_component_does_with_other_rows_training_shows_it_none() -> None:
    centred = each_row(lambda x: x - x.mean(0))

    assert torch.equal(centred(ROWS), torch.zeros(6, 5))


def test_a_gradient_reaches_its_own_row_alone() -> None:
    rows = ROWS.clone().requires_grad_()
    coupled = each_row(lambda x: x.tanh() + x.sum() - x.sum().detach())

    (gradient,) = torch.autograd.grad(coupled(rows)[2].sum(), rows)

    assert gradient[2].abs().min() > 0
    assert torch.equal(gradient[[0, 1, 3, 4, 5]], torch.zeros(5, 5))


def test_what_all_rows_share_is_the_same_for_each() -> None:
    scaled = each_row(lambda x, gain: x * gain)

    assert torch.equal(scaled(ROWS, torch.arange(5.0)), ROWS * torch.arange(5.0))


@pytest.mark.parametrize(
    ("kind", "part", "given"),
    [
        ("preprocessor", "preprocess", (ROWS,)),
        ("normalization", "normalize", (ROWS, torch.ones(5), torch.zeros(5))),
        ("loss", "loss", (3 * ROWS, torch.eye(5)[[0, 1, 2, 3, 4, 0]])),
    ],
)
def test_known_components_give_row_by_row_what_they_give_on_all_rows(kind, part, given) -> None:
    sort = kinds.get(kind)()
    for known in sort.baselines().values():
        text = tracer.trace(
            known.source, sort.contract.function, sort.trace_shapes, progress=lambda: None
        )
        graph = Graph.parse(text)

        in_training = getattr(sort.parts(graph), part)
        torch.testing.assert_close(in_training(*given), graph(*given))
