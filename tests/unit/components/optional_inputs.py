"""Sources that take inputs by naming a parameter, and trainings with them."""

from support.components import traced_kind
from support.small_data import data

from evo.components.kinds import kinds
from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.transformer import Transformer

SOURCES = {
    "activation": (
        "import torch\nimport torch.nn.functional as F\n"
        "def activation(x, noise, training):\n"
        "    dropped = F.relu(x) * (noise > -1.0) / 0.84\n"
        "    return torch.where(training > 0, dropped, F.relu(x))"
    ),
    "activity-regularizer": (
        "import torch\ndef penalize(y, gradient, layer, t):\n"
        "    pull = torch.mean(torch.square(gradient)) + 1e-2 * torch.mean(torch.abs(y))\n"
        "    return (1 - t) * pull / layer"
    ),
    "attention": (
        "import torch\ndef attend(scores, b, noise, training):\n"
        "    kept = torch.where(training > 0, (noise > -1.0) / 0.84, 1.0)\n"
        "    return torch.softmax(scores, dim=-1) * (1 + torch.tanh(b)) * kept"
    ),
    "gated-activation": (
        "import torch\nimport torch.nn.functional as F\ndef glu(gate, value, noise):\n"
        "    return F.relu(gate) * (value + 0.3 * noise)"
    ),
    "parametric-activation": (
        "import torch\nimport torch.nn.functional as F\n"
        "def activation(x, a, b, p, h, noise, e):\n"
        "    return F.silu(a * x + h) * p + 0.1 * e * torch.tanh(x) * (1 + noise)"
    ),
    "normalization": (
        "import torch\ndef normalize(x, gain, shift, mean, variance):\n"
        "    return gain * (x - mean) * torch.rsqrt(variance + 1e-5) + shift"
    ),
    "preprocessor": "def preprocess(x, noise):\n    return x + 0.2 * noise",
    "initializer": (
        "import torch\ndef initialize(z, fan_in, fan_out, layers, layer):\n"
        "    return z / torch.sqrt(fan_in * layers) * layer"
    ),
    "schedule": (
        "import torch\ndef schedule(t, step, steps, batch):\n"
        "    warm = torch.clamp((step + 1) / 4, max=1.0)\n"
        "    return warm * (1 - step / steps) * torch.sqrt(batch / 32)"
    ),
    "loss": (
        "import torch\nimport torch.nn.functional as F\ndef loss(outputs, targets, counts):\n"
        "    prior = torch.log(counts / counts.sum())\n"
        "    return F.cross_entropy(outputs + prior, targets, reduction='none')"
    ),
    "optimizer": (
        "import torch\ndef update(g, m, v, w, t, noise):\n"
        "    m = 0.9 * m + 0.1 * g\n"
        "    return torch.stack([m + 0.3 * noise * g.norm() / t, m, v])"
    ),
    "matrix-optimizer": (
        "import torch\ndef update(g, m, v, u, w, t, norm, noise):\n"
        "    return torch.stack([g + 0.3 * noise * norm / t, m, v, u])"
    ),
    "regularizer": (
        "import torch\ndef regularize(w, noise, t, layer):\n"
        "    return 1e-2 * (1 - t) * torch.square(w * (noise > 0)).sum() / layer"
    ),
}


def component(kind: str, source: str | None = None) -> Parts:
    return kinds.get(kind)().parts(traced_kind(kind, source or SOURCES[kind]))


def trained(parts: Parts, seeds: tuple[int, ...] = (3,), **given: object) -> Trained:
    work = {"epochs": 2, "batch_size": 15, "learning_rates": (0.02,), "strengths": (1.0,)}
    network = Mlp((6,)) if parts.attend is None else Transformer(8, blocks=1, patch=(1, 1))
    return train(network, data(**given), parts, seeds=seeds, **work)
