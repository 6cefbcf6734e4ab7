"""What a network is: pure functions of stacked parameters, so that many copies train at once.

A network never sees candidate source: the component in its parts is a checked graph. Every tensor
has the copies as its first dimension; copies share no number, so each trains as it would alone.
"""

from abc import ABC, abstractmethod

import torch

from evo.networks.learnables import Component, FeatureCounts
from evo.networks.parts import Parts

Parameters = dict[str, torch.Tensor]


class Network(ABC):
    """A network as two pure functions."""

    @abstractmethod
    def initialise(
        self, inputs: tuple[int, ...], outputs: int, generator: torch.Generator
    ) -> Parameters:
        """Fresh parameters of one copy, drawn from `generator` alone.

        Args:
            inputs: shape of one sample.
            outputs: how many numbers the network gives for it.
            generator: on the CPU.
        """

    @abstractmethod
    def feature_counts(self, inputs: tuple[int, ...]) -> FeatureCounts:
        """Where `forward` calls the activation and the normalisation, and on how many features.

        Args:
            inputs: shape of one sample.
        """

    def arranged(self, samples: torch.Tensor) -> torch.Tensor:
        """Samples (n, …) as `forward` takes them, whatever it would do to each anew every time."""
        return samples

    @abstractmethod
    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Outputs (copies, batch, outputs) for inputs (copies, batch, …).

        Args:
            parameters: those of `fresh`, each with the copies in front: (copies, …).
            inputs: every copy's own batch of samples, arranged.
            parts: what the network is built from besides its parameters.
        """

    def fresh(
        self, inputs: tuple[int, ...], outputs: int, generator: torch.Generator, parts: Parts
    ) -> Parameters:
        """Fresh parameters of one copy as the parts have them start; see `initialise`."""
        parameters = self.initialise(inputs, outputs, generator)
        if parts.initialize is not None:
            parameters = _initialised(parameters, parts.initialize, generator)
        return parameters | parts.learned(self.feature_counts(inputs))

    def matrices(self, parameters: Parameters) -> list[torch.Tensor]:
        """The weights of each layer, (copies, outputs, inputs); biases and positions are none.

        Args:
            parameters: those of `initialise`, each with the copies in front. A kernel, whose
                outputs come first, is a matrix over all that it sees at a place.
        """
        return [
            _matrix(name, values) for name, values in parameters.items() if name.endswith(".weight")
        ]


def _matrix(name: str, weight: torch.Tensor) -> torch.Tensor:
    return weight.flatten(2) if _is_outputs_first(name, weight[0]) else weight.transpose(1, 2)


def _is_outputs_first(name: str, weight: torch.Tensor) -> bool:
    """Whether the weights of one copy lie as (outputs, …): a kernel's and the read-out's do."""
    return name == "out.weight" or weight.dim() > 2


def _initialised(
    parameters: Parameters, initialize: Component, generator: torch.Generator
) -> Parameters:
    """Parameters with the weights of each layer made anew, and with biases of zero."""
    made = dict(parameters)
    for name, old in parameters.items():
        if name.endswith(".bias"):
            made[name] = torch.zeros_like(old)
        elif name.endswith(".weight"):
            fan_out, fan_in = _matrix(name, old[None])[0].shape
            normal = torch.randn(fan_out, fan_in, generator=generator)
            sizes = torch.tensor(float(fan_in)), torch.tensor(float(fan_out))
            with torch.no_grad():
                weight = initialize(normal, *sizes)
            is_outputs_first = _is_outputs_first(name, old)
            made[name] = (weight if is_outputs_first else weight.T).reshape(old.shape).contiguous()
    return made
