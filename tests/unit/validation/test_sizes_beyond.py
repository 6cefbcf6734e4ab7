"""Decisions by sizes that no usual trace has: kept right, or refused."""

import pytest
import torch
from support.arguments import given
from support.components import as_function, traced_kind

from evo.validation.graph.recording import TraceError

SIDES = {
    "regularizer": "def regularize(w):\n"
    "    if w.shape[-1] >= {}:\n        return 2 * w.abs().sum()\n    return w.square().sum()",
    "activation": "import torch\ndef activation(x):\n"
    "    return torch.tanh(x) if x.shape[-1] >= {} else torch.relu(x)",
    "attention": "import torch\ndef attend(scores):\n"
    "    for _ in range(2 if scores.shape[-1] > {} - 1 else 1):\n"
    "        scores = torch.tanh(scores)\n    return torch.softmax(scores, -1) + scores",
}


@pytest.mark.parametrize("threshold", [300, 512, 5000])
@pytest.mark.parametrize("kind", SIDES)
def test_a_threshold_above_all_usual_sizes_is_kept(kind: str, threshold: int) -> None:
    source = SIDES[kind].format(threshold)
    graph, function = traced_kind(kind, source), as_function(kind, source)

    for size in (7, threshold - 1, threshold, threshold + 1, 3 * threshold):
        x = torch.linspace(-2, 2, 2 * size).view(2, size)
        torch.testing.assert_close(graph(x), function(x))


@pytest.mark.parametrize(
    "source",
    [
        SIDES["regularizer"].format(10_000),
        SIDES["regularizer"].format(2_000_000),
        SIDES["regularizer"].replace(">=", "==").format(512),
    ],
)
def test_what_no_trace_can_tell_is_refused(source: str) -> None:
    with pytest.raises(TraceError, match=r"an? `if`|\(`if`\) at more than 8,209"):
        traced_kind("regularizer", source)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (
            "normalization",
            "import torch\ndef normalize(x, gain, shift):\n"
            "    d = x.size(-1)\n    k = max(1, d // 10)\n    s = torch.sort(x, dim=-1).values\n"
            "    core = s[:, k:d - k] if d - 2 * k > 0 else s\n"
            "    return (x - core.mean(-1, keepdim=True)) * gain + shift",
        ),
        (
            "activity-regularizer",
            "def penalize(y):\n    c = y.T @ y / y.shape[0]\n    n = c.shape[0]\n"
            "    if n == 1:\n        return 0 * y.sum()\n"
            "    off = c.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()\n"
            "    return off.square().sum() / n",
        ),
        (
            "regularizer",
            "def regularize(w):\n    rows, columns = w.shape\n"
            "    if columns % 700 == 2:\n        return w[:, : columns // 2].abs().sum()\n"
            "    return w.square().sum() / rows",
        ),
        (
            "activity-regularizer",
            "def penalize(y):\n    d = y.shape[-1]\n"
            "    if d % 90 == 1:\n        return y[:, : d // 2 + 1].abs().sum()\n"
            "    return y.square().mean()",
        ),
        (
            "regularizer",
            "def regularize(w):\n    rows, columns = w.shape\n"
            "    if columns % 50 == 2:\n        return w[:, : columns // 2].abs().sum()\n"
            "    return w.square().sum() / rows",
        ),
    ],
)
def test_a_way_that_one_usual_size_goes_alone_is_traced_at_others(kind: str, source: str) -> None:
    graph, function = traced_kind(kind, source), as_function(kind, source)

    for shape in ((3, 2), (5, 2), (4, 1), (6, 9), (2, 52), (3, 102), (2, 91), (2, 702)):
        values = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        x = given(kind, values)
        torch.testing.assert_close(graph(*x), function(*x))


def test_a_guard_against_sizes_that_never_come_changes_nothing() -> None:
    source = SIDES["regularizer"].replace(">= {}", "< 1")

    assert "cases" not in traced_kind("regularizer", source).text
