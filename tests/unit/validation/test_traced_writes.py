"""Writes into tensors: the graph means what eager does, with its gradients."""

import pytest
import torch
from support.traced_activations import SHAPES, body, eager, points, traced

from evo.validation.graph import tracer
from evo.validation.graph.graph import Graph
from evo.validation.graph.recording import TraceError

WRITES = {
    "into what a mask chooses": [
        "y = torch.zeros_like(x)",
        "m = x > 0",
        "y[m] = x[m].add(1).sqrt()",
    ],
    "into empty memory": ["y = torch.empty_like(x)", "m = x > 0", "y[m] = x[m]", "y[~m] = -x[~m]"],
    "a number by a mask": ["y = torch.sin(x)", "y[x < -1] = 0.5"],
    "in place by a mask": ["y = x.clone()", "y[x < 0] *= 0.1"],
    "by a mask, of two": ["y = x * 2", "y[x > 1] = x[x > 1] * torch.tanh(y[x > 1])"],
    "into a slice": ["y = x.clone()", "y[:, 1:] -= x[:, :-1]"],
    "into a row": ["y = x * 2", "y[0] = 1.0", "y[1] = x[2]"],
    "into every second column": ["y = x + 1", "y[:, ::2] = torch.tanh(x[:, ::2])"],
    "into a view": ["y = x * 2", "z = y.view(-1)", "z.mul_(3)"],
    "into a view of a view": ["y = x * 2", "y.t()[1:].unsqueeze(0).mul_(3)"],
    "before a view is read": ["y = x * 2", "z = y[:, 0]", "y.mul_(3)", "y = y + z.unsqueeze(1)"],
    "into a diagonal": ["y = x @ x.t()", "y.fill_diagonal_(0.0)", "y = y @ x"],
    "into a fresh tensor": ["y = (x > 0).float()", "y.mul_(2)", "y = y * x"],
    "rows of a result": [
        "y = torch.zeros(2, 4, 12)",
        "y[0] = x",
        "y[1] = x * 2",
        "y = y.sum(0)",
    ],
    "a smaller thing": ["y = x * 1", "y[:, 2:4] = x[:1, :1]"],
    "sums of chosen elements": ["y = x * x[x > 0].sum() + x[x < 0].mean() - x[x > 1].amax()"],
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_means_what_it_means_in_eager_with_its_gradients(name):
    source = body(*WRITES[name], "return y")
    x, y = points().requires_grad_(), points().requires_grad_()
    text = tracer.trace(source, "activation", (((4, 12),),), progress=lambda: None)

    got, expected = Graph.parse(text)(x), eager(source)(y)

    torch.testing.assert_close(got, expected)
    weights = torch.linspace(0.5, 2.0, got.numel()).reshape(got.shape)
    torch.testing.assert_close(
        torch.autograd.grad((got * weights).sum(), x),
        torch.autograd.grad((expected * weights).sum(), y),
    )


def test_a_write_under_no_grad_into_what_is_made_there_passes_no_gradient():
    lines = ["with torch.no_grad():", "    k = torch.sigmoid(x).mul_(2)", "return x * k"]
    x, y = points().requires_grad_(), points().requires_grad_()

    got, expected = traced(body(*lines))(x), eager(body(*lines))(y)

    torch.testing.assert_close(
        torch.autograd.grad(got.sum(), x), torch.autograd.grad(expected.sum(), y)
    )


def test_what_a_mask_does_not_choose_spoils_no_gradient():
    lines = ["y = torch.zeros_like(x)", "m = x > 0", "y[m] = torch.log(x[m])", "return y"]
    x = points().requires_grad_()

    (gradient,) = torch.autograd.grad(traced(body(*lines))(x).sum(), x)

    torch.testing.assert_close(gradient, torch.where(points() > 0, 1 / points(), 0.0))


def test_what_is_computed_under_no_grad_passes_no_gradient():
    source = body(
        "with torch.no_grad():",
        "    shift = torch.tanh(x).amax() + torch.ones(1)",
        "return x * shift + shift",
    )
    x, y = points().requires_grad_(), points().requires_grad_()

    expected, got = eager(source)(x), traced(source)(y)

    torch.testing.assert_close(got, expected)
    for gradient, wanted in zip(
        torch.autograd.grad(got.sum(), y), torch.autograd.grad(expected.sum(), x), strict=True
    ):
        torch.testing.assert_close(gradient, wanted)


def test_a_module_constant_that_is_written_into_is_refused():
    source = "import torch\nC = torch.ones(1)\ndef activation(x):\n    return x * C.add_(1)"

    with pytest.raises(TraceError, match="share"):
        tracer.trace(source, "activation", SHAPES, progress=lambda: None)


def test_a_value_read_before_it_is_written_over_keeps_its_old_number():
    graph = traced(body("y = x * 2", "z = torch.sin(y)", "y.add_(1)", "return y + z"))

    torch.testing.assert_close(graph(points()), points() * 2 + 1 + torch.sin(points() * 2))


def test_a_value_that_no_input_reaches_may_be_read():
    graph = traced(body("scale = torch.arange(4).float().mean().item()", "return x * scale"))

    torch.testing.assert_close(graph(points()), points() * 1.5)


def test_writing_into_a_value_that_eager_needs_for_gradients_means_the_sum():
    source = body("y = torch.tanh(x)", "y += 0.1 * x", "return y")
    x, y = points().requires_grad_(), points().requires_grad_()

    got, meant = traced(source)(x), torch.tanh(y) + 0.1 * y

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        eager(source)(points().requires_grad_()).sum().backward()
    torch.testing.assert_close(got, meant)
    torch.testing.assert_close(
        torch.autograd.grad(got.sum(), x), torch.autograd.grad(meant.sum(), y)
    )
