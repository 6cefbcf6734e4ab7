"""What stands in for torch's own while a component is traced computes what torch's own does."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.components.kinds import kinds
from evo.validation.graph.recording import TraceError

HEAD = (
    "import math\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\n"
    "from torch import nn\n"
)
SIGNATURES = {kind: ", ".join(kinds.get(kind).contract.parameters) for kind in kinds.names()}
LINES = {
    "batch statistics": (
        "regularizer",
        "F.batch_norm(w[None], None, None, training=True).abs().sum()",
    ),
    "running statistics": ("regularizer", "F.batch_norm(w, w[0], w[1] ** 2).abs().sum()"),
    "instance statistics": ("regularizer", "F.instance_norm(w[None]).abs().sum() + w.norm()"),
    "a mean slope": ("activation", "F.rrelu(x, 0.1, 0.3)"),
    "margins": (
        "loss",
        "F.multi_margin_loss(outputs, targets.argmax(1), 2, 0.7, reduction='none')",
    ),
    "a layer's norm": ("normalization", "nn.LayerNorm(x.shape[-1], 1e-3)(x) * gain + shift"),
    "a batch's norm": (
        "activity-regularizer",
        "nn.BatchNorm1d(y.size(1), affine=False).to(y.device)(y).abs().sum() / y.shape[0]",
    ),
    "a root's norm": ("normalization", "nn.RMSNorm(x.shape[-1])(x) * gain + shift"),
    "norms of groups": ("normalization", "nn.GroupNorm(1, x.shape[-1])(x) * gain + shift"),
    "groups by a size": (
        "normalization",
        "F.group_norm(x, 4 if x.shape[-1] % 4 == 0 else 1) * gain + shift",
    ),
    "einsum of branches": (
        "parametric-activation",
        "torch.einsum('k,k...->...', torch.stack([a, b]), torch.stack([x.relu(), x.tanh()]))",
    ),
    "einsum of rows": (
        "preprocessor",
        "torch.einsum('...i,ij->...j', x, torch.einsum('bi,bj->ij', x, x))",
    ),
    "as many numbers as features": (
        "preprocessor",
        "(x - torch.tensor([0.3] * x.shape[1])) * torch.tensor([1.0] + [2.0] * (x.shape[1] - 1))",
    ),
    "numpy on a scalar": ("initializer", "z * np.sqrt(6 / fan_in) / np.maximum(fan_in, fan_out)"),
    "an array of numpy": (
        "initializer",
        "z * torch.from_numpy(np.array([2.0, 3.0], dtype=np.float32))[1] / fan_in",
    ),
    "a number of numpy": (
        "activation",
        "np.float64(1.5) - x * np.float64(2.0) + np.pi / (3 + x ** 2)",
    ),
    "a bound at the smallest size": (
        "preprocessor",
        "x.topk(max(1, x.shape[1] // 2), dim=1).values[:, -1:] - x",
    ),
    "old ways": ("activation", "torch.autograd.Variable(x).conj().cpu() * x.data.sigmoid()"),
    "a chosen mean": ("regularizer", "w.masked_select(w > 0).sum() + w.abs().sum()"),
    "a look for CUDA": (
        "activation",
        "x.tanh().to('cuda' if torch.cuda.is_available() else 'cpu')",
    ),
}
SHAPES = {
    "initializer": [[(n, 4), (), ()] for n in (3, 9)],
    "loss": [[(4, n), (4, n)] for n in (3, 8)],
    "normalization": [[(4, n), (n,), (n,)] for n in (5, 8, 12)],
    "regularizer": [[(4, n)] for n in (2, 5, 64)],
    "parametric-activation": [[(4, 5), (), ()], [(2, 3, 4), (), ()]],
}


@pytest.mark.parametrize("name", LINES)
def test_the_graph_computes_what_torch_computes(name: str) -> None:
    kind, line = LINES[name]
    function = kinds.get(kind).contract.function
    source = f"{HEAD}def {function}({SIGNATURES[kind]}):\n    return {line}\n"
    graph, component = traced_kind(kind, source), as_function(kind, source)
    generator = torch.Generator().manual_seed(2)

    for shapes in SHAPES.get(kind, [[(4, n)] for n in (1, 2, 5, 64)]):
        values = [torch.randn(shape, generator=generator) + 0.1 for shape in shapes]
        values = [one.abs() + 1 if one.dim() == 0 else one for one in values]
        torch.testing.assert_close(graph(*values), component(*values), rtol=1e-4, atol=1e-5)


def test_indices_by_a_condition_are_used_whole() -> None:
    whole = (
        f"{HEAD}def activation(x):\n    y = x.clone()\n    index = torch.where(y > 0)\n"
        "    y[index] = torch.log1p(x[index])\n    return y\n"
    )
    part = f"{HEAD}def activation(x):\n    return x * torch.where(x > 0)[0].sum()\n"
    points = torch.linspace(-2.0, 2.0, 12).reshape(3, 4)

    graph, component = traced_kind("activation", whole), as_function("activation", whole)

    torch.testing.assert_close(graph(points), component(points))
    with pytest.raises(TraceError, match="use them whole"):
        traced_kind("activation", part)
