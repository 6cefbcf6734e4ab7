"""Components as honest authors write them (`*.toml`, a file a kind), and which are refused."""

import tomllib
from pathlib import Path

import torch
import torch.nn.functional as F

from evo.components.base import kinds

_FOLDER = Path(__file__).parent


def sources(kind: str) -> dict[str, str]:
    """Source by name."""
    return tomllib.loads((_FOLDER / f"{kind}.toml").read_text())


def all_sources() -> list[tuple[str, str]]:
    """Kind and name of every component."""
    return [(kind, name) for kind in kinds.names() for name in sources(kind)]


def examples(kind: str, *shape: int) -> tuple[torch.Tensor, ...]:
    """What a component of a kind is given: random numbers, and what stands beside them."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    if kind == "loss":
        rows, classes = shape
        return values, F.one_hot(torch.arange(rows) % classes, classes).float()
    if kind == "schedule":
        return (values.sigmoid(),)
    if kind == "optimizer":
        flat = values.flatten()
        return flat, 0.1 * flat.flip(0), flat.square(), flat.roll(3), torch.tensor(3.0)
    return (values,)


RIGHTLY = {
    ("activation", "parameter_module"): "a component learns nothing; write the constant",
    ("regularizer", "negative_log_det"): "use torch.linalg.svdvals",
}
"""What their kinds do not promise to take, and the remedy that their authors are told."""

LIMITS = {
    ("activation", "checked_input"): "builtin name `type`",
    ("activation", "masked_write"): "use torch.where in place of x\\[mask\\]",
    ("loss", "label_smoothing"): "what it computes from a size",
    ("regularizer", "orthogonal_eye"): "torch.eye",
}
"""What is refused wrongly: known limits, and what their authors are told."""
