import math
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from evo.components.activation import Activation
from evo.validation.graph import tracer
from evo.validation.graph.graph import Graph
from evo.validation.graph.recording import Recording, TraceError
from evo.validation.graph.writer import write_graph

SHAPES = Activation.trace_shapes
HONEST: dict[str, str] = tomllib.loads((Path(__file__).parent / "components.toml").read_text()) | {
    name: candidate.source for name, candidate in Activation().baselines().items()
}


def traced(source: str) -> Graph:
    return Graph.parse(tracer.trace(source, "activation", SHAPES, progress=lambda: None))


def eager(source: str):
    namespace: dict = {}
    exec(source, namespace)
    return namespace["activation"]


def points() -> torch.Tensor:
    return torch.linspace(-5.0, 5.0, 48).reshape(4, 12)


@pytest.mark.parametrize("name", HONEST)
def test_graph_gives_the_values_and_gradients_of_its_source_also_under_vmap(name):
    graph, component = traced(HONEST[name]), eager(HONEST[name])
    x, y = points().requires_grad_(), points().requires_grad_()

    expected, got = component(x), graph(y)
    weights = torch.linspace(0.5, 2.0, 48).reshape(4, 12)
    expected_gradient = torch.autograd.grad((expected * weights).sum(), x)[0]
    gradient = torch.autograd.grad((got * weights).sum(), y)[0]
    mapped = torch.func.vmap(torch.func.grad(lambda z, w: (graph(z) * w).sum()))(points(), weights)

    torch.testing.assert_close(got, expected, rtol=0, atol=0)
    torch.testing.assert_close(gradient, expected_gradient)
    torch.testing.assert_close(torch.func.vmap(graph)(points()), expected.detach())
    torch.testing.assert_close(mapped, expected_gradient)


def recorded_by_torch(component, shapes) -> str:
    """The graph as torch's own tracer sees it."""
    inputs = [torch.linspace(-3.0, 3.0, math.prod(s)).reshape(s).requires_grad_() for s in shapes]
    module = make_fx(component, pre_dispatch=True)(*inputs)
    names = [str(node.target) for node in module.graph.nodes if node.op == "get_attr"]
    return write_graph(Recording(module.graph, {name: getattr(module, name) for name in names}))


@pytest.mark.parametrize("name", HONEST)
def test_a_graph_is_the_one_that_torchs_own_tracer_sees(name):
    expected = [recorded_by_torch(eager(HONEST[name]), shapes) for shapes in SHAPES]

    assert [
        tracer.trace(HONEST[name], "activation", (shapes,), progress=lambda: None)
        for shapes in SHAPES
    ] == expected


def body(*lines: str) -> str:
    return "\n".join(
        ["import torch", "import torch.nn.functional as F", "def activation(x):"]
        + [f"    {line}" for line in lines]
    )


@pytest.mark.parametrize("function", ["silu", "gelu", "mish", "softplus", "selu", "hardswish"])
def test_a_composite_stays_one_operator(function):
    graph = traced(body(f"return F.{function}(x)"))

    assert len(graph) == 1
    assert f"aten.{function}.default" in graph.text


