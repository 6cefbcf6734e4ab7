"""Writes into arguments and under `torch.no_grad`: the graph gives what the call gives."""

import math

import pytest
import torch
from support.components import as_function, traced_kind

SOURCES = {
    "in place on the input": ("activation", "return x.mul_(0.5).mul_((x + 2).clamp(0, 2))"),
    "an option of torch": ("activation", "return F.elu(F.hardtanh(x, -2, 2, inplace=True))"),
    "into a part of the input": ("activation", "x[x > 1] = 0.5\n    return x.sin()"),
    "without gradients": (
        "activation",
        "y = x * x\n    with torch.no_grad():\n        y.mul_(2).add_(1)\n    return y * x",
    ),
    "a mask without gradients": (
        "activation",
        "y = 1 / x\n    with torch.no_grad():\n        y[torch.isinf(y)] = 0\n    return y + x",
    ),
    "states": (
        "optimizer",
        "m.mul_(0.9).add_(g, alpha=0.1)\n    v.lerp_(g * g, 0.01)\n"
        "    return torch.stack([m / (v.sqrt() + 1e-8), m, v])",
    ),
    "states without gradients": (
        "optimizer",
        "with torch.no_grad():\n        g.add_(w, alpha=0.01)\n        m.mul_(0.9).add_(g)\n"
        "    return torch.stack([m, m, v])",
    ),
}
HEAD = {
    "activation": "def activation(x):",
    "optimizer": "def update(g, m, v, w, t):",
    "parametric-activation": "def activation(x, a, b):",
    "regularizer": "def regularize(w):",
}


def source(kind: str, body: str) -> str:
    head = "import torch\nimport torch.nn.functional as F\n"
    return f"{head}{HEAD[kind]}\n    {body}\n"


@pytest.mark.parametrize("name", SOURCES)
def test_a_write_into_an_argument_gives_what_the_call_gives(name: str) -> None:
    kind, body = SOURCES[name]
    graph, component = traced_kind(kind, source(kind, body)), as_function(kind, source(kind, body))
    shapes = {"activation": [(4, 6)], "optimizer": [(8,), (8,), (8,), (8,), ()]}[kind]
    values = [torch.linspace(0.5, 3.0, math.prod(shape)).reshape(shape) for shape in shapes]
    ours, theirs = ([one.clone().requires_grad_() for one in values] for _ in range(2))

    got, expected = graph(*ours), component(*(one.clone() for one in theirs))

    torch.testing.assert_close(got, expected)
    gradients = [
        torch.autograd.grad(output.sum(), inputs, allow_unused=True, materialize_grads=True)
        for output, inputs in ((got, ours), (expected, theirs))
    ]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("optimizer", "w.mul_(0.99)\n    return torch.stack([g, m, v])"),
        (
            "optimizer",
            "with torch.no_grad():\n        w.zero_()\n    return torch.stack([g, m, v])",
        ),
        ("regularizer", "w.abs_()\n    return w.sum()"),
        ("parametric-activation", "a.data.clamp_(0, 1)\n    return x * a + b"),
        (
            "parametric-activation",
            "with torch.no_grad():\n        a.clamp_(0, 1)\n    return x * a + b",
        ),
    ],
)
def test_a_write_into_what_lives_on_is_refused(kind: str, body: str) -> None:
    with pytest.raises(
        Exception, match=r"writes into (its input, which lives on|what other calls)"
    ):
        traced_kind(kind, source(kind, body))


def test_no_argument_may_be_written_into_unless_the_request_says_so() -> None:
    with pytest.raises(Exception, match="writes into its input"):
        traced_kind("activation", source("activation", "return x.mul_(2)"), kept=None)
