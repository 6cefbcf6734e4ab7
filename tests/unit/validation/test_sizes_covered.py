"""Decisions and formulas by sizes that few usual traces tell: as in eager PyTorch, or refused."""

import inspect
import math
from typing import NamedTuple

import pytest
import torch
from support.components import as_function, traced_kind

from evo.components.kinds import kinds
from evo.validation.graph.recording import TraceError


class Sized(NamedTuple):
    """A body of a kind's function, and the sizes of its arguments to compare at."""

    kind: str
    body: str
    sizes: tuple[tuple[int, ...], ...]


_FUNCTIONS = {
    "regularizer": "def regularize(w):\n    n, d = w.shape\n",
    "initializer": "def initialize(z, fan_in, fan_out):\n    n, d = z.shape\n",
    "matrix-optimizer": "def update(g, m, v, u, w, t, norm):\n    n, d = g.shape\n    m = m + g\n",
    "optimizer": "def update(g, m, v, w, t):\n    n = g.numel()\n    m = m + g\n",
    "normalization": "def normalize(x, gain, shift):\n    n, d = x.shape\n",
    "preprocessor": "def preprocess(x):\n    n, d = x.shape\n",
    "activity-regularizer": "def penalize(y):\n    n, d = y.shape\n",
    "attention": "def attend(scores):\n    n, d = scores.shape\n",
    "loss": "def loss(outputs, targets):\n    n, d = outputs.shape\n"
    "    ce = -(targets * torch.log_softmax(outputs, 1)).sum(1)\n",
    "activation": "def activation(x):\n    d = x.shape[-1]\n",
    "schedule": "def schedule(t):\n    n = t.numel()\n",
}
_HEAD = "import math\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\n"
_SMALL = ((1, 2), (1, 30), (2, 3), (2, 30), (3, 5), (30, 2), (6, 4))
_MATRICES = ((1, 1), (4, 1), (4, 2), (4, 3), (1, 5), (30, 4), (6, 33))
_VECTORS = ((1,), (2,), (8,), (9,), (20,), (39,), (40,), (300,))
_STATES = "return torch.stack([m, m, v, u])"

