"""Base class of networks: pure functions of stacked parameters, so that many copies train at once.

A network never sees candidate source: the component in its parts is a checked graph. Every tensor
has the copies as its first dimension; copies share no parameters, so each trains as it would alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace

import torch

from evo.core.errors import UsageError
from evo.core.informed import Informed
from evo.core.learnables import FeatureCounts
from evo.networks.initialised import initialised
from evo.networks.parts import Parts
from evo.networks.roles import Plain, Role, Weight
from evo.networks.running import is_running
from evo.networks.state import TrainingState

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
        self,
        inputs: tuple[int, ...],
        outputs: int,
        generator: torch.Generator,
        parts: Parts,
        batch: torch.Tensor | None = None,
    ) -> Parameters:
        """Initial parameters of one copy, with the parts' initializer and learnables.

        Args:
            inputs: shape of one sample.
            outputs: number of outputs per sample.
            generator: on the CPU.
            parts: the component and the defaults around it.
            batch: training samples (n, …), as returned by `arranged`, for an initializer that reads
                what layers receive; the network runs on them once. Others need none.

        Raises:
            ValueError: the initializer cannot see what a layer receives.
        """
        parameters = self.initialise(inputs, outputs, generator)
        learned = parts.learned(self.feature_counts(inputs))
        if parts.initialize is None:
            return parameters | learned

        def run(copy: Mapping[str, torch.Tensor]) -> torch.Tensor:
            """One copy's first step, in which nobody draws noise."""
            if batch is None:
                raise ValueError("expected a batch, for an initializer that reads what layers see")
            # Where somebody observes, single copies run as themselves, rather than under vmap.
            training_parts = replace(parts, observe=_ignored, state=TrainingState(is_training=True))
            tried = {**copy, **{name: value.clone() for name, value in learned.items()}}
            stacked = {name: value.unsqueeze(0) for name, value in tried.items()}
            return self.forward(stacked, batch.detach().cpu().unsqueeze(0), training_parts)

        roles = self.roles()
        return initialised(parameters, roles, parts, generator, run) | learned

    def expect_inputs_seen(self, samples: torch.Tensor, outputs: int) -> None:
        """Expect that an initialiser can see what every layer receives.

        Args:
            samples: of training, (n, …).
            outputs: number of outputs per sample.

        Raises:
            ValueError: it cannot; the message says of which weight.
        """
        parts = Parts(initialize=Informed(_scaled), initialize_sees_inputs=True)
        generator = torch.Generator().manual_seed(0)
        self.fresh(tuple(samples.shape[1:]), outputs, generator, parts, self.arranged(samples))

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


def _ignored(*_: torch.Tensor) -> None:
    pass


def _scaled(z: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
    """The plainest initialiser: a standard normal draw over the root of its fan-in."""
    return z / z.shape[1] ** 0.5
