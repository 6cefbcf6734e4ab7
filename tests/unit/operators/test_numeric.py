import ast

import pytest
import torch
import torch.nn.functional as F
from operator_samples import BASELINES, CONTRACT

from operators.tree.numeric import value_at
from operators.tree.offspring import read_parent

POINTS = (-2.3, -0.4, 0.0, 0.7, 5.0)


def parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


@pytest.mark.parametrize("template", CONTRACT.vocabulary)
def test_every_call_of_the_vocabulary_has_the_value_that_torch_gives(template: str) -> None:
    names = ["x", "y"][: template.count("{}")]
    expression = template.format(*names)

    for point in POINTS:
        values = dict(zip(names, (point, 0.3), strict=False))
        tensors = {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}
        expected = eval(expression, {"torch": torch, "F": F, **tensors})
        assert value_at(parsed(expression), values) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("name", sorted(set(BASELINES)))
def test_every_baseline_has_its_value(name: str) -> None:
    result = read_parent(BASELINES[name], CONTRACT).result
    assert result is not None
    namespace: dict[str, object] = {}
    exec(BASELINES[name], namespace)
    function = namespace["activation"]
    assert callable(function)

    for point in POINTS:
        expected = float(function(torch.tensor(point, dtype=torch.float64)))
        assert value_at(result.expression, {"x": point}) == pytest.approx(expected, abs=1e-6)


def test_a_choice_and_a_comparison_have_their_values() -> None:
    choice = parsed("torch.where(x > 0, x ** 2, -x)")

    assert [value_at(choice, {"x": x}) for x in (-2.0, 3.0)] == [2.0, 9.0]


@pytest.mark.parametrize(
    "expression",
    [
        "x + other",
        "torch.lgamma(x)",
        "helper(x)",
        "x.tanh()",
        "torch.clamp(x, min=0)",
        "torch.tanh(x)[0]",
        "__import__('os').getpid()",
        "1 / (x - 1)",
        "torch.exp(1000 * x)",
        "torch.log1p(-2 * x)",
        "(x - 3) ** 0.5",
        "1e300 * (x * 1e300)",
        "torch.sin(x, x)",
        "torch.sin()",
    ],
)
def test_what_is_not_known_or_no_finite_number_has_no_value(expression: str) -> None:
    assert value_at(parsed(expression), {"x": 1.0}) is None
