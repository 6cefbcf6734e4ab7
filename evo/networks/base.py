"""Base class of networks: pure functions of stacked parameters, so that many copies train at once.

A network never sees candidate source: the component in its parts is a checked graph. Every tensor
has the copies as its first dimension; copies share no parameters, so each trains as it would alone.
"""

from abc import ABC, abstractmethod

import torch

from evo.networks.learnables import Component, FeatureCounts
from evo.networks.parts import Parts

Parameters = dict[str, torch.Tensor]


class Network(ABC):
    """A network: how its parameters start, and its forward pass. Subclass it."""

    @abstractmethod
    def initialise(
        self, inputs: tuple[int, ...], outputs: int, generator: torch.Generator
    ) -> Parameters:
        """Draw initial parameters of one copy, from `generator` alone.

        Args:
            inputs: shape of one sample.
            outputs: number of outputs per sample.
            generator: on the CPU.
        """

    @abstractmethod
    def feature_counts(self, inputs: tuple[int, ...]) -> FeatureCounts:
        """Layers that call the activation and the normalisation, with their number of features.

        Args:
            inputs: shape of one sample.
        """

    def arranged(self, samples: torch.Tensor) -> torch.Tensor:
        """Rearrange samples (n, …) once, as `forward` takes them, rather than at every step."""
        return samples

    @abstractmethod
    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Compute outputs (copies, batch, outputs) for inputs (copies, batch, …).

        Args:
            parameters: as of `fresh`, each stacked: (copies, …).
            inputs: a batch of samples per copy, as returned by `arranged`.
            parts: the component and the defaults around it.
        """

    def fresh(
        self, inputs: tuple[int, ...], outputs: int, generator: torch.Generator, parts: Parts
    ) -> Parameters:
        """Initial parameters of one copy, with the parts' initializer and learnables.

        See `initialise` for the arguments.
        """
        parameters = self.initialise(inputs, outputs, generator)
        if parts.initialize is not None:
            parameters = _initialised(parameters, parts.initialize, generator)
        return parameters | parts.learned(self.feature_counts(inputs))

    def matrices(self, parameters: Parameters) -> list[torch.Tensor]:
        """Weight matrices of all layers, each (copies, outputs, inputs); no biases or positions.

        The matrix of a convolution has one column per kernel element and input channel.

        Args:
            parameters: as of `initialise`, each stacked: (copies, …).
        """
        return [
            _matrix(name, values) for name, values in parameters.items() if name.endswith(".weight")
        ]


def _matrix(name: str, weight: torch.Tensor) -> torch.Tensor:
    return weight.flatten(2) if _is_outputs_first(name, weight[0]) else weight.transpose(1, 2)


def _is_outputs_first(name: str, weight: torch.Tensor) -> bool:
    """True if the weights of one copy are (outputs, …), as in convolutions and the read-out."""
    return name == "out.weight" or weight.dim() > 2


def _initialised(
    parameters: Parameters, initialize: Component, generator: torch.Generator
) -> Parameters:
    """Replace the weights of each layer by the initializer's, and biases by zero."""
    replaced = dict(parameters)
    for name, old in parameters.items():
        if name.endswith(".bias"):
            replaced[name] = torch.zeros_like(old)
        elif name.endswith(".weight"):
            fan_out, fan_in = _matrix(name, old[None])[0].shape
            normal = torch.randn(fan_out, fan_in, generator=generator)
            sizes = torch.tensor(float(fan_in)), torch.tensor(float(fan_out))
            with torch.no_grad():
                weight = initialize(normal, *sizes)
            is_outputs_first = _is_outputs_first(name, old)
            replaced[name] = (
                (weight if is_outputs_first else weight.T).reshape(old.shape).contiguous()
            )
    return replaced
