"""Classes of a source: what they may hold, and that the graph computes what they do."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.components.kinds import kinds
from evo.validation.graph.recording import TraceError
from evo.validation.policy import rules
from evo.validation.policy.beside import runnable
from evo.validation.refusal import Refused

HEAD = """
import functools
import math
from collections import namedtuple
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
import torch
from torch import nn
import torch.nn.functional as F
"""
HONEST = {
    "precision and compilers": """
class Act(nn.Module):
    def __init__(self, shape: torch.Size = torch.Size([2])):
        super().__init__()
        self.slope = 2.0 if isinstance(shape, (int, torch.Size)) else 3.0
    def forward(self, x):
        if torch._utils.is_compiling() or torch.compiler.is_compiling():
            return x
        with torch.cuda.amp.autocast(enabled=False):
            return F.leaky_relu(x, self.slope)
activation = Act()
""",
    "a tensor made of a size": """
class Act(nn.Module):
    def forward(self, x):
        return x / torch.sqrt(torch.tensor(x.shape[1]).to(x)) + torch.tensor(2).to(x.dtype)
activation = Act()
""",
    "abstract base": """
from abc import ABCMeta, abstractmethod
from enum import Enum
class Shape(str, Enum):
    FLAT = "flat"
    BENT = "bent"
class Base(nn.Module, metaclass=ABCMeta):
    @abstractmethod
    def forward(self, x: torch.FloatTensor) -> torch.Tensor:
        pass
class Act(Base):
    def __init__(self, shape="bent"):
        super().__init__()
        if not hasattr(self, "shape"):
            self.shape = Shape(shape)
        if not isinstance(shape, (list, set, str)):
            raise ValueError(f"{type(shape).__name__} {repr(shape)} is no shape")
    def forward(self, x):
        return x.sin() if self.shape is Shape.BENT else x
def activation(x):
    return Act()(x)
""",
    "module": """
class Act(nn.Module):
    __constants__ = ["beta"]
    def __init__(self, beta=1.2, inplace: bool = False):
        super(Act, self).__init__()
        self.beta, self.inplace = beta, inplace
        self.register_buffer("shift", torch.tensor(0.1))
    def _gate(self, x):
        return torch.sigmoid(self.beta * x)
    def forward(self, x):
        return x.mul_(self._gate(x)) if self.inplace else x * self._gate(x) + self.shift
def activation(x):
    return Act(inplace=True)(x) + Act(0.7)(x)
""",
    "inheritance": """
class Base(object):
    scale = 0.5
    def __call__(self, x):
        return self.scale * self.forward(x)
class Act(Base):
    def __init__(self):
        super().__init__()
        self.power = 2
    @staticmethod
    def clip(x):
        return x.clamp(-3, 3)
    @property
    def half(self):
        return self.power / 2
    def forward(self, x):
        return self.clip(x) ** self.power + self.half
class Other(Act):
    def forward(self, x):
        return Act.forward(self, x).sin()
act = Other()
def activation(x):
    return act(x)
""",
    "layers": """
layers = nn.Sequential(nn.Hardtanh(-2.0, 2.0), nn.Softplus(beta=2), nn.Threshold(0.1, 0.2))
class Act(nn.GELU):
    def forward(self, input):
        return super().forward(input) - 0.1 * nn.functional.relu(-input)
def activation(x):
    return layers(x) - Act()(x)
""",
    "data": """
@dataclass(frozen=True)
class Setting:
    slope: float = 0.1
class Other(NamedTuple):
    power: int = 3
Third = namedtuple("Third", "shift")
leaky = partial(F.leaky_relu, negative_slope=Setting(0.2).slope)
def activation(x):
    return functools.reduce(torch.add, [leaky(x), x.tanh() ** Other().power], Third(0.5).shift * x)
""",
    "other names of methods": """
__all__ = ["Act", "activation"]
__version__ = "1.0"
def gate(self, x):
    return torch.sigmoid(self.beta * x)
class Base:
    beta = 1.5
    __call__ = gate
class Act(Base):
    def forward(self, x):
        return x * super().__call__(x)
    __call__ = step = forward
class Other:
    def __call__(self, x):
        return x.sin()
    forward = __call__
class Third:
    __call__ = lambda self, x: x.cos()
class Unused:
    def forward(self, x):
        return x
    __call__ = forward
def activation(x):
    return Act()(x) + Act().step(x) + Other().forward(x) * Third()(x)
""",
    "mode by its name": """
class Act:
    def __init__(self, mode="Soft"):
        if mode.lower() not in {"soft", "hard"}:
            raise ValueError(f"unknown mode {mode}")
        self.is_soft = mode.lower().startswith("soft")
    def __call__(self, x):
        return F.softplus(x) if self.is_soft else F.relu(x)
def activation(x):
    return Act()(x)