def test_layer_norm_stays_one_operator_at_one_shape():
    text = tracer.trace(
        body("return F.layer_norm(x, x.shape[-1:])"),
        "activation",
        SHAPES[:1],
        progress=lambda: None,
    )

    assert len(Graph.parse(text)) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("return x / x.size(0) ** 0.5", ["line 4", "(3, 2, 4, 4)", "(5, 7)", "follows the sizes"]),
        (
            "return x + torch.arange(x.dim()).sum()",
            ["line 4", "a number is 2 ", "4 at (3, 2, 4"],
        ),
        ("return x.mul_(2)", ["line 4", "writes into its input", "w = w * 2"]),
        ("return F.relu(x, inplace=True)", ["writes into its input"]),
        ("return F.dropout(x)", ["random"]),
        ("return x + torch.rand(1)", ["random"]),
        ("return x.foo()", ["line 4", "AttributeError", "foo"]),
        ("return unknown(x)", ["line 4", "NameError", "unknown"]),
        ("return 1.0", ["one tensor", "float"]),
        ("return (x, x)", ["one tensor", "tuple"]),
        ("return activation(x)", ["line 4", "RecursionError"]),
        ("raise SystemExit(3)", ["line 4", "SystemExit"]),
        ("y = x * 2", ["one tensor", "NoneType"]),
        ("with torch.inference_mode(): return x * 2", ["how torch computes"]),
        ("with torch.autocast('cpu'): return x * 2", ["how torch computes"]),
        ("return x if torch.equal(x, x) else -x", ["line 4", "torch.where"]),
        ("y = torch.zeros(1).add_(x.sum()); return x * y.item()", ["line 5", "torch.where"]),
        ("return x if x > 0 else -x", ["line 4", "one truth", "torch.where"]),
        ("while x.sum() > 0: x = x - 1\n    return x", ["more than 4 times", "torch.where"]),
        ("for i in range(int(x.sum())): x = x + 1\n    return x", ["line 4", "value of a tensor"]),
        (
            "try: s = float(x.max().tolist())\n    except Exception: s = 1.0\n    return x * s",
            ["value"],
        ),
        ("return x if x.sum() > 0 else unknown", ["line 4", "NameError"]),
        ("y = (x * 2).expand(2, *x.shape); y.mul_(3); return y[0]", ["single memory location"]),
        ("return x[x > 0]", ["size depends on values", "torch.where"]),
        ("y = x.clone(); y[x > 0] = x[x > 1]; return y", ["shape mismatch"]),
        ("y = x.clone(); y[x > 0] = x[x > -x]; return y", ["same mask", "torch.where"]),
        ("return x - x[x > 0].std()", ["std of x[mask]", "torch.where"]),
        ("import numpy as np; return x * np.median(x.detach())", ["line 5", "numpy", "torch"]),
        ("return (x.unsqueeze(-1) * torch.ones(9000)).sum(-1)", ["9,000 elements", "4,096"]),
    ],
)
def test_what_has_no_graph_is_refused_with_a_reason(line, words):
    with pytest.raises(TraceError) as refusal:
        tracer.trace(body(*line.split("; ")), "activation", SHAPES, progress=lambda: None)

    for word in words:
        assert word in str(refusal.value)


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
        ("k = 2 if len(x.split(2, -1)) > 9 else 3; return x * k", ["line 5: a number is 3"]),
        ("return x if x.shape[0] > 2 else x + 1", ["operators", "(2, 97)"]),
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


def test_a_case_that_was_seen_at_one_size_alone_is_refused():
    source = body("return x * x.shape[1] if x.shape[1] == 64 else x")

    with pytest.raises(TraceError, match="line 4: its operators"):
        tracer.trace(source, "activation", **MATRICES, progress=lambda: None)


def test_what_a_candidate_patches_does_not_outlive_its_trace():
    shape, length, square_root = torch.Tensor.shape, len, math.sqrt

    with pytest.raises(TraceError):
        traced(body("raise ValueError(x.shape)"))

    assert torch.Tensor.shape is shape
    assert (len, math.sqrt) == (length, square_root)
    assert type(torch.ones(2).shape[0]) is int


