import math
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from support.traced_activations import SHAPES, body, eager, points, traced
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.node import map_arg

from evo.components.activation import Activation
from evo.validation.graph import tracer
from evo.validation.graph.calls import Calls
from evo.validation.graph.graph import Graph
from evo.validation.graph.recording import Recording, TraceError
from evo.validation.graph.writer import write_graphs

HONEST: dict[str, str] = tomllib.loads((Path(__file__).parent / "components.toml").read_text()) | {
    name: candidate.source for name, candidate in Activation().baselines().items()
}


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
    calls, ours = Calls(), {}
    for node in module.graph.nodes:
        arguments = (node.args, dict(node.kwargs))
        ours[node] = calls.add(node.op, node.target, *map_arg(arguments, ours.get))
        ours[node].meta |= {"rank": node.meta["val"].dim()} if "val" in node.meta else {}
    recording = Recording(calls, {name: getattr(module, name) for name in names})
    (written,) = write_graphs([recording], progress=lambda: None)
    return written.text


@pytest.mark.parametrize("name", HONEST)
def test_a_graph_is_the_one_that_torchs_own_tracer_sees(name):
    expected = [recorded_by_torch(eager(HONEST[name]), shapes) for shapes in SHAPES]

    assert [
        tracer.trace(HONEST[name], "activation", (shapes,), progress=lambda: None)
        for shapes in SHAPES
    ] == expected


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
        (
            "while x.sum() > 0: x = x - 1\n    return x",
            ["line 4", "more than 4 times", "torch.where"],
        ),
        ("for i in range(int(x.sum())): x = x + 1\n    return x", ["line 4", "value of a tensor"]),
        (
            "try: s = float(x.max().tolist())\n    except Exception: s = 1.0\n    return x * s",
            ["value"],
        ),
        ("return x if x.sum() > 0 else unknown", ["line 4", "NameError"]),
        ("y = (x * 2).expand(2, *x.shape); y.mul_(3); return y[0]", ["single memory location"]),
        ("return x[x > 0]", ["line 4", "size depends on values", "torch.where"]),
        ("y = x.clone(); y[x > 0] = x[x > 1]; return y", ["shape mismatch"]),
        ("y = x.clone(); y[x > 0] = x[x > -x]; return y", ["line 5", "same mask", "torch.where"]),
        ("return x - x[x > 0].std()", ["line 4", "std of x[mask]", "torch.where"]),
        (
            "import numpy as np; a = np.ones(2); c = torch.as_tensor(a); a[0] = 2; return x * c[0]",
            ["line 7", "shares memory", "torch.tensor(array)"],
        ),
        ("import numpy as np; return x * np.median(x.detach())", ["line 5", "numpy", "torch"]),
        ("return (x.unsqueeze(-1) * torch.ones(9000)).sum(-1)", ["9,000 elements", "4,096"]),
    ],
)
def test_what_has_no_graph_is_refused_with_a_reason(line, words):
    with pytest.raises(TraceError) as refusal:
        tracer.trace(body(*line.split("; ")), "activation", SHAPES, progress=lambda: None)

    for word in words:
        assert word in str(refusal.value)


def test_what_a_candidate_patches_does_not_outlive_its_trace():
    shape, length, square_root = torch.Tensor.shape, len, math.sqrt

    with pytest.raises(TraceError):
        traced(body("raise ValueError(x.shape)"))

    assert torch.Tensor.shape is shape
    assert (len, math.sqrt) == (length, square_root)
    assert type(torch.ones(2).shape[0]) is int


@pytest.mark.heavy(alone="a process has to import torch anew")
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


def test_a_trace_gives_a_sign_of_progress_for_each_run_and_each_reading_and_writing():
    # So a limit on what happens between signs is one on a single run, however many there are.
    signs: list[None] = []

    tracer.trace(body("return x * 2"), "activation", SHAPES, progress=lambda: signs.append(None))

    assert len(signs) >= 3 * len(SHAPES)
