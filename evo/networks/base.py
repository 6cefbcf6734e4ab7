"""What a network is: pure functions of stacked parameters, so that many copies train at once.

A network never sees candidate source: the component in its parts is a checked graph. Every tensor
has the copies as its first dimension; copies share no number, so each trains as it would alone.
"""

# torch.autograd.Function has no types:
# pyright: reportIncompatibleMethodOverride=false

import math
from abc import ABC, abstractmethod
from typing import Any, Literal

import torch

from evo.learnables import Component, Places
from evo.parts import Parts

Parameters = dict[str, torch.Tensor]

Start = Literal["uniform", "normal"]
"""How weights start. "uniform" is U(±1/√fan_in), weights and biases, PyTorch's default for linear
layers; "normal" is N(0, 1/fan_in) with biases of zero (LeCun et al. 1998), √3 times as wide."""


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
    def places(self, inputs: tuple[int, ...]) -> Places:
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
        return parameters | parts.learned(self.places(inputs))

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


def dense(
    fan_in: int, fan_out: int, start: Start, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (fan_in, fan_out) and bias (1, fan_out) of a layer."""
    scale = 1 / math.sqrt(fan_in)
    if start == "normal":
        return torch.randn(fan_in, fan_out, generator=generator) * scale, torch.zeros(1, fan_out)
    uniform = 2 * torch.rand(fan_in + 1, fan_out, generator=generator) - 1
    return uniform[1:] * scale, uniform[:1] * scale


def read_out(
    fan_in: int, outputs: int, start: Start, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (outputs, fan_in) and bias (outputs, 1) of the last layer, see `apply_read_out`."""
    weight, bias = dense(fan_in, outputs, start, generator)
    return weight.T.contiguous(), bias.T.contiguous()


def apply_dense(signal: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """A layer of every copy: (copies, rows, fan_in) → (copies, rows, fan_out)."""
    return torch.baddbmm(bias, signal, weight)


def apply_read_out(signal: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The last layer of every copy: (copies, batch, fan_in) → (copies, batch, outputs).

    Outputs are few, and a product with few columns is slow: on one core 4 times as slow as the
    same product turned round, softmax along them 20 times. So they are computed, and lie in
    memory, as (copies, outputs, batch).
    """
    return _ReadOut.apply(signal, weight, bias)


class _ReadOut(torch.autograd.Function):
    """The product turned round, whose gradient to the signal is not.

    Autograd's own comes transposed, and every activation before it would go through memory in
    strides: the gradient of SiLU takes five times as long.
    """

    @staticmethod
    def forward(
        ctx: Any, signal: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(signal, weight)
        return torch.baddbmm(bias, weight, signal.transpose(1, 2)).transpose(1, 2)

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        signal, weight = ctx.saved_tensors
        by_output = gradient.transpose(1, 2)
        return gradient.bmm(weight), by_output.bmm(signal), by_output.sum(2, keepdim=True)
