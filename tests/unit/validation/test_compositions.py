"""Functions of torch that a graph holds as several operators: values and gradients of torch."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.validation.graph.recording import TraceError

HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
SIZES = ((1, 2), (1, 30), (2, 3), (4, 12), (7, 7), (9, 5), (30, 2), (3, 100))
FINITE = "nan_to_num(nan=0.0, posinf=0.0)"

BODIES = [
    "return torch.cov(w).square().sum()",
    "return (w.renorm(p=2, dim=0, maxnorm=1.0) * torch.renorm(w, 1, -1, 0.5)).sin().sum()",
    "return (w @ w.H).square().sum() + (w.T @ w).H.relu().sum()",
    "n = 1.0\nfor d in list(w.size()):\n    n *= d\nn /= w.shape[0]\nn += len(w)\n"
    "return w.square().sum() / n",
    "k = 3\nk -= w.shape[0]\ny = w * 1\ny += w.shape[1]\nreturn (y * k).square().sum()",
    "f, g = nn.init._calculate_fan_in_and_fan_out(w)\nreturn w.square().sum() * g / f",
    "m = (w[:, 0] > 0).float()\nwhile m.dim() < w.dim():\n    m = m.unsqueeze(1)\n"
    "return (w * m).square().sum() + torch.iinfo(torch.int8).max",
    "r = F._Reduction.get_enum('none')\nassert r == 0\n"
    "return torch._C._nn.mse_loss(w, w.flip(0), r).sum()",
    "import numpy as np\nfor dim in sorted(np.unique((1, 0, 1)), reverse=True):\n"
    "    w = w.cumsum(int(dim))\nreturn w.square().sum()",
    "return w.cov(correction=0).sum().square()",
    "return torch.cov(w.flatten())",
    f"return torch.corrcoef(w).{FINITE}.square().sum()",
    "return torch.triu(torch.corrcoef(w).reshape(w.shape[0], w.shape[0]), 1).square().sum()",
    "return F.pdist(w).sum()",
    "return torch.pdist(w, p=1).square().sum()",
    "i, j = torch.triu_indices(w.size(0), w.size(0), offset=1)\n"
    "return ((w @ w.T)[i, j] * (i + 2 * j)).sum()",
    "i = torch.triu_indices(w.shape[1], w.shape[1])\nreturn (w.T @ w)[i[0], i[1]].square().sum()",
    "i, j = torch.tril_indices(w.size(1), w.size(1), -1)\n"
    "return ((w.T @ w)[i, j] * (i + 2 * j)).sum()",
    "i, j = torch.tril_indices(w.size(1), w.size(1))\nreturn ((w.T @ w)[i, j] * (2 * i + j)).sum()",
    "return torch.tensordot(w, w, dims=2)",
    "return torch.tensordot(w, w, dims=([1], [-1])).square().sum()",
    "return torch.tensordot(w.T, w, 1).square().sum()",
    "return torch.trapezoid(w).square().sum()",
    "return torch.trapz(w, torch.arange(w.shape[1]) * 2.0).square().sum()",
    "return torch.trapezoid(w, dx=0.5, dim=0).square().sum()",
    "return torch.matrix_power(w @ w.T / w.shape[1], 5).trace()",
    "return torch.linalg.matrix_power(w @ w.T + torch.eye(len(w)), -2).trace()",
    "return w.sum() * (w @ w.T).matrix_power(0).trace()",
    "return torch.linalg.multi_dot([w, w.T, w]).square().mean()",
    "return torch.linalg.cond(w + 0.1).clamp(max=5) + w.sum()",
    "u, s, v = torch.svd(w)\nreturn (u @ torch.diag(s.sqrt()) @ v.T).square().sum()",
    "return (w.T @ w + torch.eye(w.shape[1])).svd()[1].log().sum()",
    "return w.take(torch.tensor([0, 1])).sum()",
    "return (torch.fft.rfft(w).abs() * torch.fft.rfftfreq(w.shape[1])).sum()",
    "return (w * torch.fft.fftfreq(w.shape[1], d=0.5)).square().sum()",
    "return torch.concat([w, -w]).relu().sum()",
    "return torch.concatenate((w, w.exp()), dim=1).square().sum()",
    "return (w.adjoint().softmax(0) * torch.ger(w[0], w[:, 0])).square().sum()",
    "return (torch.row_stack([w, w]).sin() ** 2).sum()",
    "g = (w @ w.T).clone()\ng.fill_diagonal_(0)\nreturn g.square().sum()",
    "g = torch.zeros_like(w)\ng[:, 0].copy_(w[:, -1])\nreturn g.square().sum() + w.mean()",
    "g = w * 1.0\ng.index_put_((w < 0,), torch.tensor(0.0))\nreturn g.square().sum()",
    "return torch.einsum('ij,ij,i->', w, w, w[:, 0])",
    "return torch.einsum('ij,kj,kl->il', w, w, w).square().sum()",
    "return torch.einsum('ij,ij,ij,ij->i', [w, w, w, w]).sum()",
    "return torch.einsum('ii->i', w @ w.T).square().sum() + torch.einsum('ii', w @ w.T)",
    "return torch.einsum('ij,,j->i', w, torch.tensor(2.0), w[0]).square().sum()",
    "return torch.einsum('...i,...i,i->...', w, w, w[0]).square().sum()",
    "c = torch.linalg.cholesky(w @ w.T + torch.eye(w.shape[0]))\n"
    "return torch.linalg.solve_triangular(c, w, upper=False).square().sum()",
    "return w.nanmedian(dim=1, keepdim=True).values.square().sum() + torch.nanmedian(w)",
    "y = w.masked_fill(w > 0.4, float('nan'))\nreturn y.nanmedian(0)[0].nan_to_num().sum()",
    "g = w @ w.T\nreturn g[~torch.eye(len(w), dtype=torch.bool)].pow(2).sum(-1) / len(w)",
    "g = w @ w.T\nreturn g[g.detach() > 0].square().mean(dim=0)",
    "nn.init.constant_(torch.empty_like(w), 0.5)\nreturn (w - 0.5).square().sum()",
    "x = w * 1.0\nx.data *= 2\nx.data = x.data.clamp(min=0) + 1\nreturn (w * x).square().sum()",
    "m = w.data.new(w.size(0), w.size(1)).fill_(0)\n"
    "m = m.scatter_(1, w.new([0]).long()[None], 1.0)\n"
    "return (m * w).square().sum() + w.new().sum()",
    "import numpy as np\nreturn w[np.arange(w.shape[0]), 0].square().sum()",
    "t = torch.FloatTensor([0.5]) * torch.LongTensor([3])\nreturn (w * t).square().sum()",
    "w = w * 1.0\nt = 'l2(0.5)'.rstrip(')').lstrip('l').split('(')\n"
    "return w.square().sum() * float(t[-1])",
    "return F.local_response_norm(w.unsqueeze(-1), 3, alpha=0.3).square().sum()",
]


def _source(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{HEAD}def regularize(w):\n{lines}"


@pytest.mark.parametrize("body", BODIES)
def test_values_and_gradients_are_those_of_torch_at_all_sizes(body: str) -> None:
    graph, function = (
        traced_kind("regularizer", _source(body)),
        as_function("regularizer", _source(body)),
    )
    generator = torch.Generator().manual_seed(1)

    for size in SIZES:
        eager = (0.5 * torch.randn(size, generator=generator)).requires_grad_()
        traced = eager.detach().clone().requires_grad_()
        expected, output = function(eager), graph(traced)
        torch.testing.assert_close(output, expected, rtol=1e-4, atol=1e-5)
        expected.backward()
        output.backward()
        torch.testing.assert_close(traced.grad, eager.grad, rtol=1e-3, atol=1e-4)
    torch.func.vmap(graph)(torch.randn(3, 6, 8, generator=generator))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "x, y = w * 1, w * 2\nx.data = y\nreturn x.sum()",
            "line 6: .*shares no memory",
        ),
        ("x = w * 1.0\nx.data = w[:1].exp()\nreturn x.sum()", "line 6: .*keeps its shape"),
        ("torch.data = w.exp()\nreturn w.sum()", "line 5: .*for tensors alone"),
        ("return w.new(w).sum()", "line 5: .*shares the memory"),
        ("return torch.cov(w, aweights=w[0].abs()).sum()", "line 5: .*cov with weights"),
        ("return torch.triu_indices(w.shape[0], w.shape[1]).sum() * w.sum()", "line 5: .*a square"),
        ("return torch.linalg.cond(w, p='fro')", "line 5: .*divide two norms"),
        ("return torch.einsum('ij,k->ij', w, w).sum()", "line 5: .*one letter for each dimension"),
    ],
)
def test_other_uses_say_what_to_write(body: str, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        traced_kind("regularizer", _source(body))


def test_groups_of_one_number_are_normalised_like_others() -> None:
    source = (
        f"{HEAD}import math\ndef normalize(x, gain, shift):\n"
        "    return F.group_norm(x, math.gcd(x.shape[1], 4), gain, shift) + x\n"
    )
    graph, function = traced_kind("normalization", source), as_function("normalization", source)
    generator = torch.Generator().manual_seed(1)

    for rows, features in ((1, 3), (2, 2), (4, 4), (5, 6), (3, 64)):
        x, gain = torch.randn(rows, features, generator=generator), torch.ones(features)
        torch.testing.assert_close(graph(x, gain, gain), function(x, gain, gain))
    # torch itself refuses a batch of one row, each number of which is a group.
    torch.testing.assert_close(graph(x[:1, :2], gain[:2], gain[:2]), 1 + x[:1, :2])


def test_memory_that_is_contiguous_at_some_sizes_makes_no_other_step_of_a_matrix() -> None:
    body = (
        "is_tall = g.size(0) > g.size(1)\n    x = g.mT if is_tall else g\n"
        "    x = x.contiguous()\n    x = x @ x.mT @ x + x\n    x = x.mT if is_tall else x\n"
        "    return torch.stack([x, m, v, u])"
    )
    source = f"import torch\n\ndef update(g, m, v, u, w, t, norm):\n    {body}\n"
    graph, function = (
        traced_kind("matrix-optimizer", source),
        as_function("matrix-optimizer", source),
    )

    generator = torch.Generator().manual_seed(1)
    for size in (*SIZES, (12, 1)):
        matrices = torch.randn(5, *size, generator=generator)
        numbers = torch.tensor(3.0), torch.tensor(1.0)
        torch.testing.assert_close(graph(*matrices, *numbers), function(*matrices, *numbers))
