"""The component under test as a training script takes it: modules, an optimiser, a schedule.

`TorchParts` is what a user's training loop is given. The part that a campaign evolves is the
candidate's; every other part is torch's usual one, so that one loop serves every kind. The classes
are those of an exported file, around the checked graph.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from evo.core.contract import Learnable
from evo.core.informed import Informed
from evo.networks.attention import SoftmaxAttention
from evo.networks.in_place import on_copies
from evo.networks.parts import Parts
from evo.networks.wrappers import WRAPPERS, has_features, learned_arguments, parameter_lines

_NAMES = {
    "activation": "activation",
    "attend": "attention",
    "normalize": "normalization",
    "preprocess": "preprocessor",
    "loss": "loss",
    "initialize": "initializer",
    "penalty": "regularizer",
    "activity": "activity-regularizer",
    "update": "optimizer",
    "schedule": "schedule",
}
"""Name of a part for authors of loops, by its field in `Parts`."""
CALLS = {
    "activation": "activation() or parts.replace(model, nn.GELU)",
    "gated-activation": "gated_activation()",
    "attention": "attention()",
    "normalization": "normalization(features)",
    "preprocessor": "preprocessor()",
    "loss": "loss()",
    "initializer": "initialize(model, batch=inputs[:256])",
    "regularizer": "penalty(model)",
    "activity-regularizer": "activity_penalty(*signals, losses=losses)",
    "optimizer": "optimizer(model.parameters(), lr)",
    "schedule": "schedule(optimizer, total_steps)",
}
"""How a loop asks `parts` for a part, by its name for authors."""
_GATED = "gated-activation"
"""Name of the activation where it takes two halves."""


class TorchParts:
    """The parts of a training as torch has them, one of them or some evolved.

    Args:
        parts: the component, in its place among the defaults.
        strength: factor of the penalty.

    Attributes:
        used: names of the evolved parts that the loop has asked for.
    """

    def __init__(self, parts: Parts, *, strength: float = 1.0) -> None:
        self._parts = parts
        self._strength = strength
        self.used: set[str] = set()
        self._progress = 0.0
        self._losses: list[Any] = []

    @property
    def progress(self) -> float:
        """Share of the training that is over, in [0, 1): the loop sets it, losses may see it."""
        return self._progress

    @progress.setter
    def progress(self, progress: float) -> None:
        self._progress = progress
        for loss in self._losses:
            loss.progress = progress

    @cached_property
    def evolved(self) -> frozenset[str]:
        """Names of the evolved parts: those of the kinds, such as "optimizer"."""
        plain = Parts()
        names = {
            name
            for field, name in _NAMES.items()
            if getattr(self._parts, field) != getattr(plain, field)
        }
        if self._parts.halves > 1:
            names = names - {"activation"} | {_GATED}
        return frozenset(names)

    def function(self, name: str) -> Callable[..., torch.Tensor]:
        """The evolved function of a part, on tensors, as its kind's contract has it.

        Raises:
            ValueError: the part is not evolved here.
        """
        if name not in self.evolved:
            raise ValueError(
                f"expected an evolved part, {' or '.join(sorted(self.evolved))}, got {name!r}"
            )
        self.used.add(name)
        return getattr(self._parts, _field(name))

    def activation(self, features: int = 1) -> nn.Module:
        """A new activation, with learnables of its own where it has some; else `nn.ReLU()`.

        Args:
            features: size of the last dimension, for learnables of each feature.
        """
        definition = self._definition("activation", "Activation")
        if definition is None:
            return nn.ReLU()
        by_feature = has_features(self._parts.activation_learnables)
        return on_copies(definition(features) if by_feature else definition())

    def gated_activation(self) -> nn.Module:
        """A new activation of a layer of twice the width, which it halves; else `nn.GLU()`."""
        definition = self._definition(_GATED, "GatedActivation")
        return nn.GLU() if definition is None else on_copies(definition())

    def attention(self) -> nn.Module:
        """A new attention of (query, key, value, is_causal); else torch's, which has softmax."""
        definition = self._definition("attention", "Attention")
        return SoftmaxAttention() if definition is None else definition()

    def normalization(self, features: int) -> nn.Module:
        """A new normalisation over the last dimension; else `nn.LayerNorm(features)`."""
        definition = self._definition("normalization", "Normalization")
        return nn.LayerNorm(features) if definition is None else on_copies(definition(features))

    def preprocessor(self) -> nn.Module:
        """The preprocessor of samples (n, …); else `nn.Identity()`."""
        definition = self._definition("preprocessor", "Preprocessor")
        return nn.Identity() if definition is None else definition()

    def loss(self, class_counts: torch.Tensor | None = None) -> nn.Module:
        """The training loss of logits and classes; else `nn.CrossEntropyLoss()`.

        One with further inputs may be called with `teacher=` and `features=`, too.

        Args:
            class_counts: training samples of each class, (classes,), for a loss that sees them.
        """
        definition = self._definition("loss", "Loss")
        if definition is None:
            return nn.CrossEntropyLoss()
        if not isinstance(self._parts.loss, Informed):
            return definition()
        self._losses.append(definition(class_counts))
        return self._losses[-1]

    def optimizer(self, params: Iterable[Any], lr: float) -> torch.optim.Optimizer:
        """The optimiser; else Adam.

        Args:
            params: parameters, or groups of them; `weight_decay` of a group is decoupled.
            lr: learning rate.
        """
        defined = "MatrixOptimizer" if self._parts.updates_matrices else "Optimizer"
        definition = self._definition("optimizer", defined)
        if definition is None:
            return torch.optim.AdamW(params, lr, weight_decay=0.0)  # without decay it is Adam
        return definition(params, lr)

    def schedule(
        self, optimizer: torch.optim.Optimizer, total_steps: int, *, batch_size: int = 1
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """The schedule over as many calls of `step()`; else a linear decrease to 0.

        Args:
            optimizer: whose rates it sets.
            total_steps: of the training.
            batch_size: samples per step, for a schedule that sees them.
        """
        definition = self._definition("schedule", "Schedule")
        if isinstance(self._parts.schedule, Informed):
            return definition(optimizer, total_steps, batch_size=batch_size)
        if definition is not None:
            return definition(optimizer, total_steps)
        return torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: max(0.0, 1 - step / total_steps)
        )

    def initialize(
        self, model: nn.Module, generator: torch.Generator | None = None, *, batch: Any = None
    ) -> nn.Module:
        """Initialise the matrices of a model in place; without an initialiser it stays as it is.

        Args:
            model: of any layers of torch.
            generator: to draw from, in place of torch's global one.
            batch: training data that the model takes, a tensor or a tuple or dict of arguments,
                for an initialiser that sees what layers receive.

        Raises:
            ValueError: the initialiser sees that, and there is no batch.
        """
        definition = self._definition("initializer", "initialize_model")
        if definition is None or not self._parts.initialize_sees_inputs:
            return model if definition is None else definition(model, generator)
        if batch is None:
            raise ValueError(
                "this initialiser takes `inputs`, what layers receive: the loop must show some "
                "training data, parts.initialize(model, batch=inputs[:256])"
            )
        return definition(model, batch, generator)

    def penalty(self, model: nn.Module) -> torch.Tensor:
        """The penalty to add to the training loss, times its strength; else 0."""
        definition = self._definition("regularizer", "Regularizer")
        if definition is None:
            return torch.zeros((), device=next(model.parameters()).device)
        penalty = definition(self._strength)
        penalty.progress = self.progress
        return penalty(model)

    def activity_penalty(
        self, *signals: torch.Tensor, losses: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The penalty of signals to add to the training loss, times its strength; else 0.

        Args:
            signals: what activations give for a batch, features last, and the outputs at the end.
            losses: of each sample, for a penalty of gradients.
        """
        definition = self._definition("activity-regularizer", "ActivityRegularizer")
        if definition is None:
            return torch.zeros((), device=signals[0].device)
        penalty = definition(self._strength)
        if not isinstance(self._parts.activity, Informed):
            return penalty(*signals)
        penalty.progress = self.progress
        return penalty(*signals, losses=losses)

    def replace(self, model: nn.Module, *classes: type[nn.Module]) -> nn.Module:
        """Put a new activation in the place of every module of these classes, in place."""
        modules = dict(model.named_modules(remove_duplicate=False))  # one may have several names
        for full, module in modules.items():
            if full and isinstance(module, classes):
                prefix, _, name = full.rpartition(".")
                setattr(modules[prefix], name, self.activation())
        return model

    def _definition(self, name: str, defined: str) -> Any:
        """Definition by the wrapper of an evolved part under a name; None for a default part."""
        if name not in self.evolved:
            return None
        self.used.add(name)
        return self._namespaces(name)[defined]

    def _namespaces(self, name: str) -> Mapping[str, Any]:
        namespaces = vars(self).setdefault("_of_parts", {})
        if name not in namespaces:
            namespaces[name] = self._namespace(_field(name))
        return namespaces[name]

    def _form(self, field: str) -> str:
        """The field that says which wrapper a part has."""
        if field == "activation" and self._parts.halves > 1:
            return "halves"
        if field == "update" and self._parts.updates_matrices:
            return "updates_matrices"
        if field == "initialize" and self._parts.initialize_sees_inputs:
            return "initialize_sees_inputs"
        return field

    def _namespace(self, field: str) -> dict[str, Any]:
        """The names that the wrapper of a part defines around the component."""
        learnables: tuple[Learnable, ...] = getattr(self._parts, f"{field}_learnables", ())
        wrapper = WRAPPERS[self._form(field)]
        component = getattr(self._parts, field)
        source = wrapper.filled(
            is_informed=isinstance(component, Informed),
            function="component",
            parameters=parameter_lines(learnables),
            learned=learned_arguments(learnables),
            features_argument=", features: int" if has_features(learnables) else "",
            rate="0.001",
            strength="1.0",
        )
        names: dict[str, Any] = {
            **{"torch": torch, "F": F, "nn": nn, "Any": Any, "component": component},
            **{"Callable": Callable, "Sequence": Sequence, "TorchDispatchMode": TorchDispatchMode},
        }
        # A template of ours around a checked graph: nothing of a candidate's source is in it.
        exec("\n".join([*wrapper.before, source]), names)  # noqa: S102
        return names


def _field(name: str) -> str:
    if name == _GATED:
        return "activation"
    return next(field for field, of_authors in _NAMES.items() if of_authors == name)
