"""Builtin names as variables, in annotations and messages; each other use is refused."""

import pytest
import torch
from support.components import traced_kind

from evo.components.kinds import kinds
from evo.validation.policy import rules
from evo.validation.refusal import Refused

CONTRACT = kinds.get("activation").contract

HARMLESS = [
    "def f(input):\n    return input\ndef activation(x):\n    return f(x)",
    "def activation(x):\n    filter = x.tanh()\n    return filter * x",
    "def f(*, id=1.0):\n    return id\ndef activation(x):\n    return x * f()",
    "def f(x: object) -> object:\n    return x\ndef activation(x):\n    return f(x)",
    "def activation(x):\n    if x.dim() > 9:\n        raise TypeError(f'{type(x)}')\n    return x",
    "def activation(x):\n    if x.dim() > 9:\n        raise TypeError('{:.2f}{n}'.format(1, n=2))\n"
    "    return x",
    "def activation(x):\n    assert x.dim() < 9, 'a {}'.format(type(x))\n    return x",
    "def activation(x):\n    input = x\n    def g():\n        return input\n    return g()",
]
HARMFUL = [
    ("def activation(x):\n    return input('?')", "input"),
    ("def f(input):\n    return input\ndef activation(x):\n    return f(x) + input()", "input"),
    (
        "def activation(x):\n    def g(input):\n        return input\n    return g(x) + input()",
        "input",
    ),
    ("def activation(x, y=input('?')):\n    input = x\n    return input", "input"),
    ("def activation(x):\n    t = [input for input in [x]]\n    return x + input()", "input"),
    ("def activation(x):\n    return type(x)(3)", "type"),
    ("def activation(x):\n    return f'{type(*[x])}' and x", "type"),
    ("def activation(x):\n    raise type('N', (Exception,), {})('boo')", "type"),
    ("def activation(x):\n    return object() and x", "object"),
    ("def f(eval):\n    return eval\ndef activation(x):\n    return f(x)", "eval"),
    ("def f(x: exec):\n    return x\ndef activation(x):\n    return f(x)", "exec"),
]


@pytest.mark.parametrize("source", HARMLESS)
def test_a_builtin_name_that_calls_no_builtin_is_a_name_like_any_other(source: str) -> None:
    rules.check_source(source, CONTRACT)


@pytest.mark.parametrize(("source", "name"), HARMFUL)
def test_the_builtin_itself_is_refused(source: str, name: str) -> None:
    with pytest.raises(Refused, match=f"builtin name `{name}`"):
        rules.check_source(source, CONTRACT)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("PReLU()", "no module that learns; call torch.nn.functional.prelu"),
        ("Linear(3, 3)", "call torch.nn.functional.linear"),
        ("Conv1d(1, 1, 3)", "call torch.nn.functional.conv1d"),
    ],
)
def test_a_module_that_learns_is_refused_with_the_function_that_does_the_same(
    source: str, message: str
) -> None:
    with pytest.raises(Refused, match=message):
        rules.check_source(
            f"from torch import nn\nact = nn.{source}\ndef activation(x):\n    return act(x)\n",
            CONTRACT,
        )


@pytest.mark.parametrize(
    "decorator",
    ["torch.jit.script", "torch.compile", "torch.compile(fullgraph=True)"],
)
def test_a_decorator_that_compiles_is_left_out(decorator: str) -> None:
    rules.check_source(f"@{decorator}\ndef activation(x):\n    return x.tanh()\n", CONTRACT)


@pytest.mark.parametrize(
    "decorator",
    [
        "torch.jit.script(open('x'))",
        "torch.compile(backend=open)",
        "torch.jit.unused",
        "torch.no_grad(open('x'))",
    ],
)
def test_any_other_decorator_is_refused(decorator: str) -> None:
    with pytest.raises(Refused, match=r"decorator|not allowed"):
        rules.check_source(f"@{decorator}\ndef activation(x):\n    return x.tanh()\n", CONTRACT)


@pytest.mark.parametrize(
    "text",
    [
        "'{0.__class__}'.format(x)",
        "'{0[0]}'.format(x)",
        "'{a.b}'.format(a=x)",
        "'{:{}}'.format(x, 3)",
        "('{' + '}').format(x)",
        "'{}'.format_map(x)",
        "str.format('{}', x)",
        "'{'.format(x)",
    ],
)
def test_a_format_that_reaches_into_values_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not allowed"):
        rules.check_source(f"def activation(x):\n    return len({text}) * x", CONTRACT)


CACHED = """import functools
from functools import cache, lru_cache, partial
import torch

@functools.lru_cache(maxsize=None)
def slope(n):
    return 1 / n

@lru_cache
def shift(n):
    return torch.ones(()) / n

@cache
def power(n):
    return n

def activation(x):
    return slope(2) * x + partial(shift, 4)() ** power(2)  # 1/4 squared
"""


def test_a_cache_of_functools_is_left_out_and_nothing_else_of_its_name():
    rules.check_source(CACHED, CONTRACT)
    x = torch.linspace(-2.0, 2.0, 12)

    graph = traced_kind("activation", rules.check_source(CACHED, CONTRACT))
    torch.testing.assert_close(graph(x), x / 2 + 1 / 16)
    own = "def cache(f):\n    return abs\n@cache\ndef g(x):\n    return x\n"
    with pytest.raises(Refused, match="line 4: `g` has a decorator"):
        rules.check_source(f"{own}def activation(x):\n    return g(x)\n", CONTRACT)
