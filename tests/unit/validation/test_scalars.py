"""Numbers that torch takes, given as tensors without dimensions, as rules with a bias have them."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.validation.graph.recording import TraceError

HEAD = "import math, torch\ndef update(g, m, v, w, t):\n    k = 1 - 0.9 ** t\n"
BODIES = [
    "m = m.mul_(k).add_(g, alpha=1 - k)\nreturn torch.stack([m / k, m, v])",
    "return torch.stack([g.sub(w, alpha=math.sqrt(k)), torch.sub(m, g, alpha=k), v])",
    "s = torch.addcdiv(w, m, v.sqrt() + 1, value=-k)\nreturn torch.stack([w - s, m, v])",
    "m = m.mul_(k).add_(1 - k, g)\nreturn torch.stack([torch.add(g, k, m), m, v])",
    "v.mul_(k).addcmul_(1 - k, g, g)\ns = w.addcdiv(-k, m, v.sqrt() + 1)\n"
    "return torch.stack([w - s, m, v])",
    "v.addcmul_(g, g, value=k)\nreturn torch.stack([g.addcmul(m, g, value=k / 2), m, v])",
    "p = w.clone()\np.addcdiv_(g, v + 1.0, value=-k)\nreturn torch.stack([w - p, m, v])",
    "r = torch.full_like(g, k).div_(v + 1).clamp_(0.1 * k, k)\nreturn torch.stack([r * g, m, v])",
    "r = torch.full(g.shape, k)\nreturn torch.stack([r * g, m, v])",
    "torch.max(v, g * g, out=v)\ntorch.rsqrt(v + 1, out=m)\nreturn torch.stack([m * g, m, v])",
    "b = torch.cat([v.mul_(0.9).unsqueeze(0), g.abs().unsqueeze_(0)], 0)\n"
    "torch.max(b, 0, keepdim=False, out=(v, v.new().long()))\nreturn torch.stack([g, m, v])",
    "most = torch.max\nmost(v, g * g, out=v)\nreturn torch.stack([g, m, v])",
    "f = lambda a, out: a * out\nreturn torch.stack([f(g, out=k), m, v])",
    "s = g\nif t > 3:\n    s = g / k\nelif k > 2:\n    s = m\nreturn torch.stack([s, m, v])",
]


def _source(body: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.split("\n"))


@pytest.mark.parametrize("body", BODIES)
def test_a_step_is_that_of_torch(body: str) -> None:
    graph, function = (
        traced_kind("optimizer", _source(body)),
        as_function("optimizer", _source(body)),
    )
    generator = torch.Generator().manual_seed(1)

    for size in (1, 2, 7, 100):
        for number in (1.0, 2.0, 40.0):
            g, m, w = torch.randn(3, size, generator=generator)
            v, t = torch.rand(size, generator=generator), torch.tensor(number)
            expected = function(*(one.clone() for one in (g, m, v, w, t)))
            torch.testing.assert_close(graph(g, m, v, w, t), expected)


@pytest.mark.parametrize(
    "body",
    ["torch.sort(g, out=(m, v))\nreturn torch.stack([g, m, v])", "torch.sum(g, out=m)\nreturn m"],
)
def test_results_that_do_not_fit_what_they_are_written_into_are_refused(body: str) -> None:
    with pytest.raises(TraceError, match=r"line 4: .*`out=` takes a tensor"):
        traced_kind("optimizer", _source(body))


def test_a_variable_that_one_way_leaves_without_a_value_is_refused_with_what_to_write() -> None:
    body = "if t > 3:\n    s = g / k\nelif k > 0:\n    s = g\nreturn torch.stack([s, m, v])"
    with pytest.raises(TraceError, match=r"line 8: a way that it may go .* before the first"):
        traced_kind("optimizer", _source(body))
