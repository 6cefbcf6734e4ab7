"""Choices by the values of tensors without dimensions."""

import pytest
import torch
from support.traced_activations import body, eager, points, traced

CHOICES = {
    "either": ["if t > 0: return x * t", "return -x"],
    "expression": ["return x * (t if t > 0.2 else 0.1 * t)"],
    "nested": [
        "if t > 0:",
        "    if u > 2: return x * 2",
        "    return torch.sin(x)",
        "y = x * t",
        "return y if u < 1 else y + 1",
    ],
    "both": ["return x * 2 if t > 0 and u > 2 else x * 3"],
    "none of them": ["return x * 2 if not (t > 0 or u > 2) else x * 3"],
    "a branch that writes": ["y = x.clone()", "if t > 0: y[:, 0] = 0.0", "return y"],
    "a check of the input": ["if torch.isnan(t): raise ValueError('nan')", "return x * t"],
    "an assertion": ["assert (x.abs() < 100).all(), 'far out'", "return x * t"],
    "a whole number": ["s = int(10 * t)", "return x * (s + 1) if s % 2 else x / (s + 2.5)"],
    "a value": ["s = t.item()", "if s < 0: s = -s", "return x * s ** 0.5"],
    "in a helper": ["def size(v): return v if v > 0 else -v", "return x / (1 + size(t))"],
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_by_a_tensor_without_dimensions_is_made_by_values(name):
    source = body("t = x.mean()", "u = x.abs().max()", *CHOICES[name])

    graph = traced(source)

    for factor, added in ((1, 0), (-1, 0.5), (0.1, 0.3), (0.1, -0.3), (0.5, 3)):
        x = factor * points() + added
        torch.testing.assert_close(graph(x), eager(source)(x))
    torch.func.vmap(graph)(torch.stack([points(), -points()]))


def test_ways_share_what_they_have_in_common():
    source = body("y = torch.tanh(torch.sin(x))", "return y * 2 if x.sum() > 0 else y * 3")

    assert traced(source).text.count("aten.sin.default") == 1


def test_a_choice_between_the_same_is_none():
    assert len(traced(body("return x * 2 if x.sum() > 0 else x * 2"))) == 1
