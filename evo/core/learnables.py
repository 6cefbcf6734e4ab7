"""Learnables: numbers of a component that training learns, such as the slope of PReLU.

A component occurs at several layers of a network and has its own learnables at each. They are
parameters of the network's copies like weights and biases, trained by the same optimiser at the
same rate; they are no weight matrices, so no penalty applies to them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch

from evo.core.contract import Learnable

Component = Callable[..., torch.Tensor]
"""A component that is safe to call: the interpreter of a checked graph."""


class FeatureCounts(NamedTuple):
    """Number of features at each layer that calls a component, by the layer's name.

    Attributes:
        activations: layers followed by an activation.
        norms: layers with a normalisation.
        attentions: layers with attention, and their heads where these are known, else 1.
    """

    activations: Mapping[str, int]
    norms: Mapping[str, int]
    attentions: Mapping[str, int] = {}


def starts(learnables: Sequence[Learnable], features: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """Initial values of one copy by parameter name, each () or (features,).

    Args:
        learnables: of the component.
        features: number of features at each layer that calls it.
    """
    return {
        _key(layer, learnable): torch.full(
            () if learnable.per == "layer" else (count,), float(learnable.initial)
        )
        for layer, count in features.items()
        for learnable in learnables
    }


def on_each_copy(
    component: Component,
    learnables: Sequence[Learnable],
    signal: torch.Tensor,
    layer: str,
    parameters: Mapping[str, torch.Tensor],
    *,
    copies_dim: int = 0,
    further: Sequence[tuple[torch.Tensor, int | None]] = (),
) -> torch.Tensor:
    """Apply a component to the signal of every copy, with that copy's learnables of the layer.

    Args:
        component: takes the signal of one copy and its learnables.
        learnables: of the component; may be empty.
        signal: of all copies.
        layer: name of the layer.
        parameters: of the network, including `starts`, each (copies, …).
        copies_dim: dimension of the copies in the signal, in noise and in the output.
        further: arguments after the learnables, each with the dimension of its copies; None for one
            that all copies share.
    """
    learned = learned_at(layer, learnables, parameters)
    dims = (copies_dim, *[0] * len(learned), *(dim for _, dim in further))
    batched = torch.func.vmap(component, dims, copies_dim)
    return batched(signal, *learned, *(argument for argument, _ in further))


def learned_at(
    layer: str, learnables: Sequence[Learnable], parameters: Mapping[str, torch.Tensor]
) -> list[torch.Tensor]:
    """The learnables of a layer, in their order, among parameters."""
    return [parameters[_key(layer, learnable)] for learnable in learnables]


def _key(layer: str, learnable: Learnable) -> str:
    """Parameter name; it never ends in `.weight`, which marks weight matrices."""
    return f"{learnable.name}@{layer}"
