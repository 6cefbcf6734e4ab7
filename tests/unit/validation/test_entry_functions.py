"""What may bear the name of the entry function besides a `def`."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.components.kinds import kinds
from evo.validation.policy.rules import check_source
from evo.validation.refusal import Refused

HEAD = """import functools
from functools import partial
import torch
from torch import nn

class Scaled:
    def __init__(self, factor=2.0):
        self.factor = factor

    def step(self, x, power=2):
        return self.factor * x ** power

    def __call__(self, x):
        return self.factor * torch.tanh(x)

    @staticmethod
    def plain(x):
        return torch.sin(x)

class Child(Scaled):
    pass

class Layer(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)

class Named:
    def forward(self, x, *, power=2):
        return x.abs() ** power

    __call__ = forward

def outer(self, x):
    return torch.atan(x)

class Outer:
    __call__ = step = outer

class Plain:
    __call__: object = lambda self, x: torch.cos(x)

class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x / 2
    @staticmethod
    def backward(ctx, g):
        return g / 2

class Split(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x / 4
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.k = 4
    @staticmethod
    def backward(ctx, g):
        return g / ctx.k

def power(x, exponent, *, factor):
    return factor * x ** exponent

scaled = Scaled(3.0)
"""
CALLED = [
    "Scaled().step",
    "scaled.step",
    "scaled",
    "scaled.__call__",
    "Scaled(0.5).__call__",
    "scaled.plain",
    "Child(1.5)",
    "Child().step",
    "Layer()",
    "Named()",
    "Named().__call__",
    "partial(Named(), power=3)",
    "Outer()",
    "Outer().step",
    "Plain()",
    "partial(power, exponent=3, factor=0.5)",
    "functools.partial(scaled.step, power=3)",
    "lambda x: power(x, 2, factor=2.0)",
    "Halved.apply",
    "Split.apply",
]
NOT_CALLED = [
    "Scaled",
    "Scaled.plain",
    "Scaled.step",
    "scaled.factor",
    "Halved.forward",
    "Scaled.apply",
    "torch.tanh",
    "partial(power, factor=1.0)",
    "partial(power, x=1.0)",
    "3.0",
]


@pytest.mark.parametrize("value", CALLED)
def test_a_name_of_something_that_is_called_is_an_entry_function(value: str) -> None:
    source = f"{HEAD}activation = {value}\n"
    x = torch.linspace(-2.0, 2.0, 12).reshape(3, 4)

    check_source(source, kinds.get("activation").contract)

    expected = as_function("activation", source)(x)
    torch.testing.assert_close(traced_kind("activation", source)(x), expected)


@pytest.mark.parametrize("value", NOT_CALLED)
def test_other_values_are_refused_with_what_to_define(value: str) -> None:
    with pytest.raises(Refused, match=r"expected .*def activation\(x\)|takes? those arguments"):
        check_source(f"{HEAD}activation = {value}\n", kinds.get("activation").contract)


def test_further_inputs_are_those_that_the_method_names() -> None:
    source = (
        "import torch\nclass Decay:\n    def __call__(self, w, t, scale=0.1):\n"
        "        return scale * (1 - t) * w.square().sum()\nregularize = Decay()\n"
    )

    check_source(source, kinds.get("regularizer").contract)

    w, t, zero = torch.ones(2, 3), torch.tensor(0.25), torch.tensor(1.0)
    graph = traced_kind("regularizer", source)
    assert graph(w, torch.zeros(2, 3), t, zero, zero).item() == pytest.approx(0.1 * 0.75 * 6)


@pytest.mark.parametrize(
    "value", ["scaled.__class__", "scaled.__call__.__func__", "Scaled.__init__", "().__call__"]
)
def test_no_other_name_with_underscores_is_reached(value: str) -> None:
    with pytest.raises(Refused, match=r"is not allowed|found 0"):
        check_source(f"{HEAD}activation = {value}\n", kinds.get("activation").contract)
