"""Classes around a component's function: what a training script uses, by the place it takes.

Each is text with `$function` for the component's name and other `$fields`; `wrapper_of` chooses by
the part of a training that the kind sets, so that a plug-in's kind has one, too.
"""

from collections.abc import Mapping, Sequence
from string import Template
from typing import NamedTuple

import torch

from evo.components.base import Kind
from evo.core.contract import Learnable
from evo.core.errors import UsageError
from evo.networks.parts import Parts


class Wrapper(NamedTuple):
    """Code around a component.

    Attributes:
        names: of the public classes and functions that it defines.
        text: its source, a template of `string.Template`.
    """

    names: Sequence[str]
    text: str

    def filled(self, **fields: str) -> str:
        """The source with these fields."""
        return Template(self.text).substitute(fields)


def wrapper_of(kind: Kind) -> Wrapper:
    """The wrapper for what a kind sets.

    Raises:
        UsageError: the kind sets no part that has a wrapper.
    """
    plain, parts = Parts(), kind.parts(_placeholder)
    for part, wrapper in WRAPPERS.items():
        if getattr(parts, part) != getattr(plain, part):
            return wrapper
    raise UsageError(f"Kind {kind.name!r} sets no part of a training that can be written as code.")


def _placeholder(*inputs: torch.Tensor) -> torch.Tensor:
    return inputs[0]


def parameters_of(learnables: Sequence[Learnable]) -> str:
    """Lines that make the learnables of a module, whose features are `features`."""
    lines = [
        f"        self.{one.name} = nn.Parameter(torch.full("
        f"{'(features,)' if one.per == 'feature' else '()'}, {one.initial!r}))\n"
        for one in learnables
    ]
    return "".join(lines)


def learned(learnables: Sequence[Learnable]) -> str:
    """The learnables as further arguments of the component."""
    return "".join(f", self.{one.name}" for one in learnables)


def has_features(learnables: Sequence[Learnable]) -> bool:
    """True if a module must know its number of features."""
    return any(one.per == "feature" for one in learnables)


_ACTIVATION = '''
class Activation(nn.Module):
    """The activation as a module; learned numbers, where it has some, are its parameters."""

    def __init__(self$features_argument) -> None:
        super().__init__()
$parameters
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return $function(x$learned)
'''

_NORMALIZATION = '''
class Normalization(nn.Module):
    """The normalisation over the last dimension, as `nn.LayerNorm(features)` is used."""

    def __init__(self, features: int) -> None:
        super().__init__()
$parameters
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1])
        return $function(rows$learned).reshape(x.shape)
'''

_PREPROCESSOR = '''
class Preprocessor(nn.Module):
    """The preprocessor on samples (n, ...), each flattened and reshaped back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return $function(x.flatten(1)).reshape(x.shape)
'''

_LOSS = '''
class Loss(nn.Module):
    """The mean loss, in the place of `nn.CrossEntropyLoss()`.

    Targets are class indices (n,), or one-hot floats of the shape of the logits.
    """

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if targets.dim() < logits.dim():
            targets = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
        return $function(logits, targets).mean()
'''

_INITIALIZER = '''
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)


def initialize_weight(
    outputs: int, inputs: int, generator: torch.Generator | None = None
) -> torch.Tensor:
    """The start of a weight matrix (outputs, inputs); the elements of a kernel are inputs."""
    z = torch.randn(outputs, inputs, generator=generator)
    return $function(z, torch.tensor(float(inputs)), torch.tensor(float(outputs)))


@torch.no_grad()
def initialize_model(model: nn.Module, generator: torch.Generator | None = None) -> nn.Module:
    """Initialise linear and convolutional layers of a model in place; their biases start at 0."""
    for layer in model.modules():
        if not isinstance(layer, _LAYERS):
            continue
        shape = layer.weight.shape
        if isinstance(layer, _TRANSPOSED):  # (inputs, outputs / groups, kernel)
            inputs, outputs, *kernel = shape
            groups = layer.groups
            matrix = initialize_weight(
                outputs * groups, layer.weight.numel() // (outputs * groups), generator
            )
            weight = matrix.reshape(groups, outputs, inputs // groups, *kernel).transpose(1, 2)
        else:
            weight = initialize_weight(shape[0], layer.weight[0].numel(), generator)
        layer.weight.copy_(weight.reshape(shape))
        if layer.bias is not None:
            layer.bias.zero_()
    return model
'''

_REGULARIZER = '''
_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class Regularizer(nn.Module):
    """The penalty of a model's weights, to be added to its training loss.

    It is the sum over the matrices (outputs, inputs) of linear and convolutional layers; biases,
    norms and embeddings are left out. The strength is the one that training picked most often.
    """

    def __init__(self, strength: float = $strength) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, model: nn.Module) -> torch.Tensor:
        penalties = [
            $function(layer.weight.flatten(1))
            for layer in model.modules()
            if isinstance(layer, _LAYERS)
        ]
        return self.strength * torch.stack(penalties).sum()
'''

_OPTIMIZER = '''
class Optimizer(torch.optim.Optimizer):
    """The update rule as an optimiser of torch; its states are in `state_dict()`.

    The default rate is the one that training picked most often; it fell to 0 over training.
    """

    def __init__(self, params: Any, lr: float = $rate) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["step"] = torch.zeros((), device=weight.device)
                    state["m"] = torch.zeros_like(weight).flatten()
                    state["v"] = torch.zeros_like(weight).flatten()
                state["step"] += 1
                gradient = weight.grad.flatten()
                step, state["m"], state["v"] = $function(
                    gradient, state["m"], state["v"], weight.flatten(), state["step"]
                ).unbind()
                weight.sub_(group["lr"] * step.reshape(weight.shape))
        return loss
'''

_SCHEDULE = '''
class Schedule(torch.optim.lr_scheduler.LRScheduler):
    """The schedule over `total_steps` calls of `step()`; after the last one the rate stays."""

    def __init__(self, optimizer: Any, total_steps: int, last_epoch: int = -1) -> None:
        self.total_steps = total_steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        done = min(self.last_epoch, self.total_steps - 1) / self.total_steps
        factor = float($function(torch.tensor([done]))[0])
        return [rate * factor for rate in self.base_lrs]
'''

WRAPPERS: Mapping[str, Wrapper] = {
    "activation": Wrapper(("Activation",), _ACTIVATION),
    "normalize": Wrapper(("Normalization",), _NORMALIZATION),
    "preprocess": Wrapper(("Preprocessor",), _PREPROCESSOR),
    "loss": Wrapper(("Loss",), _LOSS),
    "initialize": Wrapper(("initialize_model", "initialize_weight"), _INITIALIZER),
    "penalty": Wrapper(("Regularizer",), _REGULARIZER),
    "update": Wrapper(("Optimizer",), _OPTIMIZER),
    "schedule": Wrapper(("Schedule",), _SCHEDULE),
}
"""Wrapper by the part of a training, see `Parts`."""
