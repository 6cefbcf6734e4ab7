"""One number of each row, picked by one-hot targets: as in eager PyTorch, with its gradients."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.validation.graph.recording import TraceError

HEAD = "import torch\nimport torch.nn.functional as F\ndef loss(outputs, targets):\n"
BODIES = [
    "p = torch.softmax(outputs, 1)\nright = torch.masked_select(p, targets.bool()).unsqueeze(1)\n"
    "return (p / (1.1 - right)).sum(1)",
    "return -torch.log_softmax(outputs, 1)[targets.bool()]",
    "return F.softplus(-outputs[targets == 1]) + F.relu(outputs)[targets > 0.5]",
    "m = targets.bool()\ny = outputs.clone()\ny[m] = outputs[m] - 0.3\n"
    "return F.cross_entropy(y, targets, reduction='none')",
    "m = targets > 0\ny = outputs * 1\ny[m] += 0.3 * outputs[m]\ny[m] *= y[m].abs()\n"
    "return torch.logsumexp(y, 1) - y[m]",
    "m = targets.bool()\ny = outputs.clone()\ny[m] = 0.0\nreturn y.square().sum(1)",
]


def _source(body: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.split("\n"))


@pytest.mark.parametrize("body", BODIES)
def test_it_is_the_number_of_the_right_class(body: str) -> None:
    graph, function = traced_kind("loss", _source(body)), as_function("loss", _source(body))
    generator = torch.Generator().manual_seed(3)

    for samples, classes in ((1, 2), (4, 3), (7, 10), (5, 100)):
        eager = torch.randn(samples, classes, generator=generator).requires_grad_()
        traced = eager.detach().clone().requires_grad_()
        targets = torch.eye(classes)[torch.randint(classes, (samples,), generator=generator)]
        expected, output = function(eager, targets), graph(traced, targets)
        torch.testing.assert_close(output, expected)
        expected.sum().backward()
        output.sum().backward()
        torch.testing.assert_close(traced.grad, eager.grad)


@pytest.mark.parametrize(
    "line",
    [
        "torch.softmax(outputs, 1)[outputs > 0.5]",
        "outputs[~targets.bool()].view(len(outputs), -1).sum(1)",
        "outputs[targets > -1]",
        "outputs[targets == 0]",
    ],
)
def test_other_masks_are_refused_with_their_line(line: str) -> None:
    with pytest.raises(TraceError, match=r"line 4: .*torch.where"):
        traced_kind("loss", _source(f"return {line}"))
