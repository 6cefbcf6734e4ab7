import pytest
import torch

from evo.evaluation.training.kernels import CPU_KERNELS, kernels_for
from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.graph import Graph

GRID = torch.cat(
    [torch.linspace(-30, 30, 601), torch.tensor([0.0, -0.0, 1e-8, -1e-8, 1e-20, 88.0, -88.0, 1e15])]
)


def arguments(name: str) -> list[torch.Tensor]:
    """Inputs of an operator that a gradient is asked of; those of two have ties."""
    two = name.split(".")[1] in {"max", "maximum", "min", "minimum"}
    inputs = [GRID, GRID.flip(0) if two else None]
    return [tensor.clone().requires_grad_() for tensor in inputs if tensor is not None]


def values_and_gradients(operator, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    output = operator(*inputs)
    weights = torch.linspace(-2, 2, output.numel())
    return [output.detach(), *torch.autograd.grad(output, inputs, weights)]


@pytest.mark.parametrize("name", CPU_KERNELS)
def test_a_kernel_gives_the_values_and_gradients_of_its_operator(name: str) -> None:
    inputs = arguments(name)

    ours = values_and_gradients(CPU_KERNELS[name], inputs)
    theirs = values_and_gradients(ALLOWED[name], inputs)

    assert type(CPU_KERNELS[name](*inputs).grad_fn) is not type(ALLOWED[name](*inputs).grad_fn)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["aten.maximum.default", "aten.minimum.default"])
def test_a_tie_gives_each_side_half_of_the_gradient(name: str) -> None:
    one, other = (torch.tensor([1.0, 5.0], requires_grad=True) for _ in range(2))

    found = torch.autograd.grad(CPU_KERNELS[name](one, other).sum(), [one, other])

    assert [gradient.tolist() for gradient in found] == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("other", [torch.tensor(0.5), torch.ones(3, 1), torch.ones(3, 4).double()])
def test_other_shapes_and_types_are_left_to_the_operator(other: torch.Tensor) -> None:
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()

    found = CPU_KERNELS["aten.maximum.default"](x, other)

    assert found.equal(torch.maximum(x, other))
    assert found.grad_fn is not None
    assert found.grad_fn.name() == "MaximumBackward0"


def test_a_graph_runs_by_the_kernels_it_is_given_and_stays_the_same_text() -> None:
    text = '{"inputs":1,"nodes":[["aten.mish.default",[{"ref":0}],{}]],"output":{"ref":1}}'
    plain, quick = Graph.parse(text), Graph.parse(text, instead=kernels_for("cpu"))
    x = torch.linspace(-3, 3, 7).requires_grad_()

    assert quick.text == plain.text
    assert "MishBackward0" in type(plain(x).grad_fn).__name__
    assert "MishBackward0" not in type(quick(x).grad_fn).__name__
    assert kernels_for("cuda") == {}