REPORTED = [
    Sized(
        "regularizer",
        "if n < 2:\n    return 1e-4 * (w ** 2).sum()\nreturn 1e-2 * w.abs().mean()",
        _SMALL,
    ),
    Sized("regularizer", "return 1e-4 * (w * w).sum() if n < 3 else 1e-2 * w.abs().mean()", _SMALL),
    Sized(
        "regularizer",
        "if n == 1:\n    return 1e-4 * w.square().sum()\nunit = F.normalize(w, dim=1)\n"
        "off = unit @ unit.T - torch.eye(n, dtype=w.dtype)\nreturn 1e-2 * off.pow(2).mean()",
        _SMALL,
    ),
    Sized(
        "regularizer",
        "if n < 2:\n    return 1e-4 * (w ** 2).sum()\nreturn w.pow(2).sum() / (n * (n - 1))",
        _SMALL,
    ),
    Sized("regularizer", "return 1e-3 * w.square().mean() * max(n - 1, 1)", _SMALL),
    Sized("regularizer", "return 1e-3 * w.square().mean() * max(n - 2, 1)", _SMALL),
    Sized("regularizer", "return w.square().sum() / max(n * (n - 1), 1)", _SMALL),
    Sized("initializer", "if n == 1:\n    return z * 0.01\nreturn z / torch.sqrt(fan_in)", _SMALL),
    Sized("initializer", "return z * min(n, 2)", _SMALL),
    Sized("initializer", "return z / torch.sqrt(fan_in) * max(n - 1, 1) ** 0.5", _SMALL),
    Sized("initializer", "return z / (torch.sqrt(fan_in) * (n - 1 if n > 1 else 1) + 1)", _SMALL),
    Sized("matrix-optimizer", f"if d == 1:\n    m = 2 * m\n{_STATES}", _MATRICES),
    Sized("matrix-optimizer", f"m = m * min(d, 4)\n{_STATES}", _MATRICES),
    Sized("matrix-optimizer", f"if min(g.shape) == 1:\n    m = m.sign()\n{_STATES}", _MATRICES),
    Sized(
        "optimizer",
        "if 8 < n < 40:\n    m = torch.sign(m)\nreturn torch.stack([m, m, v])",
        _VECTORS,
    ),
    Sized("attention", "return torch.softmax(scores, 1) * min(n, 4)", ((1, 4), (3, 4), (9, 1))),
    Sized("preprocessor", "if n < 2:\n    return x\nreturn x - 1", ((1, 4), (2, 4), (3, 2))),
    # Refused at first for what only one trace had.
    Sized(
        "attention", "if d == 1:\n    return scores * 0 + 1\nreturn scores / d", ((4, 1), (4, 2))
    ),
    Sized("loss", "return ce * 2 if d == 2 else ce", ((4, 2), (4, 3), (1, 2))),
    Sized(
        "normalization",
        "if d < 4:\n    return x * gain\nreturn x / (x.std(1, keepdim=True) + 1e-3) + shift",
        ((3, 2), (3, 3), (1, 4), (2, 90)),
    ),
    Sized(
        "normalization",
        "g = math.gcd(d, 4)\nif d // g < 2:\n    g = 1\nh = x.reshape(n, g, d // g)\n"
        "h = h / (h.norm(dim=-1, keepdim=True) + 1e-3)\nreturn h.reshape(n, d) * gain + shift",
        ((3, 2), (3, 4), (1, 6), (2, 7), (5, 8), (2, 12), (2, 60)),
    ),
    Sized(
        "activity-regularizer", "return y.square().mean() * (1 if d == 1 else 2)", ((4, 1), (4, 2))
    ),
    Sized(
        "regularizer", "return w.abs().sum() if n > 100 else w.square().sum()", ((100, 3), (101, 3))
    ),
    *(
        Sized("matrix-optimizer", f"if {condition}:\n    m = 2 * m\n{_STATES}", sizes)
        for condition, sizes in (
            ("max(g.shape) <= 512", ((512, 3), (3, 513), (600, 600))),
            ("min(g.shape) > 128", ((128, 200), (129, 129), (9, 300))),
            ("n > 256", ((256, 3), (257, 3))),
            ("g.numel() > 2000", ((40, 50), (3, 667), (1, 2001))),
            ("n == 10", ((9, 4), (10, 1), (10, 70), (11, 4))),
        )
    ),
]
OTHERS = [
    Sized(
        "regularizer",
        "if n < 3:\n    if d < 4:\n        return w.abs().sum()\n    return w.abs().mean()\n"
        "return w.square().mean()",
        (*_SMALL, (2, 4), (1, 3), (3, 3)),
    ),
    Sized(
        "regularizer",
        "s = w.square().mean()\nfor i in range(min(n, 3)):\n    s = s + w[i].abs().sum()\nreturn s",
        (*_SMALL, (4, 4)),
    ),
    Sized("regularizer", "return w[: max(n // 2, 1), : d - 1].square().sum()", _SMALL),
    Sized("regularizer", "return w.square().sum() * [0.5, 0.25, 1.0][min(n - 1, 2)]", _SMALL),
    Sized("regularizer", "a = (1.0, 2.0, 3.0, 4.0)[:n]\nreturn sum(a) * w.square().mean()", _SMALL),
    Sized("regularizer", "return w[:3].abs().mean() * w[:3].shape[0]", _SMALL),
    Sized("regularizer", "return w.abs().mean() * (2 if n in (1, 2) else 3)", _SMALL),
    Sized("regularizer", "return w.abs().mean() * max(min(s, 6) for s in w.shape)", _SMALL),
    Sized("regularizer", "return w.abs().mean() * max(s for s in w.shape)", _SMALL),
    Sized("regularizer", "return w.abs().mean() * (1 + (n >> 1)) * (1 + (d & 3))", _SMALL),
    Sized("regularizer", "q, r = divmod(n, 4)\nreturn w.abs().mean() * (1 + q) * (1 + r)", _SMALL),
    Sized("regularizer", "return w.abs().mean() * float(np.minimum(n, 2))", _SMALL),
    Sized(
        "initializer", "return z * (0.5 if w_odd(n) else 2.0)", ((1, 3), (2, 3), (3, 3), (30, 7))
    ),
    Sized("initializer", "return z * 0.1 if (n, d) == (3, 5) else z", ((3, 5), (3, 6), (5, 3))),
    Sized(
        "initializer", "return z if n > d else 2 * z if n == d else 3 * z", ((2, 2), (4, 4), (4, 3))
    ),
    Sized(
        "matrix-optimizer",
        f"if 16 <= d < 24 and n >= 4:\n    m = -m\n{_STATES}",
        ((4, 15), (4, 16), (3, 16), (9, 23), (9, 24)),
    ),
    Sized(
        "matrix-optimizer",
        f"k = 1\nwhile k * 4 <= d and k < 16:\n    k *= 4\nm = m * k\n{_STATES}",
        ((2, 3), (2, 4), (3, 15), (3, 16), (2, 64), (2, 999)),
    ),
    Sized("matrix-optimizer", f"m = m / max(1, n / d) ** 0.5\n{_STATES}", _MATRICES),
    Sized("optimizer", "return torch.stack([m * (2 if n % 2 else 1), m, v])", _VECTORS),
    Sized("optimizer", "return torch.stack([m * (n == 20 or 0.5), m, v])", _VECTORS),
    Sized(
        "normalization",
        "h = x - x[:, : max(1, d // 100)].mean(1, keepdim=True)\nreturn h * gain + shift",
        ((2, 2), (2, 150), (2, 250), (2, 399)),
    ),
    Sized(
        "preprocessor",
        "k = min(d, 3)\nreturn x - x.topk(k, 1).values.mean(1, keepdim=True)",
        ((3, 2), (3, 3), (1, 9)),
    ),
    Sized(
        "preprocessor",
        "if d > 10_000:\n    return torch.tanh(x)\nreturn x",
        ((1, 9000), (1, 10_001), (2, 20_000)),
    ),
    Sized(
        "activity-regularizer",
        "return y[: min(n, 64)].square().mean() * max(d - 3, 1)",
        ((2, 1), (64, 3), (99, 4), (65, 5)),
    ),
    Sized(
        "attention",
        "w = torch.softmax(scores, -1)\nreturn w if d < 3 else w * (d - 1) / d",
        ((2, 1), (2, 2), (5, 3), (1, 80)),
    ),
    Sized("loss", "return ce / max(1.0, math.log2(d) - 3)", ((3, 2), (3, 15), (3, 17), (2, 90))),
    Sized(
        "activation",
        "return torch.tanh(x) if 20 < d <= 30 else torch.relu(x)",
        ((2, 20), (2, 21), (4, 30), (3, 2, 25)),
    ),
    Sized("schedule", "return (1 - t) * (1 if n > 3 else 0.5)", ((1,), (3,), (4,), (90,))),
    Sized("regularizer", "assert n >= 1 and d > 1\nreturn w.square().sum()", _SMALL),
    Sized(
        "regularizer",
        "if d > 100_000:\n    raise ValueError('wide')\nreturn w.square().sum()",
        _SMALL,
    ),
]


