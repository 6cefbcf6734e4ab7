import ast

import pytest
from operator_samples import CONTRACT, WILD, component

from operators.tree.program import Program
from operators.tree.values import MODULE, Value

ABOVE = """
BETA = 1.5
soft = lambda t, k: t / (1.0 + k * torch.abs(t))
def twice(t, k=2):
    return k * t
def count(t):
    return t.dim()
"""
BODY = """mask = x > 0
y = soft(x, BETA)
mean = y.mean(dim=-1, keepdim=True)
parts = [y, twice(x)]
total = torch.zeros_like(x)
for part in parts:
    total = total + part
n = x.shape[-1]
return total"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("x", Value.TENSOR),
        ("y", Value.TENSOR),
        ("total", Value.TENSOR),
        ("part", Value.TENSOR),
        ("sum(parts)", Value.TENSOR),
        ("parts[0]", Value.TENSOR),
        ("mask.float()", Value.TENSOR),
        ("mask * 1.0", Value.TENSOR),
        ("x.tanh().abs()", Value.TENSOR),
        ("torch.where(mask, 0.0, x)", Value.TENSOR),
        ("x - mean", Value.TENSOR),
        ("mean", Value.RESHAPED),
        ("x[..., :2]", Value.RESHAPED),
        ("x @ x", Value.RESHAPED),
        ("torch.max(x)", Value.RESHAPED),
        ("torch.max(x, y)", Value.TENSOR),
        ("torch.stack(parts)", Value.RESHAPED),
        ("mask", Value.MASK),
        ("~mask & (x < 1)", Value.MASK),
        ("torch.isnan(x)", Value.MASK),
        ("parts", Value.SEVERAL),
        ("BETA", Value.OTHER),
        ("n", Value.OTHER),
        ("x.shape", Value.OTHER),
        ("x.size(0)", Value.OTHER),
        ("count(x)", Value.OTHER),
        ("torch.zeros_like(x)", Value.OTHER),
        ("unknown", Value.OTHER),
    ],
)
def test_an_expression_is_known_for_what_it_is(expression: str, value: Value) -> None:
    values = Program.read(component(BODY, ABOVE), CONTRACT).survey().values

    assert values.of(ast.parse(expression, mode="eval").body, "activation") is value


def test_a_helper_parameter_is_what_the_calls_pass() -> None:
    values = Program.read(component(BODY, ABOVE), CONTRACT).survey().values

    assert values.arguments("soft") == ["t"]
    assert values.arguments("twice") == ["t"]
    assert values.of(ast.Name("k", ast.Load()), "soft") is Value.OTHER


def test_nothing_is_a_tensor_outside_of_functions() -> None:
    values = Program.read(WILD["static_loop"], CONTRACT).survey().values

    assert values.of(ast.Name("WEIGHTS", ast.Load()), MODULE) is Value.OTHER
