"""Components as honest authors write them, and which are refused.

`*.toml` has a file per kind; those of `field/` were written after what libraries, papers and models
write, many with constructs that were once refused.
"""

import tomllib
from pathlib import Path

from evo.components.kinds import kinds

_FOLDER = Path(__file__).parent


def sources(kind: str) -> dict[str, str]:
    """Source by name."""
    files = [folder / f"{kind}.toml" for folder in (_FOLDER, _FOLDER / "field")]
    return {name: one for file in files for name, one in tomllib.loads(file.read_text()).items()}


def all_sources() -> list[tuple[str, str]]:
    """Kind and name of every component."""
    return [(kind, name) for kind in kinds.names() for name in sources(kind)]


RIGHTLY = {
    ("activation", "parameter_module"): "a component makes no parameters; write the constant",
    ("preprocessor", "attention_over_features"): "cost .* elements on inputs",
    ("regularizer", "negative_log_det"): "at least 0, got .*; square it or add a constant",
}
"""Components that their kinds do not promise to take, and the remedy that authors are told."""

LIMITS = {
    ("parametric-activation", "mixture_by_softmax"): "line 7: its operators at input shape",
}
"""Components that are refused wrongly: known limits, and what their authors are told."""

VALUES_ALONE = {
    ("activation", "in_place_chain"),
    ("activation", "masked_constant"),
    ("activation", "masked_fill_in_place"),
    ("gated-activation", "in_place_gate"),
    ("parametric-activation", "exp_by_math"),
}
"""Components that eager PyTorch does not differentiate as their authors mean them.

It refuses writes into what it needs for gradients, and `math.exp(b)` drops the gradient.
"""
