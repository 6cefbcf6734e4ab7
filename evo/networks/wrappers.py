"""Classes around a component's function: what a training script uses, by the place it takes.

Each is text with `$function` for the component's name and other `$fields`, since an exported file
has it as code. `evo.networks.torch_parts` runs the same text around a checked graph.
"""

from collections.abc import Mapping, Sequence
from string import Template
from typing import NamedTuple

from evo.core.contract import Learnable
from evo.networks.initializer_texts import (
    FILLING,
    INFORMED_INITIALIZER,
    INITIALIZER,
    SEEING_INITIALIZER,
    WATCHING,
    WEIGHT_LAYERS,
)
from evo.networks.training_wrapper_texts import (
    ACTIVITY_REGULARIZER,
    INFORMED_ACTIVITY,
    INFORMED_MATRIX_OPTIMIZER,
    INFORMED_OPTIMIZER,
    INFORMED_SCHEDULE,
    MATRIX_OPTIMIZER,
    OPTIMIZER,
    PLAIN_ACTIVITY,
    PLAIN_SCHEDULE,
    SCHEDULE,
)
from evo.networks.wrapper_texts import (
    ACTIVATION,
    ATTENTION,
    GATED_ACTIVATION,
    INFORMED_ACTIVATION,
    INFORMED_GATED_ACTIVATION,
    INFORMED_LOSS,
    INFORMED_NORMALIZATION,
    INFORMED_PREPROCESSOR,
    INFORMED_REGULARIZER,
    LOSS,
    NORMALIZATION,
    PLAIN_PREPROCESSOR,
    PLAIN_REGULARIZER,
    PREPROCESSOR,
    REGULARIZER,
)


class Wrapper(NamedTuple):
    """Code around a component.

    Attributes:
        names: of the public classes and functions that it defines.
        text: its source, a template of `string.Template`.
        before: further sources that it needs, and that other wrappers may need too.
        plain: fields of the template for a component that takes no optional inputs.
        informed: the same fields for one that takes all of them.
    """

    names: Sequence[str]
    text: str
    before: Sequence[str] = ()
    plain: Mapping[str, str] = {}
    informed: Mapping[str, str] = {}

    def filled(self, *, is_informed: bool = False, **fields: str) -> str:
        """The source with these fields."""
        optional = self.informed if is_informed else self.plain
        first = Template(self.text).safe_substitute(optional)
        return Template(first).substitute(fields)


def parameter_lines(learnables: Sequence[Learnable]) -> str:
    """Lines that make the learnables of a module, whose features are `features`."""
    lines = [
        f"        self.{one.name} = nn.Parameter(torch.full("
        f"{'(features,)' if one.per == 'feature' else '()'}, {one.initial!r}))\n"
        for one in learnables
    ]
    return "".join(lines)


def learned_arguments(learnables: Sequence[Learnable]) -> str:
    """The learnables as further arguments of the component."""
    return "".join(f", self.{one.name}" for one in learnables)


def has_features(learnables: Sequence[Learnable]) -> bool:
    """True if a module must know its number of features."""
    return any(one.per == "feature" for one in learnables)


def _without(fields: Mapping[str, str]) -> dict[str, str]:
    """The same fields, empty."""
    return dict.fromkeys(fields, "")


WRAPPERS: Mapping[str, Wrapper] = {
    "halves": Wrapper(  # sets the activation, too
        ("GatedActivation",),
        GATED_ACTIVATION,
        plain=_without(INFORMED_GATED_ACTIVATION),
        informed=INFORMED_GATED_ACTIVATION,
    ),
    "activation": Wrapper(
        ("Activation",),
        ACTIVATION,
        plain=_without(INFORMED_ACTIVATION),
        informed=INFORMED_ACTIVATION,
    ),
    "attend": Wrapper(
        ("Attention",),
        ATTENTION,
        plain=_without(INFORMED_ACTIVATION),
        informed=INFORMED_ACTIVATION,
    ),
    "normalize": Wrapper(
        ("Normalization",),
        NORMALIZATION,
        plain=_without(INFORMED_NORMALIZATION),
        informed=INFORMED_NORMALIZATION,
    ),
    "preprocess": Wrapper(
        ("Preprocessor",),
        PREPROCESSOR,
        plain=PLAIN_PREPROCESSOR,
        informed=INFORMED_PREPROCESSOR,
    ),
    "loss": Wrapper(
        ("Loss",),
        LOSS,
        plain=_without(INFORMED_LOSS)
        | {
            "further": "self, logits: torch.Tensor, targets: torch.Tensor",
            "losses": "$function(logits, targets)",
        },
        informed=INFORMED_LOSS,
    ),
    "initialize_sees_inputs": Wrapper(  # sets the initialiser, too
        ("initialize_model", "initialize_weight"),
        SEEING_INITIALIZER,
        (WEIGHT_LAYERS, FILLING, WATCHING),
    ),
    "initialize": Wrapper(
        ("initialize_model", "initialize_weight"),
        INITIALIZER,
        (WEIGHT_LAYERS, FILLING),
        plain=_without(INFORMED_INITIALIZER) | {"given": "generator"},
        informed=INFORMED_INITIALIZER,
    ),
    "penalty": Wrapper(
        ("Regularizer",),
        REGULARIZER,
        (WEIGHT_LAYERS,),
        plain=PLAIN_REGULARIZER,
        informed=INFORMED_REGULARIZER,
    ),
    "activity": Wrapper(
        ("ActivityRegularizer",),
        ACTIVITY_REGULARIZER,
        plain=PLAIN_ACTIVITY,
        informed=INFORMED_ACTIVITY,
    ),
    "updates_matrices": Wrapper(
        ("MatrixOptimizer",),
        MATRIX_OPTIMIZER,
        plain=_without(INFORMED_MATRIX_OPTIMIZER),
        informed=INFORMED_MATRIX_OPTIMIZER,
    ),
    "update": Wrapper(
        ("Optimizer",),
        OPTIMIZER,
        plain=_without(INFORMED_OPTIMIZER),
        informed=INFORMED_OPTIMIZER,
    ),
    "schedule": Wrapper(
        ("Schedule",),
        SCHEDULE,
        plain=PLAIN_SCHEDULE,
        informed=INFORMED_SCHEDULE,
    ),
}
"""Wrapper by the part of a training, see `Parts`."""