def _source(case: Sized) -> str:
    body = "".join(f"    {line}\n" for line in case.body.splitlines())
    return f"{_HEAD}def w_odd(k):\n    return k % 2 == 1\n\n\n{_FUNCTIONS[case.kind]}{body}"


def _inputs(kind: str, sizes: tuple[int, ...], seed: int) -> list[torch.Tensor]:
    found = kinds.get(kind)()
    first = found.trace_shapes[0]
    named = dict(zip(first[0], sizes, strict=False))
    generator = torch.Generator().manual_seed(seed)
    return [
        low + (high - low) * torch.rand(shape, generator=generator)
        for (low, high), shape in zip(
            found.ranges_of(found.contract) or [(-3.0, 3.0)] * len(first),
            [sizes if one == first[0] else tuple(named[size] for size in one) for one in first],
            strict=True,
        )
    ]


@pytest.mark.parametrize("case", [*REPORTED, *OTHERS], ids=lambda one: f"{one.kind} {one.body}")
def test_a_graph_computes_what_eager_torch_does_at_every_size(case: Sized) -> None:
    source = _source(case)
    graph, function = traced_kind(case.kind, source), as_function(case.kind, source)

    for number, sizes in enumerate(case.sizes):
        inputs = _inputs(case.kind, sizes, number)
        got, expected = graph(*inputs), function(*inputs)
        torch.testing.assert_close(
            got, torch.as_tensor(expected), msg=lambda m, s=sizes: f"{s} {m}"
        )
        if math.prod(sizes) < 10_000:
            batched = torch.func.vmap(graph)(*(torch.stack([one, one]) for one in inputs))
            torch.testing.assert_close(batched[1], got, rtol=1e-4, atol=1e-5)


