import ast

import pytest
from operator_samples import CONTRACT, WILD, component

from operators.tree.program import Program
from operators.tree.values import MODULE, ExpressionType

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
        ("x", ExpressionType.TENSOR),
        ("y", ExpressionType.TENSOR),
        ("total", ExpressionType.TENSOR),
        ("part", ExpressionType.TENSOR),
        ("sum(parts)", ExpressionType.TENSOR),
        ("parts[0]", ExpressionType.TENSOR),
        ("mask.float()", ExpressionType.TENSOR),
        ("mask * 1.0", ExpressionType.TENSOR),
        ("x.tanh().abs()", ExpressionType.TENSOR),
        ("torch.where(mask, 0.0, x)", ExpressionType.TENSOR),
        ("x - mean", ExpressionType.TENSOR),
        ("mean", ExpressionType.RESHAPED),
        ("x[..., :2]", ExpressionType.RESHAPED),
        ("x @ x", ExpressionType.RESHAPED),
        ("torch.max(x)", ExpressionType.RESHAPED),
        ("torch.max(x, y)", ExpressionType.TENSOR),
        ("torch.stack(parts)", ExpressionType.RESHAPED),
        ("mask", ExpressionType.MASK),
        ("~mask & (x < 1)", ExpressionType.MASK),
        ("torch.isnan(x)", ExpressionType.MASK),
        ("parts", ExpressionType.SEVERAL),
        ("BETA", ExpressionType.OTHER),
        ("n", ExpressionType.OTHER),
        ("x.shape", ExpressionType.OTHER),
        ("x.size(0)", ExpressionType.OTHER),
        ("count(x)", ExpressionType.OTHER),
        ("torch.zeros_like(x)", ExpressionType.OTHER),
        ("unknown", ExpressionType.OTHER),
    ],
)
def test_an_expression_is_known_for_what_it_is(expression: str, value: ExpressionType) -> None:
    values = Program.read(component(BODY, ABOVE), CONTRACT).survey().values

    assert values.of(ast.parse(expression, mode="eval").body, "activation") is value


def test_a_helper_parameter_is_what_the_calls_pass() -> None:
    values = Program.read(component(BODY, ABOVE), CONTRACT).survey().values

    assert values.arguments("soft") == ["t"]
    assert values.arguments("twice") == ["t"]
    assert values.of(ast.Name("k", ast.Load()), "soft") is ExpressionType.OTHER


def test_nothing_is_a_tensor_outside_of_functions() -> None:
    values = Program.read(WILD["static_loop"], CONTRACT).survey().values

    assert values.of(ast.Name("WEIGHTS", ast.Load()), MODULE) is ExpressionType.OTHER
