"""Places of a component in a user's model: modules around its activations and norms.

Without a component the model's own module works there.
"""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from evo.core.learnables import learned_at
from evo.networks.parts import Parts

Place = type[nn.Module] | str | Callable[..., torch.Tensor]
"""Modules of a class or of a name, `nn.GELU`, `"blocks.*.act"`, or a function that is called."""

ACTIVATIONS: tuple[Place, ...] = (
    *(F.relu, F.relu6, F.leaky_relu, F.elu, F.celu, F.selu, F.gelu, F.silu, F.mish, F.hardswish),
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Hardswish, nn.Hardtanh, nn.Softplus, nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.PReLU),
)
_IMAGE = 4
"""Dimensions of a batch of images."""
_CHANNELS_FIRST = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
)
NORMS: tuple[Place, ...] = (nn.LayerNorm, nn.RMSNorm, *_CHANNELS_FIRST)


class Placeholder(nn.Module):
    """A place of a component in a model; without one, the model's own module works there.

    Attributes:
        layer: name of the place.
        own: the model's own module.
        copies_input: whether the model writes into what the place took, after it.
        copies_output: whether the model writes into what the place gave.
        is_relied_on: whether the model's outputs depend on what `own` writes into its input.
    """

    def __init__(self, layer: str, own: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.own = own
        self.copies_input = self.copies_output = self.is_relied_on = False
        self._parts = Parts()
        self._parameters_of_copy: Mapping[str, torch.Tensor] = {}

    def use(self, parts: Parts, parameters: Mapping[str, torch.Tensor]) -> None:
        """Take the component of these parts, with a copy's learnables, until told otherwise."""
        self._parts = parts
        self._parameters_of_copy = parameters

    def taken(self, signal: torch.Tensor) -> torch.Tensor:
        """The signal as a component takes it.

        Raises:
            ValueError: a component cannot take the place, as the model's own module writes into
                its input.
        """
        if self.is_relied_on:
            raise ValueError(relied_on([self.layer]))
        return signal.clone() if self.copies_input else signal

    def given(self, output: torch.Tensor) -> torch.Tensor:
        """A component's output as the model takes it."""
        return output.clone() if self.copies_output else output

    @property
    def features(self) -> int:
        """Features of its signal, by its first parameter or else as torch's norms say; or 1."""
        for value in self.own.parameters():
            if value.dim():  # (features,), (features, 1, 1) or the last dimensions of the signal
                return max(value.shape) if value.numel() == max(value.shape) else value.shape[-1]
        of_torch = ("normalized_shape", "num_features", "num_channels")
        said: Any = next((vars(self.own)[name] for name in of_torch if name in vars(self.own)), 1)
        return said[-1] if isinstance(said, tuple) else said


class ActivationPlace(Placeholder):
    """The place of an activation."""

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """The signal through the component, or through the model's own activation."""
        parts = self._parts
        if parts.activation is F.relu:  # the default: no component is measured here
            output = self.own(signal)
        else:
            learned = learned_at(self.layer, parts.activation_learnables, self._parameters_of_copy)
            signal = self.taken(signal)
            output = parts.activation(signal, *learned, *parts.global_noise(signal))
        if parts.observe is not None:
            parts.observe(signal, output)
        if parts.state.signals is not None:
            # Torch's images have their channels second.
            features_dim = 1 if output.dim() == _IMAGE else -1
            noted = output.movedim(features_dim, -1).unsqueeze(0)
            parts.state.signals.append([noted])
            output = noted.squeeze(0).movedim(-1, features_dim)
        return self.given(output)


class NormPlace(Placeholder):
    """The place of a normalisation."""

    @property
    def eps(self) -> float | None:
        """Of the model's own norm: the layers of torch's transformers look at it in tests."""
        return vars(self.own).get("eps")

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """The features of each sample and place normalised, or the model's own norm.

        Raises:
            ValueError: the features are neither the last dimension nor the second one.
        """
        parts = self._parts
        if parts.normalize is None:
            return self.own(signal)
        dimension = self._dimension(signal)
        if signal.shape[dimension] != self.features:
            raise ValueError(
                f"norm {self.layer!r} has {self.features} features, and its signal the shape "
                f"{tuple(signal.shape)}: a normalisation takes the last dimension or the second one"
            )
        learned = learned_at(self.layer, parts.normalize_learnables, self._parameters_of_copy)
        last = self.taken(signal).movedim(dimension, -1)
        rows = last.reshape(-1, last.shape[-1])
        statistics = parts.statistics(rows, self.layer, self._parameters_of_copy, rows_dim=0)
        normalized = parts.normalize(rows, *learned, *statistics)
        return self.given(normalized.view(last.shape).movedim(-1, dimension))

    def _dimension(self, signal: torch.Tensor) -> int:
        """Dimension of the features: the second, or the last one."""
        if signal.dim() < 3 or type(self.own) in (nn.LayerNorm, nn.RMSNorm):
            return -1
        if isinstance(self.own, _CHANNELS_FIRST):
            return 1
        sizes = signal.shape[1], signal.shape[-1]
        if sizes.count(self.features) == 1:
            return 1 if sizes[0] == self.features else -1
        # Both would do, or neither: the norm itself is asked, with other sizes everywhere else.
        shape = [1, self.features, *[self.features + 1] * (signal.dim() - 2)]
        try:
            with torch.no_grad():
                self.own(torch.zeros(shape, device=signal.device))
        except Exception:  # noqa: BLE001 - a model's own code raises anything
            return -1
        return 1


def relied_on(layers: Sequence[str]) -> str:
    """The reason why no component fits these places, and what to do."""
    names = ", ".join(map(repr, layers))
    return (
        f"the model relies on {names} writing into its input (inplace=True), which a component "
        "does not: use what the module returns, as in x = self.relu(x), or inplace=False"
    )


def is_at(name: str, module: nn.Module, places: Sequence[Place]) -> bool:
    """True for a module of one of these classes or names."""
    classes = tuple(place for place in places if isinstance(place, type))
    return isinstance(module, classes) or is_named(name, places)


def is_named(name: str, places: Sequence[Place]) -> bool:
    """True for one of these names, which may be patterns."""
    return any(isinstance(place, str) and fnmatchcase(name, place) for place in places)
