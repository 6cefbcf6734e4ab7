"""`torch.autograd.Function`: a graph has its forward's value and its backward's gradient."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.validation.graph.recording import TraceError

SWISH = """
import torch
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k=1.5):
        x = x.float()
        ctx.save_for_backward(x)
        ctx.k = k
        return x * torch.sigmoid(k * x)
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.k * x)
        return g * s * (1 + ctx.k * x * (1 - s)), None
def activation(x):
    return Swish.apply(x) - Swish.apply(x.sin(), 0.3)
"""
OTHER = """
import torch
class Other(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.sign(x)
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return {}
def activation(x):
    return Other.apply(x)
"""
ROWS = """
import torch
class Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, outputs, targets):
        log_p = outputs.log_softmax(1)
        ctx.save_for_backward(log_p, targets)
        return -(targets * log_p).sum(1)
    @staticmethod
    def backward(ctx, g):
        log_p, targets = ctx.saved_tensors
        return g[:, None] * (log_p.exp() - targets), None
def loss(outputs, targets):
    return Rows.apply(outputs, targets)
"""


NEAREST = """
import torch
class Nearest(torch.autograd.Function):
    @classmethod
    def forward(cls, ctx, v, dim=-1):
        ctx.dim = dim
        ordered = v.sort(dim=dim, descending=True).values
        count = torch.arange(1, v.size(dim) + 1)
        level = (ordered.cumsum(dim) - 1) / count
        share = torch.relu(v - level.where(ordered > level, ordered.amin()).amax(dim, keepdim=True))
        ctx.save_for_backward(share)
        return share
    @classmethod
    def backward(cls, ctx, g):
        (share,) = ctx.saved_tensors
        used = (share > 0).to(g.dtype)
        pull = g * used
        pull[share == 0] = 0
        return pull - used * (pull.sum(ctx.dim) / used.sum(ctx.dim)).unsqueeze(ctx.dim), None
def attend(scores):
    return Nearest.apply(scores) + Nearest.apply(0.3 * scores, 1)
"""
"""Distances to a simplex, whose gradient takes a mean away from the numbers that count."""


@pytest.mark.parametrize(
    ("kind", "source", "shapes"),
    [
        ("attention", NEAREST, [(4, 6)]),
        ("attention", NEAREST, [(1, 2)]),
        ("attention", NEAREST, [(9, 33)]),
        ("activation", OTHER.format("(g + g.flip(0)) / 2"), [(4, 6)]),
        ("activation", SWISH, [(4, 6)]),
        ("activation", OTHER.format("g * (x.abs() < 1)"), [(3, 2, 4)]),
        ("loss", ROWS, [(5, 3), (5, 3)]),
    ],
)
def test_the_graph_has_its_value_and_its_gradient(kind: str, source: str, shapes: list) -> None:
    generator = torch.Generator().manual_seed(1)
    values = [torch.randn(shape, generator=generator) for shape in shapes]
    results = []
    for component in (traced_kind(kind, source), as_function(kind, source)):
        first, *others = (one.clone().requires_grad_(one is values[0]) for one in values)
        output = component(first, *others)
        weights = torch.linspace(-1.0, 2.0, output.numel()).reshape(output.shape)
        results.append((output, *torch.autograd.grad((output * weights).sum(), first)))

    torch.testing.assert_close(*results)


@pytest.mark.parametrize(
    "gradient",
    ["g * 0 + 1e9", "g.roll(1, 0)", "g.cumsum(-1)", "torch.where(g > 0, g, 0 * g)", "g * g"],
)
def test_a_backward_that_is_no_symmetric_map_is_refused(gradient: str) -> None:
    with pytest.raises(TraceError, match=r"y.detach\(\) \+ \(x - x.detach\(\)\) \* slope"):
        traced_kind("activation", OTHER.format(gradient))


def test_a_conversion_without_gradients_that_converts_nothing_takes_no_gradient_away() -> None:
    source = (
        "import torch\ndef activation(x):\n    with torch.no_grad():\n        y = x.float()\n"
        "    return x * y.sigmoid()\n"
    )
    points = torch.linspace(-2.0, 2.0, 8)
    gradients = []
    for component in (traced_kind("activation", source), as_function("activation", source)):
        x = points.clone().requires_grad_()
        gradients += torch.autograd.grad(component(x).sum(), x)

    torch.testing.assert_close(*gradients)
