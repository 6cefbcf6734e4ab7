"""An `if` on a tensor: each way has the values and the gradients that it has where it is taken."""

import pytest
import torch
from support.components import as_function, traced_kind

BODIES = {
    "a guard against zero": (
        "regularizer",
        "s = w.std()\n    if float(s) == 0.0:\n        return (w * w).mean()\n"
        "    return (w / s).abs().mean()",
    ),
    "a root of what is positive": (
        "regularizer",
        "v = w.var()\n    if v > 0:\n        return torch.sqrt(v)\n    return v * 0 + w.sum() ** 2",
    ),
    "three ways": (
        "regularizer",
        "s = w.abs().sum()\n    if s < 1e-12:\n        return s\n    if s > 5:\n"
        "        return s.log() + w.square().sum().sqrt() / s\n    return s * s / w.norm()",
    ),
    "the same asked six times": (
        "regularizer",
        "r = w.abs().sum() + 1\n    for k in range(5):\n"
        "        if w.mean() > 0.1:\n            r = r.sqrt() * (k + 2)\n"
        "    if w.mean() <= 0.1:\n        r = r * 3\n    return r if w.mean() > 0.1 else r / 2",
    ),
    "written into between, through a view": (
        "regularizer",
        "y = w * 2\n    r = w.abs().mean()\n    flat = y.view(-1)\n"
        "    if y.sum() > 0:\n        r = r * 3\n    flat.neg_()\n"
        "    if y.sum() > 0:\n        r = r + 5\n"
        "    y.T[0].add_(99.0)\n"
        "    if y.sum() > 0:\n        r = r * r\n    return r",
    ),
    "a slope that may be zero": (
        "parametric-activation",
        "if a > 0:\n        return torch.tanh(a * x) / a + b\n    return x.tanh() + b",
    ),
    "one truth in a row": (
        "parametric-activation",
        "if (b.reshape(1, 1) > 0):\n        return (torch.exp(b * x) - 1) / b + a\n"
        "    return x * a",
    ),
}
INPUTS = {
    "regularizer": [
        [values] for values in (torch.zeros(5, 4), torch.full((3, 2), 0.5), torch.eye(4) * 9)
    ],
    "parametric-activation": [
        [x, torch.tensor(a), torch.tensor(b)]
        for x in (torch.linspace(-3.0, 3.0, 12).reshape(3, 4), torch.zeros(2, 2))
        for a, b in ((1.0, 0.0), (0.0, 0.5), (-1.0, -0.3))
    ],
}


@pytest.mark.parametrize("name", BODIES)
def test_a_way_not_taken_leaves_no_trace_in_gradients(name: str) -> None:
    kind, body = BODIES[name]
    head = {"regularizer": "regularize(w)", "parametric-activation": "activation(x, a, b)"}[kind]
    source = f"import torch\ndef {head}:\n    {body}\n"
    graph, component = traced_kind(kind, source), as_function(kind, source)

    for inputs in INPUTS[kind]:
        results = []
        for function in (graph, component):
            leaves = [one.clone().requires_grad_() for one in inputs]
            output = function(*leaves)
            gradients = torch.autograd.grad(
                output.sum(), leaves, allow_unused=True, materialize_grads=True
            )
            results.append((output, *gradients))
        torch.testing.assert_close(*results)