WRITES = {
    "into what a mask chooses": [
        "y = torch.zeros_like(x)",
        "m = x > 0",
        "y[m] = x[m].add(1).sqrt()",
    ],
    "into empty memory": ["y = torch.empty_like(x)", "m = x > 0", "y[m] = x[m]", "y[~m] = -x[~m]"],
    "a number by a mask": ["y = torch.sin(x)", "y[x < -1] = 0.5"],
    "in place by a mask": ["y = x.clone()", "y[x < 0] *= 0.1"],
    "by a mask, of two": ["y = x * 2", "y[x > 1] = x[x > 1] * torch.tanh(y[x > 1])"],
    "into a slice": ["y = x.clone()", "y[:, 1:] -= x[:, :-1]"],
    "into a row": ["y = x * 2", "y[0] = 1.0", "y[1] = x[2]"],
    "into every second column": ["y = x + 1", "y[:, ::2] = torch.tanh(x[:, ::2])"],
    "into a view": ["y = x * 2", "z = y.view(-1)", "z.mul_(3)"],
    "into a view of a view": ["y = x * 2", "y.t()[1:].unsqueeze(0).mul_(3)"],
    "before a view is read": ["y = x * 2", "z = y[:, 0]", "y.mul_(3)", "y = y + z.unsqueeze(1)"],
    "into a diagonal": ["y = x @ x.t()", "y.fill_diagonal_(0.0)", "y = y @ x"],
    "into a fresh tensor": ["y = (x > 0).float()", "y.mul_(2)", "y = y * x"],
    "rows of a result": [
        "y = torch.zeros(2, 4, 12)",
        "y[0] = x",
        "y[1] = x * 2",
        "y = y.sum(0)",
    ],
    "a smaller thing": ["y = x * 1", "y[:, 2:4] = x[:1, :1]"],
    "sums of chosen elements": ["y = x * x[x > 0].sum() + x[x < 0].mean() - x[x > 1].amax()"],
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_means_what_it_means_in_eager_with_its_gradients(name):
    source = body(*WRITES[name], "return y")
    x, y = points().requires_grad_(), points().requires_grad_()
    text = tracer.trace(source, "activation", (((4, 12),),), progress=lambda: None)

    got, expected = Graph.parse(text)(x), eager(source)(y)

    torch.testing.assert_close(got, expected)
    weights = torch.linspace(0.5, 2.0, got.numel()).reshape(got.shape)
    torch.testing.assert_close(
        torch.autograd.grad((got * weights).sum(), x),
        torch.autograd.grad((expected * weights).sum(), y),
    )


def test_a_write_under_no_grad_into_what_is_made_there_passes_no_gradient():
    lines = ["with torch.no_grad():", "    k = torch.sigmoid(x).mul_(2)", "return x * k"]
    x, y = points().requires_grad_(), points().requires_grad_()

    got, expected = traced(body(*lines))(x), eager(body(*lines))(y)

    torch.testing.assert_close(
        torch.autograd.grad(got.sum(), x), torch.autograd.grad(expected.sum(), y)
    )


def test_what_a_mask_does_not_choose_spoils_no_gradient():
    lines = ["y = torch.zeros_like(x)", "m = x > 0", "y[m] = torch.log(x[m])", "return y"]
    x = points().requires_grad_()

    (gradient,) = torch.autograd.grad(traced(body(*lines))(x).sum(), x)

    torch.testing.assert_close(gradient, torch.where(points() > 0, 1 / points(), 0.0))


def test_what_is_computed_under_no_grad_passes_no_gradient():
    source = body(
        "with torch.no_grad():",
        "    shift = torch.tanh(x).amax() + torch.ones(1)",
        "return x * shift + shift",
    )
    x, y = points().requires_grad_(), points().requires_grad_()

    expected, got = eager(source)(x), traced(source)(y)

    torch.testing.assert_close(got, expected)
    for gradient, wanted in zip(
        torch.autograd.grad(got.sum(), y), torch.autograd.grad(expected.sum(), x), strict=True
    ):
        torch.testing.assert_close(gradient, wanted)


def test_a_module_constant_that_is_written_into_is_refused():
    source = "import torch\nC = torch.ones(1)\ndef activation(x):\n    return x * C.add_(1)"

    with pytest.raises(TraceError, match="share"):
        tracer.trace(source, "activation", SHAPES, progress=lambda: None)


def test_a_value_read_before_it_is_written_over_keeps_its_old_number():
    graph = traced(body("y = x * 2", "z = torch.sin(y)", "y.add_(1)", "return y + z"))

    torch.testing.assert_close(graph(points()), points() * 2 + 1 + torch.sin(points() * 2))


def test_a_value_that_no_input_reaches_may_be_read():
    graph = traced(body("scale = torch.arange(4).float().mean().item()", "return x * scale"))

    torch.testing.assert_close(graph(points()), points() * 1.5)


def test_tracing_imports_no_compiler():
    code = (
        "import sys; from evo.validation.graph import tracer; tracer.warm_up();"
        "print([name for name in ('torch._dynamo', 'torch._inductor') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_what_no_input_reaches_becomes_one_constant():
    graph = traced(body("return x * torch.linspace(0, 1, 5).exp().sum()"))

    assert len(graph) == 1
    assert graph.text.count('"constant"') == 1


def test_no_device_is_left_in_a_graph():
    graph = traced(body("z = torch.zeros(1, device=x.device)", "return x.to('cpu') + z"))

    assert "cpu" not in graph.text
    assert "device" not in graph.text


def test_writing_into_a_value_that_eager_needs_for_gradients_means_the_sum():
    source = body("y = torch.tanh(x)", "y += 0.1 * x", "return y")
    x, y = points().requires_grad_(), points().requires_grad_()

    got, meant = traced(source)(x), torch.tanh(y) + 0.1 * y

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        eager(source)(points().requires_grad_()).sum().backward()
    torch.testing.assert_close(got, meant)
    torch.testing.assert_close(
        torch.autograd.grad(got.sum(), x), torch.autograd.grad(meant.sum(), y)
    )
