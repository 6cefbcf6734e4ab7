"""Decisions by sizes that no usual trace has: kept right, or refused."""

import pytest
import torch
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


def test_a_guard_against_sizes_that_never_come_changes_nothing() -> None:
    source = SIDES["regularizer"].replace(">= {}", "< 1")

    assert "cases" not in traced_kind("regularizer", source).text
