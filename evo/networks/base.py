"""Base class of networks: pure functions of stacked parameters, so that many copies train at once.

A network never sees candidate source: the component in its parts is a checked graph. Every tensor
has the copies as its first dimension; copies share no parameters, so each trains as it would alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch

from evo.core.errors import UsageError
from evo.networks.informed import Informed
from evo.networks.learnables import Component, FeatureCounts
from evo.networks.parts import Parts
from evo.networks.roles import Plain, Role, Weight
from evo.networks.running import is_running

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
            parameters = _initialised(parameters, self.roles(), parts.initialize, generator)
        return parameters | parts.learned(self.feature_counts(inputs))

    def leaves(self, parameters: Parameters) -> Parameters:
        """A copy of stacked parameters in which those that an optimiser trains require a gradient.

        All but running statistics do, see `Plain.STATISTIC`.
        """
        roles = self.roles()
        return {
            name: value.detach()
            .clone()
            .requires_grad_(roles.get(name) is not Plain.STATISTIC and not is_running(name))
            for name, value in parameters.items()
        }

    def suited(self, parts: Parts) -> "Network":
        """The network itself, or its gated form where the parts' activation takes two halves."""
        return self if parts.halves == 1 else self.gated()

    def gated(self) -> "Network":
        """The network with layers that give a gate and a value to each activation.

        Such a layer has twice the outputs, the gate's first, and the activation gives half of them.

        Raises:
            UsageError: it has no such form.
        """
        raise UsageError(
            f"a {type(self).__name__} has no gated form: gated activations need layers twice as "
            "wide. Use Mlp, Patches, Cnn or Transformer, or define gated()"
        )

    @abstractmethod
    def roles(self) -> Mapping[str, Role]:
        """The role of each parameter of `initialise`, by its name."""

    @property
    def summary(self) -> str:
        """The network in a few words, for prompts; by default the name of its class."""
        return type(self).__name__

    def remark(self) -> str:
        """An oddity that shows once the network has run, for a warning; empty without one."""
        return ""

    def matrices(self, parameters: Parameters) -> list[torch.Tensor]:
        """Weight matrices of all layers, each (copies, outputs, inputs); nothing but weights.

        The matrix of a convolution has one column per kernel element and input channel.

        Args:
            parameters: as of `initialise`, each stacked: (copies, …).
        """
        roles = self.roles()
        return [
            matrix
            for name, values in parameters.items()
            if isinstance(role := roles.get(name), Weight)
            for matrix in role.matrices(values)
        ]


def _initialised(
    parameters: Parameters,
    roles: Mapping[str, Role],
    initialize: Component,
    generator: torch.Generator,
) -> Parameters:
    """Replace the weights of each layer by the initializer's, and biases by zero."""
    if parameters.keys() != roles.keys():
        odd = sorted(parameters.keys() ^ roles.keys())
        raise ValueError(f"expected roles() to name each parameter once, got other names: {odd}")
    replaced = dict(parameters)
    weights = [name for name in parameters if isinstance(roles[name], Weight)]
    for name, old in parameters.items():
        role = roles[name]
        if role is Plain.BIAS:
            replaced[name] = torch.zeros_like(old)
        elif isinstance(role, Weight):
            depth = (weights.index(name) + 1, len(weights))
            made = [
                _drawn(matrix[0], initialize, generator, depth)
                for matrix in role.matrices(old[None])
            ]
            replaced[name] = role.joined(made, old.shape)
    return replaced


def _drawn(
    matrix: torch.Tensor,
    initialize: Component,
    generator: torch.Generator,
    depth: tuple[int, int],
) -> torch.Tensor:
    """A matrix of the initializer's, of the shape of this one: (outputs, inputs).

    Args:
        matrix: of the network's own initialisation.
        initialize: the component.
        generator: to draw from.
        depth: number of the layer, from 1 on, and of layers.
    """
    fan_out, fan_in = matrix.shape
    normal = torch.randn(fan_out, fan_in, generator=generator)
    optional = depth if isinstance(initialize, Informed) else ()
    with torch.no_grad():
        return initialize(
            normal, *(torch.tensor(float(one)) for one in (fan_in, fan_out, *optional))
        )
