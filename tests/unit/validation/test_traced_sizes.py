"""Sources that compute with sizes, or choose by them: what their graphs do at other sizes."""

import math

import pytest
import torch
from support.traced_activations import SHAPES, body, eager, points, traced

from evo.components.activation import Activation
from evo.validation.graph import tracer
from evo.validation.graph.graph import Graph
from evo.validation.graph.recording import TraceError

SIZED = {
    "x / x.shape[1]": 1,
    "x.sum(-1, keepdim=True) / x.size(-1) + x / (x.shape[0] + 1)": 3,
    "x.sum() / x.numel()": 2,
    "F.layer_norm(x, (x.shape[-1],))": 1,
    "x.reshape(x.shape[1], x.shape[0]).reshape(x.shape)": 2,
    "x.argsort(1).float() / (x.shape[1] - 1)": 3,
}


@pytest.mark.parametrize("formula", SIZED)
def test_a_size_in_a_formula_is_taken_from_the_input(formula):
    source = body(f"return {formula}")

    graph = Graph.parse(
        tracer.trace(source, "activation", (((5, 7),), ((8, 6),)), progress=lambda: None)
    )

    assert '"size"' in graph.text
    assert Graph.parse(graph.text) == graph
    for shape in ((5, 7), (3, 9), (2, 3)):
        x = torch.linspace(-2, 3, shape[0] * shape[1]).reshape(shape)
        torch.testing.assert_close(graph(x), eager(source)(x))
        torch.testing.assert_close(
            torch.func.vmap(graph)(torch.stack([x, -x])), torch.stack([graph(x), graph(-x)])
        )


@pytest.mark.parametrize(
    "formula", ["x * (1 if x.shape[0] == 5 else 2)", "x / (x.shape[0] * 2)", "x * (x.dim() + 1)"]
)
def test_a_number_that_no_formula_of_sizes_gives_is_refused(formula):
    with pytest.raises(TraceError, match=r"line 4: a number is .* follows the sizes"):
        tracer.trace(
            body(f"return {formula}"),
            "activation",
            (((5, 7),), ((3, 2, 4),)),
            progress=lambda: None,
        )


MATRICES = {"shapes": (((5, 7),), ((8, 6),)), "wide_shapes": (((3, 64),), ((2, 97),))}


COMPUTED = [
    # Frozen where both small sizes agree: 7 // 4 = 6 // 4, int(7 ** 0.5) = int(6 ** 0.5).
    "x - x.topk(max(1, x.shape[-1] // 4), dim=-1).values[..., -1:]",
    "x[:, : int(x.shape[1] ** 0.5)].sum(1, keepdim=True) + x",
    "x * max(1, x.shape[-1] // 10)",
    "x - x[:, : min(16, x.shape[1])].mean(-1, keepdim=True)",
    "x - x.cumsum(-1)[..., x.size(-1) // 5].unsqueeze(-1)",
    "x / round(x.shape[1] / 10 + 1)",
    # Formulas in place of numbers.
    "x / x.shape[-1] ** 0.5 + 1 / x.size(0)",
    "x * float(x.numel()) / math.log2(len(x) + 1) - math.prod(x.shape)",
    "x * math.sqrt(2 / (x.shape[0] + x.shape[1])) + abs(x.shape[0] - x.shape[1]) % 3",
    "x / np.sqrt(x.shape[1])",
    # Factors that torch takes by name.
    "x.add(x.tanh(), alpha=1 / x.shape[-1]) - x.tanh().sub_(x, alpha=x.shape[0])",
    "torch.add(1e-4, x, alpha=np.sqrt(x.shape[0] / x.numel()))",
    "torch.addcmul(x, x.tanh(), x, value=-max(1, x.shape[0] / x.shape[1]) ** 0.5)",
    "x / np.prod(x.shape[1:]) + np.sum([x.shape[0], 2.0]) / np.max(x.shape) - np.min(x.shape)",
    "x / x[:, ::2].shape[1] ** 0.5",
    "x / torch.tensor(float(x.shape[1])).sqrt()",
    # Tensors whose size follows the input.
    "x @ torch.eye(x.shape[1]) + torch.zeros(x.shape) - torch.ones(x.shape[-1])",
    "x * torch.linspace(0, 1, x.shape[-1]) + torch.arange(x.shape[-1]) / x.shape[-1]",
    "x @ (1 - torch.eye(x.shape[1])).triu() / 3",
    "torch.cat([x[:, x.shape[1] // 2 :], x[:, : x.shape[1] // 2]], 1)",
    "torch.where(torch.arange(x.shape[1]) < x.shape[1] // 3, x, -x)",
    "corner(x.clone(), min(x.shape))",
]


