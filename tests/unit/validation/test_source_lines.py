"""The lines that a refusal for its cost names."""

import pytest

from evo.validation.policy.source_lines import with_lines

SOURCE = """import torch
def f(x):
    y = x[:, :, None] - x[:, None]
    y = y.sigmoid_() + 1 + 2
    y = y + torch.special.expit(y) + (y > 0)
    return torch.einsum("ijk,ijk->ij", y, y) @ x
"""


@pytest.mark.parametrize(
    ("operator", "words"),
    [
        ("aten.sub.Tensor", "line 3: "),
        ("aten.matmul.default", "line 6: "),
        ("aten.sigmoid.default", "line 4: "),
        ("aten.special_expit.default", "line 5: "),
        ("aten.gt.Scalar", "line 5: "),
        ("aten.add.Tensor", "line 4 or 5: "),
        ("aten.cos.default", ""),
    ],
)
def test_the_lines_are_those_that_may_call_the_operator(operator: str, words: str) -> None:
    assert with_lines("too much", SOURCE, operator) == f"{words}too much"


def test_many_lines_say_nothing() -> None:
    source = "def f(x):\n" + "    x = x + 1\n" * 4 + "    return x"

    assert with_lines("too much", source, "aten.add.Tensor") == "too much"