""",
}
HOSTILE = {
    "a metaclass": ("class A(metaclass=type): pass", "metaclass"),
    "a tensor": ("class A(torch.Tensor): pass", "inherit"),
    "a builtin": ("class A(dict): pass", "inherit"),
    "a call as a base": ("class A(nn.Module if 1 else int): pass", "inherit"),
    "a hook of Python": ("class A:\n    def __getattribute__(self, n): return n", "__getattrib"),
    "a context": ("class A:\n    def __enter__(self): return self", "__enter__"),
    "a decorator": ("@torch.jit.script\nclass A:\n    pass", "leave the decorator out"),
    "a decorated method": ("class A:\n    @partial\n    def f(self): pass", "decorator"),
    "code in its body": ("class A:\n    for i in (1, 2): pass", "methods and constants"),
    "an attribute of another": (
        "class A:\n    def __call__(self, o): o.x = 1",
        "cannot be assigned",
    ),
    "an attribute within": ("class A:\n    def __call__(self): self.a.b = 1", "`.a` is"),
    "its instance renamed": (
        "class A:\n    def __call__(self, o):\n        self = o\n        self.x = 1",
        "is",
    ),
    "the class itself": (
        "class A:\n    @classmethod\n    def __call__(cls): cls.x = 1",
        "cannot be assig",
    ),
    "a parameter": (
        "class A(nn.Module):\n    def __call__(self): return nn.Parameter(1)",
        "no parameters",
    ),
    "a name of torch": ("class A:\n    def load(self): return torch.load('f')", "`.load`"),
    "a mangled name": ("class A:\n    def __call__(self): self.__class__ = int", "__class__"),
    "a call": ("class A:\n    __call__ = partial(open)", "`__call__` is not allowed"),
    "a builtin's name": ("class A:\n    __call__ = open", "builtin name `open`"),
    "another hook": ("class A:\n    __getattr__ = forward", "`__getattr__` is not allowed"),
    "a hook's name": ("class A:\n    f = __import__", "`__import__` is not allowed"),
    "what a file exports": ("__all__ = [open]", "`__all__` is not allowed"),
    "a class within": ("def f():\n    class A: pass", "top level"),
}


@pytest.mark.parametrize("name", HONEST)
def test_a_class_computes_in_the_graph_what_it_computes(name: str) -> None:
    source = HEAD + HONEST[name]
    rules.check_source(source, kinds.get("activation").contract)
    points = torch.linspace(-4.0, 4.0, 24).reshape(4, 6)
    results = []
    for component in (traced_kind("activation", source), as_function("activation", source)):
        x = points.clone().requires_grad_()
        output = component(x * 1)
        results.append((output, *torch.autograd.grad(output.sum(), x)))

    torch.testing.assert_close(*results)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_class_that_does_more_is_refused_with_its_line(name: str) -> None:
    hostile, reason = HOSTILE[name]
    use = "A" if hostile.startswith(("class", "@")) else "f" if "def f" in hostile else "x"
    source = f"{HEAD}{hostile}\ndef activation(x):\n    return [{use}, x.tanh()][1]\n"

    with pytest.raises(Refused, match=reason) as refused:
        rules.check_source(source, kinds.get("activation").contract)

    assert refused.value.reason.startswith("line 1")


def test_an_instance_that_remembers_is_told_so() -> None:
    source = HEAD + (
        "class Act(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.calls = 0\n    def forward(self, x):\n        self.calls += 1\n"
        "        return x * self.calls\nact = Act()\ndef activation(x):\n    return act(x)\n"
    )

    with pytest.raises(TraceError, match="second call"):
        traced_kind("activation", source)


def test_an_instance_that_is_made_in_the_call_may_keep_what_it_likes() -> None:
    source = HEAD + (
        "class Act(nn.Module):\n    def forward(self, x):\n        self.gate = x.sigmoid()\n"
        "        return x * self.gate\ndef activation(x):\n    return Act()(x)\n"
    )

    assert len(traced_kind("activation", source)) == 2


@pytest.mark.parametrize(
    "line",
    [
        "from torch.autograd.function import Function",
        "from torch.cuda.amp import custom_fwd, custom_bwd",
        "import torch.optim as optim",
        "import warnings",
    ],
)
def test_an_import_that_nobody_uses_is_taken_out(line: str) -> None:
    source = f"import torch\n{line}\ndef activation(x):\n    return x.tanh()\n"

    rules.check_source(source, kinds.get("activation").contract)
    assert line not in runnable(source)


@pytest.mark.parametrize("line", ["import os", "from subprocess import run", "import torch.hub"])
def test_other_imports_stay_to_be_refused(line: str) -> None:
    source = f"import torch\n{line}\ndef activation(x):\n    return x.tanh()\n"

    assert line in runnable(source)
    with pytest.raises(Refused, match="line 2: import"):
        rules.check_source(source, kinds.get("activation").contract)
