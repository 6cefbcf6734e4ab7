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
        ("return x if x.sum() > 0 else -x", ["line 4", "torch.where"]),
        ("return x * x.mean().item()", ["line 4", "torch.where"]),
        ("return x * float(x.max())", ["line 4", "torch.where"]),
        ("return x / x.size(0) ** 0.5", ["(3, 2, 4, 4)", "(5, 7)", "part of the formula"]),
        ("return (x[..., None] * torch.ones(2)).sum(-1)", ["x.unsqueeze(-1)"]),
        ("return x + torch.arange(x.shape[-1])", ["part of the formula"]),
        ("return x.mul_(2)", ["line 4", "writes into its input"]),
        ("return F.relu(x, inplace=True)", ["writes into its input"]),
        ("return F.dropout(x)", ["random"]),
        ("return x + torch.rand(1)", ["random"]),
        ("return x.foo()", ["line 4", "AttributeError", "foo"]),
        ("return unknown(x)", ["line 4", "NameError", "unknown"]),
        ("return 1.0", ["one tensor", "float"]),
        ("return (x, x)", ["one tensor", "tuple"]),
        ("return activation(x)", ["line 4", "RecursionError"]),
        ("raise SystemExit(3)", ["line 4", "SystemExit"]),
        ("with torch.no_grad(): y = (x * 2).mul_(2)", ["mul_", "no_grad"]),
        ("y = x * 2", ["one tensor", "NoneType"]),
        ("with torch.inference_mode(): return x * 2", ["how torch computes"]),
        ("with torch.autocast('cpu'): return x * 2", ["how torch computes"]),
        ("y = torch.zeros(1).add_(x.sum()); return x * y.item()", ["line 5", "torch.where"]),
        ("return x if torch.equal(x, x) else -x", ["line 4", "torch.where"]),
        ("y = x * 2; z = y.view(-1); z.mul_(3); return y", ["mul_", "share"]),
        ("y = x * 2; y[0] = 1.0; return y", ["share", "torch.where"]),
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
def test_what_is_computed_from_a_size_is_no_size(formula):
    with pytest.raises(TraceError, match="part of the formula"):
        tracer.trace(
            body(f"return {formula}"),
            "activation",
            (((5, 7),), ((3, 2, 4),)),
            progress=lambda: None,
        )


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