SIDES = {
    "regularizer": "def regularize(w):\n"
    "    if w.shape[-1] >= {}:\n        return 2 * w.abs().sum()\n    return w.square().sum()",
    "activation": "import torch\ndef activation(x):\n"
    "    return torch.tanh(x) if x.shape[-1] >= {} else torch.relu(x)",
    "attention": "import torch\ndef attend(scores):\n"
    "    for _ in range(2 if scores.shape[-1] > {} - 1 else 1):\n"
    "        scores = torch.tanh(scores)\n    return torch.softmax(scores, -1) + scores",
}


@pytest.mark.parametrize("threshold", [2, 40, 300, 512, 5000])
@pytest.mark.parametrize("kind", SIDES)
def test_a_threshold_is_kept_wherever_it_lies(kind: str, threshold: int) -> None:
    source = SIDES[kind].format(threshold)
    graph, function = traced_kind(kind, source), as_function(kind, source)

    for size in (7, threshold - 1, threshold, threshold + 1, 3 * threshold):
        x = torch.linspace(-2, 2, 2 * size).view(2, size)
        torch.testing.assert_close(graph(x), function(x))


def test_a_guard_against_sizes_that_never_come_changes_nothing() -> None:
    source = SIDES["regularizer"].replace(">= {}", "< 1")

    assert "cases" not in traced_kind("regularizer", source).text


REFUSED = [
    ("return sum(p.square().sum() for p in w.split(512, 1))", "line 11: its operators"),
    (
        "if w.numel() > 2_000_000:\n    return w.abs().sum()\nreturn w.sum()",
        "at no size that a trace",
    ),
    ("assert n > 1, 'one neuron'\nreturn w.square().sum()", r"line 11: .*one neuron.*\(1, \d+\)"),
    (
        "if d > 30 and d < 40:\n    raise ValueError('no')\nreturn w.sum()",
        r"line 12: ValueError: no",
    ),
    ("return w.square().sum() * (1 / (n - 1))", r"line 11: ZeroDivisionError.*\(1, 2\)"),
    ("return w.sum() * {1: 2.0}.get(n, 1.0)", "line 11: .*a look-up of a size has no formula"),
    ("return w.sum() * (2 if str(d) == '40' else 1)", "makes a text of a size"),
    ("return w.sum() * (2 if '%d' % d == '40' else 1)", "line 11: a text or tuple of a size"),
    ("return w.sum() * n.bit_length()", "line 11: .*`bit_length` of a size has no formula"),
    ("return w.sum() * (n | 1)", r"line 11: .*`\|` of a size has no formula"),
    ("return w.sum() * math.factorial(min(n, 4))", "line 11: .*`math.factorial` of a size"),
    ("return w.sum() * float(np.round(n / 7))", "line 11: `np.round` of a size has no formula"),
    ("s = w.sum()\nfor i in range(n):\n    s = s + w[i].abs().sum()\nreturn s", "line 13: .*loop"),
    ("k = [1.0, 2.0, 3.0] * 30\nreturn w.sum() * k[n % 90]", "in more ways than|follows the sizes"),
    ("return w.sum() * max(w.shape, key=lambda s: -s)", "line 11: .*`max` with a key"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_what_no_graph_can_hold_is_refused_with_its_line(body: str, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        traced_kind("regularizer", _source(Sized("regularizer", body, ())))


def test_many_traces_show_progress_while_they_become_one_graph() -> None:
    """A child that shows none is ended: reading many traces must not look like a loop."""
    calls: list[str] = []

    def progress() -> None:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        calls.append(frame.f_back.f_globals["__name__"].rpartition(".")[2])

    body = "    return torch.stack([m * min(d, 4), m, v, u])"
    source = f"{_HEAD}{_FUNCTIONS['matrix-optimizer']}{body}"

    traced_kind("matrix-optimizer", source, progress=progress)

    kind = kinds.get("matrix-optimizer")
    traces = len(kind.trace_shapes) + len(kind.wide_shapes)
    assert calls.count("writer") >= traces
    assert calls.count("merging") >= traces