@pytest.mark.parametrize("formula", COMPUTED)
def test_what_is_computed_from_a_size_follows_it_to_sizes_that_were_not_traced(formula):
    source = body(f"return {formula}").replace("import torch\n", "import torch, math\n", 1)
    source = source.replace("import torch,", "import numpy as np, torch,")
    source += "\ndef corner(y, n):\n    y[:n, :n] = y[:n, :n] + torch.eye(n)\n    return y\n"

    graph = Graph.parse(tracer.trace(source, "activation", **MATRICES, progress=lambda: None))

    assert Graph.parse(graph.text) == graph
    for shape in ((5, 7), (3, 9), (2, 30), (4, 128), (2, 500)):
        x = torch.linspace(-2, 3, shape[0] * shape[1]).reshape(shape)
        torch.testing.assert_close(graph(x), eager(source)(x))
        torch.testing.assert_close(
            torch.func.vmap(graph)(torch.stack([x, -x])),
            torch.stack([graph(x), graph(-x)]),
            rtol=1e-4,
            atol=1e-4,
        )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            "k = 2 if sum(1 for _ in x[0]) >= 32 else 3; return x * k",
            ["line 5: a number is 3", "2 at (3, 64)"],
        ),
        ("for row in x: y = x + row\n    return y", ["line 4: its operators", "loop"]),
    ],
)
def test_what_differs_at_a_size_in_training_is_refused_with_its_line(lines, words):
    with pytest.raises(TraceError) as refusal:
        tracer.trace(body(*lines.split("; ")), "activation", **MATRICES, progress=lambda: None)

    for word in words:
        assert word in str(refusal.value)


RANKS = [
    "torch.stack([x, x.tanh()], -1)[..., 1]",
    "(x[..., None] * torch.ones(2)).sum(-1)",
    "x + torch.arange(x.shape[-1])",
    "torch.sin(x.view(-1)).view(x.shape) + torch.zeros(x.shape)",
    "torch.sin(x.reshape(-1)).reshape(*x.shape)",
    "x + torch.ones(*x.shape[:-1], 1)",
    "x * torch.full(x.size(), 2.0) / x.shape[-1] ** 0.5",
    "x.flatten().unsqueeze(0).expand(3, -1).amax(0).view_as(x)",
    "torch.cat([x, -x], dim=x.dim() - 1)[..., : x.shape[-1]]",
]


@pytest.mark.parametrize("formula", RANKS)
def test_any_number_of_dimensions_is_taken_where_the_formula_is_the_same(formula):
    source = body(f"return {formula}")

    text = tracer.trace(
        source,
        "activation",
        SHAPES,
        wide_shapes=Activation.wide_shapes,
        progress=lambda: None,
    )
    graph = Graph.parse(text)

    for shape in ((5, 7), (3, 9), (2, 3, 4), (2, 3, 5, 6)):
        x = torch.linspace(-2, 3, math.prod(shape)).reshape(shape)
        torch.testing.assert_close(graph(x), eager(source)(x))


SCALARS = [
    "x * math.sqrt(t) + math.exp(-t) * max(t, 0.1) - min(t, u, 0.5)",
    "x / float(t) + math.pow(t, 2) + max([t, u])",
]


@pytest.mark.parametrize("formula", SCALARS)
def test_python_functions_of_numbers_take_tensors_without_dimensions(formula):
    source = body("t = x.abs().mean()", "u = x.abs().max()", f"return {formula}")
    source = source.replace("import torch\n", "import torch, math\n", 1)
    x, y = points().requires_grad_(), points().requires_grad_()

    got = traced(source)(x)

    torch.testing.assert_close(got, eager(source)(y))
    assert math.isfinite(torch.autograd.grad(got.sum(), x)[0].sum())


CASES = {
    "by the longer side": [
        "y = x if x.shape[0] <= x.shape[1] else x.t()",
        "y = y @ y.t() @ y / x.shape[0]",
        "return y if x.shape[0] <= x.shape[1] else y.t()",
    ],
    "by a width": ["return x * x.shape[1] if x.size(-1) >= 32 else torch.sin(x) / x.shape[1]"],
    "three of them": [
        "d = x.shape[1]",
        "if d < 7: return x + d",
        "return x - d if d < 90 else x[:, : d // 2].sum(1, keepdim=True) * x",
    ],
    "by the size of a value": ["y = x[0]", "return x * 2 if len(y) > 32 else x"],
    "by a parity": ["h = x.shape[1] // 2", "return x * h if x.shape[1] % 2 else x / h"],
}


@pytest.mark.parametrize("name", CASES)
def test_a_choice_by_a_size_is_made_at_every_size(name):
    source = body(*CASES[name])
    shapes = {
        "shapes": (((5, 7),), ((8, 6),)),
        "wide_shapes": (((3, 2),), ((3, 64),), ((17, 97),), ((2, 128),), ((101, 12),)),
    }

    graph = Graph.parse(tracer.trace(source, "activation", **shapes, progress=lambda: None))

    assert Graph.parse(graph.text) == graph
    for shape in ((4, 4), (9, 3), (2, 31), (2, 32), (40, 33), (3, 90), (2, 200)):
        x = torch.linspace(-1, 1, shape[0] * shape[1]).reshape(shape)
        torch.testing.assert_close(graph(x), eager(source)(x))
        torch.testing.assert_close(torch.func.vmap(graph)(x[None])[0], graph(x))
