"""Classes around a component's function: what a training script uses, by the place it takes.

Each is text with `$function` for the component's name and other `$fields`, since an exported file
has it as code. `evo.networks.torch_parts` runs the same text around a checked graph.
"""

from collections.abc import Mapping, Sequence
from string import Template
from typing import NamedTuple

from evo.core.contract import Learnable


class Wrapper(NamedTuple):
    """Code around a component.

    Attributes:
        names: of the public classes and functions that it defines.
        text: its source, a template of `string.Template`.
        before: further source that it needs, and that other wrappers may need too.
    """

    names: Sequence[str]
    text: str
    before: str = ""

    def filled(self, **fields: str) -> str:
        """The source with these fields."""
        return Template(self.text).substitute(fields)


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

_GATED_ACTIVATION = '''
class GatedActivation(nn.Module):
    """The activation of a layer twice as wide: gates in the first half of the last dimension."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate, value = x.chunk(2, dim=-1)
        return $function(gate, value)
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

_LAYERS = '''
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_PLAIN = (nn.Linear, nn.Bilinear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)


def _blocks(layer: nn.Module, name: str) -> int:
    """Number of matrices that a parameter of a layer holds, one below the other; 0 for none."""
    if isinstance(layer, (*_PLAIN, *_TRANSPOSED)):
        return int(name == "weight")
    if isinstance(layer, nn.MultiheadAttention):
        return 3 if name == "in_proj_weight" else int(name.endswith("_proj_weight"))
    if isinstance(layer, _RECURRENT) and name.startswith("weight"):
        gates = 4 if isinstance(layer, (nn.LSTM, nn.LSTMCell)) else 1
        gates = 3 if isinstance(layer, (nn.GRU, nn.GRUCell)) else gates
        return 1 if name.startswith("weight_hr") else gates
    return 0


def _matrices(layer: nn.Module, weight: torch.Tensor, blocks: int) -> Any:
    """A weight as matrices (outputs, inputs); the elements of a kernel are inputs."""
    if isinstance(layer, _TRANSPOSED):  # (inputs, outputs / groups, kernel)
        grouped = weight.unflatten(0, (layer.groups, -1)).transpose(1, 2)
        return [grouped.flatten(0, 1).flatten(1)]
    return weight.flatten(1).chunk(blocks)


'''

_INITIALIZER = '''
def initialize_weight(
    outputs: int, inputs: int, generator: torch.Generator | None = None
) -> torch.Tensor:
    """The start of a weight matrix (outputs, inputs); the elements of a kernel are inputs."""
    z = torch.randn(outputs, inputs, generator=generator)
    return $function(z, torch.tensor(float(inputs)), torch.tensor(float(outputs)))


@torch.no_grad()
def initialize_model(model: nn.Module, generator: torch.Generator | None = None) -> nn.Module:
    """Initialise a model in place: every matrix of its layers, and their biases to 0.

    Layers are linear, convolutional, transposed, attention and recurrent ones; embeddings, norms
    and parameters of other modules stay as they are.
    """
    known: set[int] = set()
    for layer in model.modules():
        for name, weight in layer.named_parameters(recurse=False):
            if id(weight) in known:  # two layers share it
                continue
            known.add(id(weight))
            if blocks := _blocks(layer, name):
                matrices = _matrices(layer, weight, blocks)
                whole = torch.cat([initialize_weight(*m.shape, generator) for m in matrices])
                if isinstance(layer, _TRANSPOSED):
                    inputs, outputs, *kernel = weight.shape
                    parts = (layer.groups, outputs, inputs // layer.groups, *kernel)
                    whole = whole.reshape(parts).transpose(1, 2)
                weight.copy_(whole.reshape(weight.shape))
            elif weight.dim() == 1 and "bias" in name and _has_matrices(layer):
                weight.zero_()
    return model


def _has_matrices(layer: nn.Module) -> bool:
    return any(_blocks(layer, name) for name, _ in layer.named_parameters(recurse=False))
'''

_REGULARIZER = '''
class Regularizer(nn.Module):
    """The penalty of a model's weights, to be added to its training loss.

    It is the sum over the matrices (outputs, inputs) of linear, convolutional, transposed,
    attention and recurrent layers; biases, norms and embeddings are left out. The strength is the
    one that training picked most often.
    """

    def __init__(self, strength: float = $strength) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, model: nn.Module) -> torch.Tensor:
        weights = {
            id(weight): _matrices(layer, weight, blocks)
            for layer in model.modules()
            for name, weight in layer.named_parameters(recurse=False)
            if (blocks := _blocks(layer, name))
        }
        penalties = [$function(matrix) for matrices in weights.values() for matrix in matrices]
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

_MATRIX_OPTIMIZER = '''
class MatrixOptimizer(torch.optim.Optimizer):
    """The update rule as an optimiser of torch; its states are in `state_dict()`.

    Parameters of two or more dimensions are matrices (outputs, inputs), as linear and convolutional
    layers hold them; all others are rows. The default rate is the one that training picked most
    often; it fell to 0 over training.
    """

    def __init__(self, params: Any, lr: float = $rate) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        weights = [w for group in self.param_groups for w in group["params"] if w.grad is not None]
        if not weights:
            return loss
        norm = torch.stack([weight.grad.norm() for weight in weights]).norm()
        rates = {weight: group["lr"] for group in self.param_groups for weight in group["params"]}
        for weight in weights:
            shape = (len(weight), -1) if weight.dim() > 1 else (1, -1)
            matrix = weight.reshape(shape)
            state = self.state[weight]
            if not state:
                state["step"] = torch.zeros((), device=weight.device)
                state["kept"] = torch.zeros_like(matrix).expand(3, *matrix.shape).clone()
            state["step"] += 1
            updated = $function(
                weight.grad.reshape(shape), *state["kept"], matrix, state["step"], norm
            )
            state["kept"] = updated[1:].clone()
            weight.sub_(rates[weight] * updated[0].reshape(weight.shape))
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
    "halves": Wrapper(("GatedActivation",), _GATED_ACTIVATION),  # sets the activation, too
    "activation": Wrapper(("Activation",), _ACTIVATION),
    "normalize": Wrapper(("Normalization",), _NORMALIZATION),
    "preprocess": Wrapper(("Preprocessor",), _PREPROCESSOR),
    "loss": Wrapper(("Loss",), _LOSS),
    "initialize": Wrapper(("initialize_model", "initialize_weight"), _INITIALIZER, _LAYERS),
    "penalty": Wrapper(("Regularizer",), _REGULARIZER, _LAYERS),
    "updates_matrices": Wrapper(("MatrixOptimizer",), _MATRIX_OPTIMIZER),
    "update": Wrapper(("Optimizer",), _OPTIMIZER),
    "schedule": Wrapper(("Schedule",), _SCHEDULE),
}
"""Wrapper by the part of a training, see `Parts`."""
